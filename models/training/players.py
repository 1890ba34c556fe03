"""The two networks, their optimisers and the moving average, and what they do in one iteration."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from models.training.augment import augment
from models.training.config import TrainConfig
from models.training.losses import LOSSES, gradient_penalty
from models.training.networks import Networks

Gradients = list[Tensor]


@dataclass(frozen=True)
class Step:
    """Scalars of one iteration; `penalty` is None on iterations without one."""

    loss_g: float
    loss_d: float
    real: float  # mean logit of the reals
    fake: float  # mean logit of the fakes
    penalty: float | None


@dataclass(frozen=True)
class _Part:
    """What one worker found: gradients of both players, w [n, w_dim], and the five numbers of a Step."""

    of_g: Gradients
    of_d: Gradients
    w: Tensor
    scalars: Tensor


def adam(network: nn.Module, learning_rate: float, interval: int | None = None) -> torch.optim.Adam:
    """Adam as StyleGAN2 uses it; with lazy regularisation its memory is shortened by interval / (interval + 1)."""
    share = 1.0 if interval is None else interval / (interval + 1)
    return torch.optim.Adam(network.parameters(), lr=learning_rate * share, betas=(0.0, 0.99**share), eps=1e-8)


class Players:
    """Generator, discriminator and the generator's moving average `ema`; `noisy`: with per-pixel noise."""

    def __init__(self, config: TrainConfig, networks: Networks) -> None:
        self.config = config
        self.networks = networks
        self.noisy = False
        self.generator = networks.generator.to(config.device)
        self.discriminator = networks.discriminator.to(config.device)
        self.ema = networks.ema.to(config.device)
        dtype = getattr(torch, config.dtype)
        for part in (self.generator.synthesis, self.ema.synthesis, self.discriminator):
            part.compute_dtype = dtype
        self.loss = LOSSES[config.loss]()
        self.optimiser_g = adam(self.generator, config.learning_rate)
        self.optimiser_d = adam(self.discriminator, config.learning_rate, config.penalty_interval)
        self._workers = ThreadPoolExecutor(config.threads, "training", initializer=torch.set_num_threads, initargs=(1,))

    def close(self) -> None:
        """End the worker threads."""
        self._workers.shutdown()

    def knows_noise(self) -> bool:
        """Whether the generator has learned to use noise."""
        strengths = (p for name, p in self.generator.named_parameters() if name.endswith("noise_strength"))
        return any(bool(strength) for strength in strengths)

    def play(self, real: Tensor, penalise: bool) -> Step:
        """One step of both players on real [N, 3, H, W]; each worker thread takes an equal part of the batch.

        Threads that meet once an iteration lose less on a busy machine than one operator split over several cores.
        """
        parts = real.chunk(self.config.threads)
        results = list(self._workers.map(lambda part: self._gradients(part, penalise), parts))
        shares = [part.shape[0] / real.shape[0] for part in parts]
        self._apply(self.optimiser_g, [result.of_g for result in results], shares)
        self._apply(self.optimiser_d, [result.of_d for result in results], shares)
        self.generator.mapping.track_w_avg(torch.cat([result.w for result in results]))
        means = sum(result.scalars * share for result, share in zip(results, shares, strict=True))
        loss_g, loss_d, logit_real, logit_fake, penalty = torch.as_tensor(means).tolist()
        return Step(loss_g, loss_d, logit_real, logit_fake, penalty if penalise else None)

    @staticmethod
    def _apply(optimiser: torch.optim.Optimizer, parts: list[Gradients], shares: list[float]) -> None:
        """Step along the weighted mean of the parts' gradients."""
        total = list(torch._foreach_mul(parts[0], shares[0]))
        for part, share in zip(parts[1:], shares[1:], strict=True):
            torch._foreach_add_(total, part, alpha=share)
        for parameter, gradient in zip(optimiser.param_groups[0]["params"], total, strict=True):
            parameter.grad = gradient
        optimiser.step()

    def _gradients(self, real: Tensor, penalise: bool) -> _Part:
        """Gradients of both players on a part of the batch; they share one pass through each network."""
        fake, w = self._fakes(real.shape[0])
        shown = fake.detach().requires_grad_()
        seen_real, seen_fake = augment(real), augment(shown)
        logits_real, logits_fake = self.discriminator(seen_real), self.discriminator(seen_fake)
        loss_d = self.loss.discriminator(logits_real, logits_fake)
        loss_g = self.loss.generator(logits_real.detach(), logits_fake)

        (of_shown,) = torch.autograd.grad(loss_g, shown, retain_graph=True)
        of_d = list(torch.autograd.grad(loss_d, list(self.discriminator.parameters())))
        of_g = list(torch.autograd.grad(fake, list(self.generator.parameters()), of_shown, materialize_grads=True))
        penalty = torch.zeros(())
        if penalise:
            penalty, of_penalty = self._penalty(seen_real.detach(), seen_fake.detach())
            torch._foreach_add_(of_d, of_penalty)
        scalars = torch.stack([loss_g, loss_d, logits_real.mean(), logits_fake.mean(), penalty]).detach()
        return _Part(of_g, of_d, w, scalars)

    def _fakes(self, count: int) -> tuple[Tensor, Tensor]:
        """Images [count, 3, H, W] of random z, some with the ws of two z; and w [count, w_dim] of the first."""
        mapping = self.generator.mapping
        z = torch.randn(2, count, self.generator.z_dim, device=self.config.device)
        w = mapping.map_w(z[0])
        ws = torch.where(self._mixed(count), mapping.map_w(z[1])[:, None], w[:, None])  # [count, num_ws, w_dim]
        return self.generator.synthesis(ws, noise_mode="random" if self.noisy else "none"), w.detach()

    def _mixed(self, count: int) -> Tensor:
        """Which layers take the second w, from a random crossover on, in a share of the samples: [count, num_ws, 1]."""
        crossover = torch.randint(1, self.generator.num_ws, (count, 1, 1), device=self.config.device)
        chosen = torch.rand(count, 1, 1, device=self.config.device) < self.config.style_mixing
        layers = torch.arange(self.generator.num_ws, device=self.config.device)[None, :, None]
        return (layers >= crossover) & chosen

    def _penalty(self, real: Tensor, fake: Tensor) -> tuple[Tensor, Gradients]:
        """The lazy gradient penalty, R1 or R1 + R2, and its weighted gradients."""
        penalty = gradient_penalty(self.discriminator, real)
        if self.loss.penalise_fakes:
            penalty = penalty + gradient_penalty(self.discriminator, fake)
        gamma = self.config.penalty_weight(self.generator.img_resolution)
        weight = gamma / 2 * self.config.penalty_interval
        of_d = torch.autograd.grad(penalty * weight, list(self.discriminator.parameters()), materialize_grads=True)
        return penalty.detach(), list(of_d)

    @torch.no_grad()
    def average(self, shown: int, batch: int) -> None:
        """Move the average towards the generator, after `shown` images in all."""
        half_life = self.config.ema_kimg * 1000
        if self.config.ema_ramp is not None:
            half_life = min(half_life, max(shown, 1) * self.config.ema_ramp)
        weight = 1.0 - 0.5 ** (batch / max(half_life, 1e-8))
        torch._foreach_lerp_(list(self.ema.parameters()), list(self.generator.parameters()), weight)
        for kept, new in zip(self.ema.buffers(), self.generator.buffers(), strict=True):
            kept.copy_(new)
