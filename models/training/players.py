"""The two networks, their optimisers and the moving average, and what they do in one iteration."""

import copy
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from models.discriminator import Discriminator
from models.stylegan2 import Generator
from models.training.augment import augment
from models.training.config import TrainConfig
from models.training.losses import LOSSES, gradient_penalty


@dataclass(frozen=True)
class Step:
    """Scalars of one iteration. `penalty` is NaN-free and None on iterations without one."""

    loss_g: float
    loss_d: float
    real: float  # mean logit of the reals
    fake: float  # mean logit of the fakes
    penalty: float | None


def adam(network: nn.Module, learning_rate: float, interval: int | None = None) -> torch.optim.Adam:
    """Adam as StyleGAN2 uses it; with lazy regularisation its memory is shortened by interval / (interval + 1)."""
    share = 1.0 if interval is None else interval / (interval + 1)
    return torch.optim.Adam(network.parameters(), lr=learning_rate * share, betas=(0.0, 0.99**share), eps=1e-8)


class Players:
    """Generator, discriminator and the generator's moving average `ema`."""

    def __init__(self, config: TrainConfig) -> None:
        self.config = config
        size = {"channel_base": config.channel_base, "channel_max": config.channel_max}
        self.generator_init = {
            "img_resolution": config.resolution,
            "z_dim": config.z_dim,
            "w_dim": config.w_dim,
            **size,
        }
        layout = {"device": torch.device(config.device), "memory_format": torch.channels_last}
        self.generator = Generator(**self.generator_init).to(**layout)  # type: ignore[call-overload]
        # Without minibatch standard deviation each logit depends on its own image alone: see `play`.
        self.discriminator = Discriminator(config.resolution, mbstd_group_size=1, patch_size=2, **size).to(**layout)  # type: ignore[call-overload]
        self.ema = copy.deepcopy(self.generator).eval().requires_grad_(False)
        dtype = getattr(torch, config.dtype)
        for part in (self.generator.synthesis, self.ema.synthesis, self.discriminator):
            part.compute_dtype = dtype
        self.loss = LOSSES[config.loss]()
        self.optimiser_g = adam(self.generator, config.learning_rate)
        self.optimiser_d = adam(self.discriminator, config.learning_rate, config.penalty_interval)

    def fakes(self, count: int) -> Tensor:
        """Images of random z [count, 3, H, W], some with the ws of two z; also tracks w_avg."""
        mapping = self.generator.mapping
        z = torch.randn(2, count, self.config.z_dim, device=self.config.device)
        w = mapping.map_w(z[0])
        mapping.track_w_avg(w.detach())
        ws = w[:, None].expand(-1, self.generator.num_ws, -1)  # [count, num_ws, w_dim]
        if self.config.style_mixing > 0:
            ws = torch.where(self._mixed(count), mapping.map_w(z[1])[:, None], ws)
        return self.generator.synthesis(ws, noise_mode="random")

    def _mixed(self, count: int) -> Tensor:
        """Which layers take the second w: bool [count, num_ws, 1], from a random crossover on in a share of the samples."""
        crossover = torch.randint(1, self.generator.num_ws, (count, 1, 1), device=self.config.device)
        chosen = torch.rand(count, 1, 1, device=self.config.device) < self.config.style_mixing
        layers = torch.arange(self.generator.num_ws, device=self.config.device)[None, :, None]
        return (layers >= crossover) & chosen

    def play(self, real: Tensor, penalise: bool) -> Step:
        """One step of both players on real [N, 3, H, W].

        Both gradients come from one pass through the discriminator (Shen et al., "Training Generative Adversarial Networks
        in One Stage", 2021). The discriminator's loss reaches fake image i through logit i alone, so the generator's
        gradient there is the same vector times the ratio of the two losses' derivatives by that logit.
        """
        fake = self.fakes(real.shape[0])
        shown = fake.detach().requires_grad_()
        seen = augment(torch.cat([real, shown]))  # [2N, 3, H, W]
        logits_real, logits_fake = self.discriminator(seen).chunk(2)
        loss_d = self.loss.discriminator(logits_real, logits_fake)
        loss_g, ratio = self._gradient_ratio(logits_real, logits_fake)

        self.optimiser_d.zero_grad(set_to_none=True)
        self.optimiser_g.zero_grad(set_to_none=True)
        loss_d.backward()
        assert shown.grad is not None
        fake.backward(shown.grad * ratio[:, None, None, None])
        penalty = self._penalise(seen.detach()) if penalise else None
        self.optimiser_d.step()
        self.optimiser_g.step()
        means = torch.stack([loss_g, loss_d, logits_real.mean(), logits_fake.mean()]).tolist()
        return Step(*means, penalty=penalty)

    def _gradient_ratio(self, real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
        """The generator's loss, and dloss_g/dlogit divided by dloss_d/dlogit for each fake: scalar, [N]."""
        real, fake = real.detach(), fake.detach().requires_grad_()
        loss_g = self.loss.generator(real, fake)
        (of_g,) = torch.autograd.grad(loss_g, fake)
        (of_d,) = torch.autograd.grad(self.loss.discriminator(real, fake), fake)
        return loss_g.detach(), of_g / of_d.clamp_min(1e-20)

    def _penalise(self, seen: Tensor) -> float:
        """Add the lazy gradient penalty to the discriminator's gradients; seen [2N, 3, H, W] holds reals, then fakes."""
        real, fake = seen.chunk(2)
        penalty = gradient_penalty(self.discriminator, real)
        if self.loss.penalise_fakes:
            penalty = penalty + gradient_penalty(self.discriminator, fake)
        (penalty * (self.config.penalty_weight / 2 * self.config.penalty_interval)).backward()
        return penalty.item()

    @torch.no_grad()
    def average(self, shown: int, batch: int) -> None:
        """Move the average towards the generator, after `shown` images in all."""
        half_life = min(self.config.ema_kimg * 1000, max(shown, 1) * self.config.ema_ramp)
        weight = 1.0 - 0.5 ** (batch / max(half_life, 1e-8))
        torch._foreach_lerp_(list(self.ema.parameters()), list(self.generator.parameters()), weight)
        for kept, new in zip(self.ema.buffers(), self.generator.buffers(), strict=True):
            kept.copy_(new)
