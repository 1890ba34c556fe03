"""Adversarial losses: one method per player, logits [N] in, scalar out; and the gradient penalty."""

from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus


class Loss(Protocol):
    """What each player minimises, given the discriminator's logits for reals and fakes."""

    penalise_fakes: bool

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor: ...

    def generator(self, real: Tensor, fake: Tensor) -> Tensor: ...


class NonSaturating:
    """Goodfellow et al. 2014, with R1 on the reals (Mescheder et al. 2018)."""

    penalise_fakes = False

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        return (softplus(-real) + softplus(fake)).mean()

    def generator(self, real: Tensor, fake: Tensor) -> Tensor:
        return softplus(-fake).mean()


class Relativistic:
    """Relativistic pairing (Jolicoeur-Martineau 2018), with R1 and R2 as in Huang et al., "The GAN is dead" (2024)."""

    penalise_fakes = True

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        return softplus(fake - real).mean()

    def generator(self, real: Tensor, fake: Tensor) -> Tensor:
        return softplus(real - fake).mean()


LOSSES: dict[str, type[Loss]] = {"relativistic": Relativistic, "non-saturating": NonSaturating}


def gradient_penalty(discriminator: nn.Module, images: Tensor) -> Tensor:
    """Mean over images [N, C, H, W] of the squared norm of the logit's gradient (R1 on reals, R2 on fakes)."""
    images = images.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(discriminator(images).sum(), images, create_graph=True)
    return gradient.square().sum(dim=(1, 2, 3)).mean()
