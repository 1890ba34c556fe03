"""The two networks, their optimisers and the moving average, and what they do in one iteration."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import torch
from torch import Generator, Tensor, nn

from models import features
from models.training.augment import ALL, Ada, Augmentation, light, strong
from models.training.config import AugmentName
from models.training.discrimination import (
    Batch,
    Beside,
    Discrimination,
    Gradients,
    OfFeatures,
    OfPictures,
    Turn,
    learning,
)
from models.training.distributed import Team
from models.training.losses import LOSSES
from models.training.networks import Networks, freeze, silence
from models.training.projected import Projected
from models.training.randomness import Purpose
from models.training.recipe import Recipe
from models.training.regularisation import moved_mean, path_lengths, path_penalty


def _as_they_are(images: Tensor, p: float, generator: Generator) -> Tensor:
    return images


AUGMENTATIONS: dict[AugmentName, Augmentation] = {
    "ada": Ada(), "ada-all": Ada(transforms=ALL), "light": light, "strong": strong,
    "none": _as_they_are,
}  # fmt: skip


@dataclass(frozen=True)
class Step:
    """Scalars of one iteration; those that not every iteration has are None where it has none."""

    loss_g: float
    loss_d: float
    real: float  # mean logit of the reals
    fake: float  # mean logit of the fakes
    confidence: float  # mean sign of what the reals are judged by
    norm_g: float  # of the generator's gradient
    norm_d: float  # of the discriminator's
    penalty: float | None
    path_length: float | None


def adam(network: nn.Module, learning_rate: float, interval: int | None = None) -> torch.optim.Adam:
    """Adam as StyleGAN2 uses it; lazy regularisation scales its rate and its memory by interval / (interval + 1)."""
    share = 1.0 if interval is None else interval / (interval + 1)
    return torch.optim.Adam(learning(network), lr=learning_rate * share, betas=(0.0, 0.99**share), eps=1e-8, fused=True)


class Players:
    """Generator, discriminator and the generator's moving average `ema`; `noisy`: with per-pixel noise.

    `path_mean`: running mean of the generator's path lengths.
    """

    def __init__(
        self, recipe: Recipe, networks: Networks, device: str = "cpu", threads: int = 1, team: Team | None = None
    ) -> None:
        self.recipe = recipe
        self.networks = networks
        self.device = torch.device(device)
        self.team = team or Team()
        self.noisy = False
        self.path_mean = 0.0
        self.generator = networks.generator.to(device)
        self.discriminator = networks.discriminator.to(device)
        self.ema = networks.ema.to(device)
        for network in (self.generator, self.ema):
            silence(network, recipe.noise_from)
            network.synthesis.compute_dtype = getattr(torch, recipe.dtype)
        self.discrimination = self._discriminates()
        self.optimiser_g = adam(self.generator, recipe.learning_rate, recipe.path_interval if self._paths else None)
        self._learning_rate_g: float = self.optimiser_g.param_groups[0]["lr"]
        lazy = None if recipe.projected else recipe.penalty_interval
        self.optimiser_d = adam(self.discriminator, recipe.learning_rate, lazy)
        self._workers = ThreadPoolExecutor(threads, "training", initializer=torch.set_num_threads, initargs=(1,))

    def _discriminates(self) -> Discrimination:
        """Raises FeaturesError."""
        network, recipe = self.discriminator, self.recipe
        dtype = getattr(torch, recipe.dtype)
        loss, augment = LOSSES[recipe.loss](), AUGMENTATIONS[recipe.augment]
        if not isinstance(network, Projected):
            freeze(network, recipe.freeze_d)
            network.compute_dtype = dtype
            return OfPictures(network, loss, augment, recipe)
        backbone = features.load(recipe.features, self.device, dtype)
        on_features = OfFeatures(network, backbone, loss, augment, recipe)
        if network.pixels is None:
            return on_features
        network.pixels.compute_dtype = dtype
        return Beside(on_features, network.pixels, recipe)

    def close(self) -> None:
        """End the worker threads."""
        self._workers.shutdown()

    @property
    def _paths(self) -> bool:
        return self.recipe.path_weight > 0

    def knows_noise(self) -> bool:
        """Whether the generator has learned to use noise."""
        strengths = (p for name, p in self.generator.named_parameters() if name.endswith("noise_strength"))
        return any(bool(strength) for strength in strengths)

    def play(self, batch: Callable[[int], Batch], turn: Turn) -> Step:
        """One step of both players; `batch(part)` gives the reals of one part, and is called in worker threads.

        Gradients are added up in the order of the parts, whoever comes first: threads and their timing change nothing.
        Threads that meet once an iteration lose less on a busy machine than one operator split over several cores.
        """
        self.discrimination.prepare()
        share = self.team.share(self.recipe.parts)
        parts = self._workers.map(lambda part: self._play_part(part, batch(part), turn), share)
        total = self.team.add_up(_mean(parts, self.recipe.parts))
        of_g, rest = _split(total, self.optimiser_g)
        of_d, (w, scalars) = _split(rest, self.optimiser_d)
        self.optimiser_g.param_groups[0]["lr"] = self._learning_rate_g * turn.warmth
        _apply(self.optimiser_g, of_g)
        _apply(self.optimiser_d, of_d)
        self.generator.mapping.track_w_avg(w[None])
        return self._told(torch.stack([*scalars, _norm(of_g), _norm(of_d)]), turn)

    def _told(self, scalars: Tensor, turn: Turn) -> Step:
        loss_g, loss_d, real, fake, confidence, penalty, length, norm_g, norm_d = scalars.tolist()
        if self._measures_paths(turn):
            self.path_mean = moved_mean(self.path_mean, scalars[6].cpu()).item()
        return Step(
            loss_g, loss_d, real, fake, confidence, norm_g, norm_d,
            penalty if self.discrimination.penalises(turn) else None, length if self._measures_paths(turn) else None,
        )  # fmt: skip

    def _measures_paths(self, turn: Turn) -> bool:
        return self._paths and turn.iteration % self.recipe.path_interval == 0

    def _play_part(self, part: int, batch: Batch, turn: Turn) -> list[Tensor]:
        """Gradients of both players on a part of the batch, its mean w [w_dim], and the numbers of a Step.

        The players share one pass through each network.
        """
        draw = turn.draws(self.recipe.seed, part)
        fake, ws = self._fakes(batch.images.shape[0], batch.c, draw, Purpose.LATENT, Purpose.MIXING, Purpose.NOISE)
        said = self.discrimination.judge(batch, fake.detach(), turn, draw)
        of_g = list(torch.autograd.grad(fake, self._of(self.optimiser_g), said.of_fakes, materialize_grads=True))
        length = torch.zeros((), device=self.device)
        if self._measures_paths(turn):
            length, more = self._path_penalty(batch, draw)
            torch._foreach_add_(of_g, more)
        scalars = [said.loss_g, said.loss_d, said.real, said.fake, said.confidence, said.penalty, length]
        return [*of_g, *said.of_d, ws[:, 0].detach().mean(dim=0), torch.stack(scalars).detach()]

    @staticmethod
    def _of(optimiser: torch.optim.Optimizer) -> list[Tensor]:
        """The parameters it moves."""
        parameters: list[Tensor] = optimiser.param_groups[0]["params"]
        return parameters

    def _fakes(
        self, count: int, c: Tensor | None, draw: Callable[..., Generator], latent: Purpose, mixing: Purpose,
        noise: Purpose,
    ) -> tuple[Tensor, Tensor]:  # fmt: skip
        """Images [count, 3, H, W] of random z, some with the ws of two z; and their ws [count, num_ws, w_dim].

        A fake has the class of the real that it is compared with, so classes come as often as in the set.
        """
        mapping = self.generator.mapping
        z = torch.randn(2 * count, self.generator.z_dim, generator=draw(latent)).to(self.device)
        w, other = mapping.map_w(z, None if c is None else c.repeat(2, 1)).chunk(2)
        ws = torch.where(self._mixed(count, draw(mixing)), other[:, None], w[:, None])  # [count, num_ws, w_dim]
        if not self.noisy:
            return self.generator.synthesis(ws, noise_mode="none"), ws
        generator = draw(noise, device=self.device)
        return self.generator.synthesis(ws, noise_mode="random", generator=generator), ws

    def _mixed(self, count: int, generator: Generator) -> Tensor:
        """Which layers take the second w, from a random crossover on, in a share of the samples: [count, num_ws, 1].

        The first layer always has the first.
        """
        crossover = torch.randint(1, self.generator.num_ws, (count, 1, 1), generator=generator)
        chosen = torch.rand(count, 1, 1, generator=generator) < self.recipe.style_mixing
        layers = torch.arange(self.generator.num_ws)[None, :, None]
        return ((layers >= crossover) & chosen).to(self.device)

    def _path_penalty(self, batch: Batch, draw: Callable[..., Generator]) -> tuple[Tensor, Gradients]:
        """The mean path length of half as many fakes of their own, and the weighted gradients of their penalty.

        Each part measures against the mean of the iterations before, moved by its own lengths.
        """
        count = max(batch.images.shape[0] // 2, 1)
        c = None if batch.c is None else batch.c[:count]
        images, ws = self._fakes(count, c, draw, Purpose.PATH_LATENT, Purpose.PATH_MIXING, Purpose.PATH_NOISE)
        direction = torch.randn(images.shape, generator=draw(Purpose.PATH_DIRECTION)).to(self.device)
        lengths = path_lengths(images, ws, direction)
        penalty = path_penalty(lengths, self.path_mean) * (self.recipe.path_weight * self.recipe.path_interval)
        of_g = torch.autograd.grad(penalty, self._of(self.optimiser_g), materialize_grads=True)
        return lengths.detach().mean(), list(of_g)

    @torch.no_grad()
    def average(self, shown: int) -> None:
        """Move the average towards the generator, after `shown` images in all."""
        half_life = self.recipe.ema_kimg * 1000
        if self.recipe.ema_ramp > 0:
            half_life = min(half_life, max(shown, 1) * self.recipe.ema_ramp)
        weight = 1.0 - 0.5 ** (self.recipe.batch / max(half_life, 1e-8))
        torch._foreach_lerp_(list(self.ema.parameters()), list(self.generator.parameters()), weight)
        for kept, new in zip(self.ema.buffers(), self.generator.buffers(), strict=True):
            kept.copy_(new)


def _mean(parts: Iterable[list[Tensor]], count: int) -> list[Tensor]:
    """The sum of the parts, in their order, over `count`."""
    total: list[Tensor] = []
    for part in parts:
        if total:
            torch._foreach_add_(total, part, alpha=1 / count)
        else:
            total = list(torch._foreach_mul(part, 1 / count))
    return total


def _split(tensors: list[Tensor], optimiser: torch.optim.Optimizer) -> tuple[Gradients, list[Tensor]]:
    """The gradients of an optimiser's parameters, and what comes after them."""
    count = len(optimiser.param_groups[0]["params"])
    return tensors[:count], tensors[count:]


def _norm(tensors: list[Tensor]) -> Tensor:
    """Of all of them as one vector."""
    norm: Tensor = torch.stack(torch._foreach_norm(tensors)).norm()
    return norm


def _apply(optimiser: torch.optim.Optimizer, gradients: Gradients) -> None:
    """Step along the gradients, in one pass over memory, for which they must lie in it as the parameters do."""
    for parameter, gradient in zip(optimiser.param_groups[0]["params"], gradients, strict=True):
        parameter.grad = gradient.contiguous()
    optimiser.step()
