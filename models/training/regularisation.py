"""What keeps the players smooth: the discriminator's gradient penalty, the generator's path lengths."""

import math

import torch
from torch import Tensor, nn

PATH_DECAY = 0.01  # of the mean length, in one regularised iteration


def gradient_penalty(discriminator: nn.Module, images: Tensor, c: Tensor | None = None) -> Tensor:
    """Mean over images [N, C, H, W] of the squared norm of the logit's gradient (R1 on reals, R2 on fakes)."""
    images = images.detach().requires_grad_()
    logits = discriminator(images) if c is None else discriminator(images, c)
    (gradient,) = torch.autograd.grad(logits.sum(), images, create_graph=True)
    return gradient.square().sum(dim=(1, 2, 3)).mean()


def path_lengths(images: Tensor, ws: Tensor, direction: Tensor) -> Tensor:
    """How far ws [N, num_ws, w_dim] move the images [N, C, H, W] drawn from them: [N], differentiable.

    `direction`: normal numbers of the images' shape (Karras et al. 2020, section 3.2).
    """
    noise = direction / math.sqrt(images.shape[2] * images.shape[3])
    (gradient,) = torch.autograd.grad((images * noise).sum(), ws, create_graph=True)
    return gradient.square().sum(dim=2).mean(dim=1).sqrt()


def path_penalty(lengths: Tensor, mean: float) -> Tensor:
    """Mean squared distance of lengths [N] from their running mean, which these lengths have moved from `mean`."""
    moved = moved_mean(mean, lengths.detach().mean())
    return (lengths - moved).square().mean()


def moved_mean(mean: float, lengths: Tensor) -> Tensor:
    """The running mean after a regularised iteration whose lengths had the mean `lengths`."""
    return mean + PATH_DECAY * (lengths - mean)
