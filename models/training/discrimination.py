"""What the discriminators say of a part of a batch, and what both players are to learn from it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

import torch
from torch import Generator, Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d

from models.discriminator import Discriminator
from models.features import Backbone
from models.training.augment import Augmentation, light
from models.training.losses import Loss, Relativistic
from models.training.projected import Projected
from models.training.randomness import Purpose, generator
from models.training.recipe import Recipe
from models.training.regularisation import gradient_penalty

Gradients = list[Tensor]


@dataclass(frozen=True)
class Turn:
    """What of an iteration its parts must know."""

    iteration: int
    attempt: int = 0
    p: float = 0.0  # of the augmentation's changes
    warmth: float = 1.0  # of the generator's learning rate

    def draws(self, seed: int, part: int) -> Callable[..., Generator]:
        """Random numbers of one part, by purpose."""
        return partial(generator, seed, self.iteration, part, attempt=self.attempt)


@dataclass(frozen=True)
class Batch:
    """A part of a batch: images [n, 3, H, W] in [-1, 1] and, of a set with classes, their one-hot c [n, classes]."""

    images: Tensor
    c: Tensor | None = None


@dataclass(frozen=True)
class Verdict:
    """Gradients of both losses, and scalars to watch.

    `of_fakes` [n, 3, H, W]: that of the generator's loss with respect to its pictures. `of_d`: that of the
    discriminator's loss and penalties with respect to its parameters that learn, in their order.
    """

    of_fakes: Tensor
    of_d: Gradients
    loss_g: Tensor
    loss_d: Tensor
    real: Tensor  # mean logit of the reals
    fake: Tensor  # mean logit of the fakes
    confidence: Tensor  # mean sign of what the reals are judged by
    penalty: Tensor  # 0 where none is due


class Discrimination(Protocol):
    """A discriminator with its loss, its penalties and what it is shown."""

    def prepare(self) -> None:
        """Before the parts of an iteration pass, which they do in threads."""
        ...

    def penalises(self, turn: Turn) -> bool:
        """Whether a gradient penalty is due."""
        ...

    def judge(self, batch: Batch, fakes: Tensor, turn: Turn, draw: Callable[..., Generator]) -> Verdict:
        """Of reals and of as many fakes [n, 3, H, W], which have the reals' classes."""
        ...


class OfPictures:
    """The discriminator of StyleGAN2, with lazy gradient penalties."""

    def __init__(
        self, network: Discriminator, loss: Loss, augment: Augmentation, recipe: Recipe,
        purposes: tuple[Purpose, Purpose] = (Purpose.AUGMENT_REAL, Purpose.AUGMENT_FAKE),
    ) -> None:  # fmt: skip
        self._network, self._loss, self._augment, self._recipe = network, loss, augment, recipe
        self._for_reals, self._for_fakes = purposes
        self._parameters = learning(network)

    def prepare(self) -> None:
        """Nothing."""

    def penalises(self, turn: Turn) -> bool:
        return turn.iteration % self._recipe.penalty_interval == 0

    def judge(self, batch: Batch, fakes: Tensor, turn: Turn, draw: Callable[..., Generator]) -> Verdict:
        shown = fakes.detach().requires_grad_()
        seen_real = self._augment(batch.images, turn.p, draw(self._for_reals))
        seen_fake = self._augment(shown, turn.p, draw(self._for_fakes))
        real, fake = self._network(seen_real, batch.c), self._network(seen_fake, batch.c)
        loss_d, loss_g = self._loss.discriminator(real, fake), self._loss.generator(real.detach(), fake)
        (of_fakes,) = torch.autograd.grad(loss_g, shown, retain_graph=True)
        of_d = list(torch.autograd.grad(loss_d, self._parameters))
        penalty = fakes.new_zeros(())
        if self.penalises(turn):
            penalty, more = self._penalty(seen_real.detach(), seen_fake.detach(), batch.c)
            torch._foreach_add_(of_d, more)
        confidence = self._loss.confidence(real, fake)
        return Verdict(of_fakes, of_d, loss_g, loss_d, real.mean(), fake.mean(), confidence, penalty)

    def _penalty(self, real: Tensor, fake: Tensor, c: Tensor | None) -> tuple[Tensor, Gradients]:
        """The lazy gradient penalty, R1 or R1 + R2, and its weighted gradients."""
        penalty = gradient_penalty(self._network, real, c)
        if self._loss.penalise_fakes:
            penalty = penalty + gradient_penalty(self._network, fake, c)
        weight = self._recipe.gamma / 2 * self._recipe.penalty_interval
        of_d = torch.autograd.grad(penalty * weight, self._parameters, materialize_grads=True)
        return penalty.detach(), list(of_d)


