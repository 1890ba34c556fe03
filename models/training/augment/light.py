"""Light differentiable augmentation of what the discriminator sees, for small archives.

The idea is that of Zhao et al., "Differentiable Augmentation for Data-Efficient GAN Training" (2020): reals and fakes
pass through the same random changes, and the gradient passes through them to the generator.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

TRANSLATION = 0.125  # share of the shorter side
HOLE, HOLES = 0.5, 0.5  # the side of a hole, as a share of the picture's, and the share of pictures that have one


@dataclass(frozen=True)
class Colours:
    """How far colours are changed."""

    brightness: float  # added, in units of [-1, 1]
    saturation: tuple[float, float]
    contrast: tuple[float, float]


LIGHT = Colours(0.1, (0.8, 1.2), (0.9, 1.1))
STRONG = Colours(0.3, (0.5, 1.5), (0.75, 1.25))


def light(images: Tensor, p: float, generator: torch.Generator) -> Tensor:
    """Change each image [N, C, H, W] by colour and translation, always: p is not looked at. `generator` on the CPU."""
    return translate(colour(images, LIGHT, generator), generator)


def strong(images: Tensor, p: float, generator: torch.Generator) -> Tensor:
    """As `light`, with colours changed more, and a hole in every other image: for pretrained features, which see more
    in a picture than a discriminator that learns from few of them.
    """
    return cut_out(translate(colour(images, STRONG, generator), generator), generator)


def _uniform(img: Tensor, low: float, high: float, generator: torch.Generator) -> Tensor:
    return torch.empty(img.shape[0], 1, 1, 1).uniform_(low, high, generator=generator).to(img)


def colour(img: Tensor, by: Colours, generator: torch.Generator) -> Tensor:
    """Random saturation about each pixel's mean, contrast about each image's mean, and brightness."""
    grey = img.mean(dim=1, keepdim=True)  # [N, 1, H, W]
    img = torch.lerp(grey, img, _uniform(img, *by.saturation, generator))
    mean = img.mean(dim=(1, 2, 3), keepdim=True)  # [N, 1, 1, 1]
    contrasted = torch.lerp(mean, img, _uniform(img, *by.contrast, generator))
    return contrasted + _uniform(img, -by.brightness, by.brightness, generator)


def translate(img: Tensor, generator: torch.Generator) -> Tensor:
    """Shift each image by whole pixels; what comes in from outside is its mirrored border."""
    n, _, h, w = img.shape
    reach = round(min(h, w) * TRANSLATION)
    padded = F.pad(img, (reach,) * 4, mode="reflect")  # [N, C, H + 2r, W + 2r]
    tops, lefts = torch.randint(0, 2 * reach + 1, (2, n), generator=generator).tolist()
    return torch.stack([padded[i, :, tops[i] : tops[i] + h, lefts[i] : lefts[i] + w] for i in range(n)])


def cut_out(img: Tensor, generator: torch.Generator) -> Tensor:
    """Make a grey hole in a share of the images, whose middle lies anywhere in them."""
    n, _, h, w = img.shape
    rows, columns = _hole(n, h, generator), _hole(n, w, generator)
    cut = torch.rand(n, generator=generator) < HOLES
    hole = rows[:, :, None] & columns[:, None] & cut[:, None, None]  # [N, H, W]
    return img * (~hole).to(img)[:, None]


def _hole(count: int, length: int, generator: torch.Generator) -> Tensor:
    """Of each image, which of `length` rows or columns the hole covers: [count, length]."""
    middle = torch.rand(count, 1, generator=generator) * length
    return (torch.arange(length) + 0.5 - middle).abs() < HOLE * length / 2
