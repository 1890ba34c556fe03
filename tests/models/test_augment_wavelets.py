"""The wavelets' defining equations, and the matrices made of them against direct sums."""

import math
from collections.abc import Iterator
from itertools import product

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from models.training.augment.filters import band_taps, bands
from models.training.augment.wavelets import FIRST, SYM2, SYM6, doubling, halving, reflect
from tests.models import naive_augment as naive

Array = NDArray[np.float64]
PLACE = (torch.device("cpu"), torch.float64)


@pytest.mark.parametrize(("taps", "moments"), [(SYM2, 2), (SYM6, 6)])
def test_wavelets_are_orthonormal_with_their_vanishing_moments(taps: tuple[float, ...], moments: int) -> None:
    assert len(taps) == 2 * moments
    low = np.array(taps)
    assert low.sum() == pytest.approx(2**0.5, abs=1e-10)
    for shift in range(len(low) // 2):
        assert low[2 * shift :] @ low[: len(low) - 2 * shift] == pytest.approx(float(shift == 0), abs=1e-10)
    place = np.linspace(-1, 1, len(low))
    high = low * (-1) ** np.arange(len(low))
    for moment in range(moments):
        assert high @ place**moment == pytest.approx(0, abs=1e-10)


def factors(moments: int) -> Iterator[Array]:
    """Every low-pass with so many moments whose autocorrelation is that of an orthogonal wavelet, from its roots."""
    binomials = [math.comb(moments - 1 + k, k) for k in range(moments)]
    roots = [np.roots([1, 4 * y - 2, 1]) for y in np.roots(binomials[::-1])]  # z + 1/z = 2 - 4y: two for each y
    for chosen in product(*roots):
        taps = np.poly([-1] * moments + list(chosen))
        if np.abs(taps.imag).max() < 1e-8:
            yield taps.real * math.sqrt(2) / taps.real.sum()


def crookedness(taps: Array) -> float:
    """Of the phase over the frequency, against the best line through 0."""
    frequency = np.linspace(0, np.pi, 200, endpoint=False)
    phase = np.unwrap(np.angle(np.exp(-1j * np.outer(frequency, np.arange(len(taps)))) @ taps))
    return float(np.square(phase - frequency * (frequency @ phase) / (frequency @ frequency)).mean())


@pytest.mark.parametrize("taps", [SYM2, SYM6])
def test_wavelets_are_the_least_asymmetric_of_their_kind(taps: tuple[float, ...]) -> None:
    low = np.array(taps)
    kind = list(factors(len(low) // 2))
    assert min(np.abs(low - other).max() for other in kind) < 1e-11
    assert crookedness(low) == pytest.approx(min(map(crookedness, kind)), rel=0.01)


def test_reflection_bounces_as_often_as_it_takes() -> None:
    place = torch.linspace(-23, 23, 93, dtype=torch.float64)
    for size in (2, 5, 8):
        expected = [naive.mirror(float(x), size) for x in place]
        assert reflect(place, size).tolist() == pytest.approx(expected)
    assert reflect(torch.arange(-4, 8), 4).tolist() == [2, 3, 2, 1, 0, 1, 2, 3, 2, 1, 0, 1]


@pytest.mark.parametrize("size", [3, 4, 9, 32])
def test_halving_gives_back_what_doubling_took(size: int) -> None:
    reach = len(SYM6) + size  # of samples on either side of those of doubling, which both operators leave out
    pixel = torch.arange(size + 2 * reach)
    line = torch.randn(size, dtype=torch.float64, generator=torch.Generator().manual_seed(size))
    endless = line[reflect(pixel - reach, size)]
    doubled = np.convolve(np.stack([endless, np.zeros(len(endless))], axis=1).ravel(), np.array(SYM6) * 2**0.5)
    samples = torch.from_numpy(doubled)[2 * reach :]  # from the sample 0 on
    assert torch.allclose(halving(size, *PLACE) @ samples[: 2 * size + 10], line, atol=1e-9)
    fine = doubling(size, *PLACE) @ line
    assert torch.allclose(fine, torch.from_numpy(doubled)[2 * reach + FIRST :][: len(fine)], atol=1e-9)


def test_bands_divide_the_spectrum_and_change_nothing_together() -> None:
    taps = band_taps()
    assert taps.shape == (4, 43)
    np.testing.assert_allclose(taps.sum(axis=0), np.eye(43)[21], atol=1e-12)
    np.testing.assert_allclose(taps, taps[:, ::-1], atol=1e-12)
    frequency = np.linspace(0, np.pi, 512)
    response = taps @ np.cos(np.outer(np.arange(-21, 22), frequency))
    edges = np.pi * np.array([0, 1 / 8, 1 / 4, 1 / 2, 1])
    for band in range(4):
        inside = (frequency > edges[band]) & (frequency < edges[band + 1])
        assert (response.argmax(axis=0)[inside] == band).mean() > 0.9
        assert response[band].min() > -1e-12
        assert response[band].max() > 0.7


@pytest.mark.parametrize("size", [4, 30])
def test_bands_of_a_line_are_convolutions_of_the_mirrored_line(size: int) -> None:
    line = np.random.default_rng(0).normal(size=size)
    padded = np.array([line[int(naive.mirror(i, size))] for i in range(-21, size + 21)])
    for band, taps in zip(bands(size, *PLACE).numpy(), band_taps(), strict=True):
        np.testing.assert_allclose(band @ line, np.convolve(padded, taps, mode="valid"), atol=1e-12)
