"""A picture's palette in numbers: means over its pixels in OKLab, a perceptual colour space (Ottosson 2020)."""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from models.explore.direction_file import PALETTE

ATTRIBUTES = (*PALETTE, "tint", "detail")

_WARM = math.radians(60)  # hue of orange; the opposite is blue
_DARKEST = 1e-4  # the cube root has no slope at 0
_LEAST = 1e-8
_TO_CONES = (
    (0.4122214708, 0.5363325363, 0.0514459929),
    (0.2119034982, 0.6806995451, 0.1073969566),
    (0.0883024619, 0.2817188376, 0.6299787005),
)
_TO_LAB = (
    (0.2104542553, 0.7936177850, -0.0040720468),
    (1.9779984951, -2.4285922050, 0.4505937099),
    (0.0259040371, 0.7827717662, -0.8086757660),
)


def attributes(images: Tensor) -> Tensor:
    """Images [N, 3 or 1, H, W] in [-1, 1], clipped here as on a screen -> [N, 6] in the order of ATTRIBUTES.

    Warmth: mean along the axis from blue to orange; tint: across it, from green to magenta. Lightness: mean L from 0 to
    1. Colourfulness: mean chroma. Contrast: standard deviation of L. Detail: logarithm of the RMS of L's finest grain.
    Differentiable in the images.
    """
    lightness, a, b = oklab(images).unbind(dim=1)  # [N, H, W] each
    cos, sin = math.cos(_WARM), math.sin(_WARM)
    grain = lightness - F.avg_pool2d(lightness, 3, 1, 1, count_include_pad=False)
    measured = (
        cos * a + sin * b,
        lightness,
        (a.square() + b.square() + _LEAST).sqrt(),
        (lightness - lightness.mean(dim=(1, 2), keepdim=True)).square(),
        sin * a - cos * b,
        grain.square(),
    )
    means = torch.stack([values.mean(dim=(1, 2)) for values in measured], dim=1)  # [N, 6]
    warmth, light, chroma, variance, tint, energy = means.unbind(dim=1)
    contrast, detail = (variance + _LEAST).sqrt(), 0.5 * (energy + _LEAST).log()
    return torch.stack([warmth, light, chroma, contrast, tint, detail], dim=1)


def oklab(images: Tensor) -> Tensor:
    """Images [N, 3 or 1, H, W], sRGB in [-1, 1] -> L, a and b [N, 3, H, W]"""
    srgb = (images.float().expand(-1, 3, -1, -1) * 0.5 + 0.5).clamp(_DARKEST, 1)
    linear = torch.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    cones = torch.einsum("ij,njhw->nihw", linear.new_tensor(_TO_CONES), linear).pow(1 / 3)
    return torch.einsum("ij,njhw->nihw", linear.new_tensor(_TO_LAB), cones)
