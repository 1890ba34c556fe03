"""Four bands of spatial frequency, amplified at random and apart."""

from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.training.augment.chance import Chance
from models.training.augment.wavelets import SYM2, mirrored, tap_at

FILTER = frozenset({"filter"})

OCTAVES = 1.0  # standard deviation of the binary logarithm of a band's gain
POWER = torch.tensor([10.0, 1, 1, 1], dtype=torch.float64) / 13  # of the bands in natural images, about 1 / frequency


def band_taps() -> NDArray[np.float64]:
    """[4, 43]: symmetric filters for the bands to π/8, π/4, π/2 and π, lowest first; together they change nothing.

    A half-band low-pass and what it leaves divide the spectrum in two; spread to every second and every fourth tap they
    divide the lower part again, and again.
    """
    low = np.convolve(SYM2, SYM2[::-1]) / 2
    rest, bands = np.ones(1), []
    for step in (1, 2, 4):
        lower = np.zeros((len(low) - 1) * step + 1)
        lower[::step] = low
        upper = -lower
        upper[len(upper) // 2] += 1
        bands.append(np.convolve(rest, upper))
        rest = np.convolve(rest, lower)
    return np.stack([np.pad(band, (len(rest) - len(band)) // 2) for band in (rest, *reversed(bands))])


@lru_cache(maxsize=32)
def bands(size: int, device: torch.device, dtype: torch.dtype) -> Tensor:
    """[4, size, size]: each band of a line of pixels, mirrored at its ends."""
    taps = torch.from_numpy(band_taps())
    reach = taps.shape[1] // 2
    offset = torch.arange(-reach, size + reach) - torch.arange(size)[:, None] + reach  # [size, size + 2 * reach]
    weights = torch.stack([tap_at(band, offset) for band in taps])
    return mirrored(weights, -reach, size).to(device, dtype)


def draw(chance: Chance) -> Tensor:
    """Gains of the bands [N, 4], each band's turn leaving the expected power of an image as it was."""
    gains = torch.ones(chance.count, len(POWER), dtype=torch.float64)
    for band in range(len(POWER)):
        turn = torch.ones_like(gains)
        turn[:, band] = torch.where(chance.happens("filter"), chance.lognormal(OCTAVES), 1.0)
        gains *= turn / (POWER * turn.square()).sum(dim=1, keepdim=True).sqrt()
    return gains


def equalise(images: Tensor, gains: Tensor) -> Tensor:
    """Images [N, C, H, W], the bands along both axes amplified by gains [N, 4]."""
    rows, columns = (
        torch.einsum("nb,bij->nij", gains, bands(side, images.device, images.dtype)) for side in images.shape[2:]
    )
    return rows[:, None] @ images @ columns.transpose(1, 2)[:, None]