class OfFeatures:
    """The discriminators on frozen features (Sauer et al. 2021): the losses of all levels, each one's mean, added up.

    No gradient penalty: spectral norm bounds them. The part is the unit of their batch norm, which hides from them how
    far pictures vary: `spread_weight` tells the generator.
    """

    def __init__(
        self, network: Projected, backbone: Backbone, loss: Loss, augment: Augmentation, recipe: Recipe
    ) -> None:
        self._network, self._backbone, self._loss, self._augment = network, backbone, loss, augment
        self._side, self._dtype = recipe.feature_size, getattr(torch, recipe.dtype)
        self._spread_weight = recipe.spread_weight
        self._parameters = learning(network.levels)

    def prepare(self) -> None:
        self._network.follow()

    def penalises(self, turn: Turn) -> bool:
        return False

    def judge(self, batch: Batch, fakes: Tensor, turn: Turn, draw: Callable[..., Generator]) -> Verdict:
        with torch.no_grad():
            seen_real = self._see(self._augment(batch.images, turn.p, draw(Purpose.AUGMENT_REAL)))
        shown = fakes.detach().requires_grad_()
        seen_fake = self._see(self._augment(shown, turn.p, draw(Purpose.AUGMENT_FAKE)))
        reals, judged = self._network(seen_real), self._network(seen_fake)
        pairs = list(zip(reals, judged, strict=True))
        loss_d = added([self._loss.discriminator(real, fake) for real, fake in pairs])
        loss_g = added([self._loss.generator(real.detach(), fake) for real, fake in pairs])
        if self._spread_weight:
            loss_g = loss_g + self._spread_weight * spread_penalty(seen_real, seen_fake)
        (of_fakes,) = torch.autograd.grad(loss_g, shown, retain_graph=True)
        of_d = list(torch.autograd.grad(loss_d, self._parameters))
        real, fake, confidence = (
            added(values) / len(pairs)
            for values in (
                [real.mean() for real, _ in pairs],
                [fake.mean() for _, fake in pairs],
                [self._loss.confidence(real, fake) for real, fake in pairs],
            )
        )
        return Verdict(of_fakes, of_d, loss_g, loss_d, real, fake, confidence, fakes.new_zeros(()))

    def _see(self, images: Tensor) -> list[Tensor]:
        mixed: list[Tensor] = self._network.mixing(self._backbone.see(images.to(self._dtype), self._side))
        return mixed


class Beside:
    """The discriminators on features, and one of pictures beside them, whose say in the generator's loss is weighted.

    What the features do not see, such as drifting colours, it does. It sees pictures in its own size, barely changed.
    """

    def __init__(self, on_features: OfFeatures, network: Discriminator, recipe: Recipe) -> None:
        purposes = (Purpose.AUGMENT_PIXELS_REAL, Purpose.AUGMENT_PIXELS_FAKE)
        self._on_features = on_features
        self._on_pictures = OfPictures(network, Relativistic(), light, recipe, purposes)
        self._shape = network.shape
        self._weight = recipe.pixel_weight

    def prepare(self) -> None:
        self._on_features.prepare()

    def penalises(self, turn: Turn) -> bool:
        return self._on_pictures.penalises(turn)

    def judge(self, batch: Batch, fakes: Tensor, turn: Turn, draw: Callable[..., Generator]) -> Verdict:
        verdict = self._on_features.judge(batch, fakes, turn, draw)
        shown = fakes.detach().requires_grad_()
        small = adaptive_avg_pool2d(shown, self._shape)
        reals = replace(batch, images=adaptive_avg_pool2d(batch.images, self._shape))
        other = self._on_pictures.judge(reals, small, turn, draw)
        (of_fakes,) = torch.autograd.grad(small, shown, other.of_fakes)
        return replace(
            verdict,
            of_fakes=verdict.of_fakes + self._weight * of_fakes,
            of_d=[*verdict.of_d, *other.of_d],
            loss_g=verdict.loss_g + self._weight * other.loss_g,
            loss_d=verdict.loss_d + other.loss_d,
            penalty=other.penalty,
        )


def spread_penalty(reals: list[Tensor], fakes: list[Tensor]) -> Tensor:
    """How differently fakes vary from reals: of each level [N, C, h, w] the mean over its channels of the squared
    logarithm of the ratio of their variances, added up. 0 where each channel's mean varies as much in both.
    """
    return added(
        [(variances(real) / variances(fake)).log().square().mean() for real, fake in zip(reals, fakes, strict=True)]
    )


def variances(features: Tensor) -> Tensor:
    """Of each channel's mean, over pictures: [N, C, h, w] -> [C]"""
    return features.float().mean((2, 3)).var(0) + 1e-6


def learning(network: nn.Module) -> list[Tensor]:
    """The parameters that are not frozen."""
    return [parameter for parameter in network.parameters() if parameter.requires_grad]


def added(values: list[Tensor]) -> Tensor:
    """Their sum."""
    return torch.stack(values).sum()
