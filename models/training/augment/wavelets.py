"""Orthogonal wavelets, and resampling by them as matrices that know the mirrored border.

The taps are those of the least asymmetric wavelets of two and of six vanishing moments (Daubechies, "Ten Lectures on
Wavelets", 1992, table 6.3). Resampling a line of an image is a multiplication with a small matrix, mirroring included:
for the sizes that networks have this is as fast as a convolution, and it has every derivative.
"""

import math
from functools import lru_cache

import torch
from torch import Tensor

# fmt: off
SYM2 = (0.48296291314453414, 0.8365163037378079, 0.2241438680420134, -0.12940952255126037)
SYM6 = (0.015404109327027373, 0.0034907120842174702, -0.11799011114819057, -0.048311742585633,
        0.4910559419267466, 0.787641141030194, 0.3379294217276218, -0.07263752278646252,
        -0.021060292512300564, 0.04472490177066578, 0.0017677118642428036, -0.007800708325034148)
# fmt: on
REACH = len(SYM6) // 2  # pixels to either side that one sample depends on
DELAY = sum(k * tap for k, tap in enumerate(SYM6)) / sum(SYM6)  # by which SYM6 is off its first tap, in samples
MARGIN = 4  # pixels beyond the border that doubling makes samples for; halving needs 3
FIRST = int(DELAY) - 2 * MARGIN  # number of the first sample that doubling makes; sample m is at pixel (m - DELAY) / 2


def reflect(place: Tensor, size: int) -> Tensor:
    """Pixel places beyond [0, size - 1] mirrored back into it, about the centres of the border pixels; size >= 2."""
    last = size - 1
    return last - (last - place % (2 * last)).abs()


def tap_at(taps: Tensor, index: Tensor) -> Tensor:
    """The taps at any index, 0 outside."""
    inside = (index >= 0) & (index < len(taps))
    return taps[index.clamp(0, len(taps) - 1)] * inside


def mirrored(weights: Tensor, first: int, size: int) -> Tensor:
    """Weights [..., M, span] of endless mirrored pixels, numbered from `first`, as weights [..., M, size] of pixels."""
    pixel = reflect(torch.arange(first, first + weights.shape[-1]), size)
    return weights @ torch.eye(size, dtype=weights.dtype)[pixel]


@lru_cache(maxsize=32)
def doubling(size: int, device: torch.device, dtype: torch.dtype) -> Tensor:
    """[2 * (size + 2 * MARGIN), size]: a line of pixels, mirrored at its ends, to samples FIRST, FIRST + 1, ..."""
    sample = FIRST + torch.arange(2 * (size + 2 * MARGIN))[:, None]
    beyond = REACH + MARGIN
    pixel = torch.arange(-beyond, size + beyond)
    weights = math.sqrt(2) * tap_at(torch.tensor(SYM6, dtype=torch.float64), sample - 2 * pixel)
    return mirrored(weights, -beyond, size).to(device, dtype)


@lru_cache(maxsize=32)
def halving(size: int, device: torch.device, dtype: torch.dtype) -> Tensor:
    """[size, 2 * size + 10]: samples 0, 1, ... of twice the rate to pixels; after `doubling` it gives them back."""
    pixel = torch.arange(size)[:, None]
    sample = torch.arange(samples(size))
    return (math.sqrt(0.5) * tap_at(torch.tensor(SYM6, dtype=torch.float64), sample - 2 * pixel)).to(device, dtype)


def samples(size: int) -> int:
    """How many samples `halving` takes for a line of `size` pixels."""
    return 2 * size + len(SYM6) - 2
