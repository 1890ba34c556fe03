"""Adversarial losses: one method per player, logits [N] in, scalar out."""

from typing import Protocol

from torch import Tensor
from torch.nn.functional import relu, softplus


class Loss(Protocol):
    """What each player minimises, given the discriminator's logits for reals and fakes."""

    penalise_fakes: bool

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor: ...

    def generator(self, real: Tensor, fake: Tensor) -> Tensor: ...

    def confidence(self, real: Tensor, fake: Tensor) -> Tensor:
        """Mean sign of what reals are judged by: near 1 the discriminator knows them by heart, near 0 it guesses."""
        ...


class NonSaturating:
    """Goodfellow et al. 2014, with R1 on the reals (Mescheder et al. 2018): the game of StyleGAN2."""

    penalise_fakes = False

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        return (softplus(-real) + softplus(fake)).mean()

    def generator(self, real: Tensor, fake: Tensor) -> Tensor:
        return softplus(-fake).mean()

    def confidence(self, real: Tensor, fake: Tensor) -> Tensor:
        return real.sign().mean()


class Relativistic:
    """Relativistic pairing (Jolicoeur-Martineau 2018), with R1 and R2 as in Huang et al., "The GAN is dead" (2024)."""

    penalise_fakes = True

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        return softplus(fake - real).mean()

    def generator(self, real: Tensor, fake: Tensor) -> Tensor:
        return softplus(real - fake).mean()

    def confidence(self, real: Tensor, fake: Tensor) -> Tensor:
        return (real - fake).sign().mean()


class Hinge:
    """Lim and Ye 2017: the discriminator asks for a margin of 1 on either side of 0."""

    penalise_fakes = False

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        return relu(1 - real).mean() + relu(1 + fake).mean()

    def generator(self, real: Tensor, fake: Tensor) -> Tensor:
        return -fake.mean()

    def confidence(self, real: Tensor, fake: Tensor) -> Tensor:
        return real.sign().mean()


LOSSES: dict[str, type[Loss]] = {  # that of StyleGAN2 comes with path lengths, see Recipe.path_weight
    "relativistic": Relativistic,
    "stylegan2": NonSaturating,
    "non-saturating": NonSaturating,
    "hinge": Hinge,
}
