"""Changes of colour, the same for all pixels of an image: matrices [N, 4, 4] over (red, green, blue, 1)."""

import math

import torch
from torch import Tensor

from models.training.augment.chance import Chance
from models.training.augment.geometry import identity

COLOUR = frozenset({"brightness", "contrast", "luma_flip", "hue", "saturation"})

BRIGHTNESS = 0.2  # standard deviation, in units of [-1, 1]
CONTRAST = 0.5  # standard deviations of the binary logarithm
SATURATION = 1.0
LUMA = torch.full((3, 3), 1 / 3, dtype=torch.float64)  # projects a colour to its grey


def brightness(added: Tensor) -> Tensor:
    matrix = identity(len(added), 4)
    matrix[:, :3, 3] = added[:, None]
    return matrix


def contrast(factor: Tensor) -> Tensor:
    return _linear(factor[:, None, None] * torch.eye(3, dtype=torch.float64))


def luma_flip(chosen: Tensor) -> Tensor:
    """Grey to its negative where chosen [N] is 1; the colour's difference from its grey stays."""
    return _linear(torch.eye(3, dtype=torch.float64) - 2 * chosen[:, None, None] * LUMA)


def hue(angle: Tensor) -> Tensor:
    """Rotation about the grey axis, in radians; a third of a turn takes red to green."""
    sine, cosine = angle.sin()[:, None, None], angle.cos()[:, None, None]
    across = torch.tensor([[0.0, -1, 1], [1, 0, -1], [-1, 1, 0]], dtype=torch.float64) / math.sqrt(3)
    return _linear(LUMA + cosine * (torch.eye(3, dtype=torch.float64) - LUMA) + sine * across)


def saturation(factor: Tensor) -> Tensor:
    return _linear(LUMA + factor[:, None, None] * (torch.eye(3, dtype=torch.float64) - LUMA))


def _linear(matrix: Tensor) -> Tensor:
    """[N, 3, 3] as [N, 4, 4]."""
    whole = identity(len(matrix), 4)
    whole[:, :3, :3] = matrix
    return whole


def draw(chance: Chance) -> Tensor:
    """[N, 4, 4]: all five, brightness first."""
    added = torch.where(chance.happens("brightness"), chance.normal(BRIGHTNESS), 0.0)
    contrasted = torch.where(chance.happens("contrast"), chance.lognormal(CONTRAST), 1.0)
    flipped = torch.where(chance.happens("luma_flip"), chance.integer(2), 0.0)
    turned = torch.where(chance.happens("hue"), chance.uniform(-math.pi, math.pi), 0.0)
    saturated = torch.where(chance.happens("saturation"), chance.lognormal(SATURATION), 1.0)
    shaded = luma_flip(flipped) @ contrast(contrasted) @ brightness(added)
    return saturation(saturated) @ hue(turned) @ shaded


def recolour(images: Tensor, matrices: Tensor) -> Tensor:
    """Images [N, 3, H, W], or [N, 1, H, W] of greys, which have brightness, contrast and luma only."""
    linear, added = matrices[:, :3, :3], matrices[:, :3, 3:]  # [N, 3, 3], [N, 3, 1]
    if images.shape[1] == 1:
        linear, added = linear.sum(dim=(1, 2), keepdim=True) / 3, added.mean(dim=1, keepdim=True)
    return (linear @ images.flatten(2) + added).view(images.shape)
