"""Endless smooth random paths, readable at any phase."""

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from engine.walk.base import Floats

_KEPT = 16
_WORD = 2**64 - 1


def gaussian(seed: int, stream: int, index: int, size: int) -> NDArray[np.float64]:
    """`size` independent N(0, 1) numbers that belong to (seed, stream, index) alone.

    Philox is counter-based, so any index costs the same, forwards or backwards. RandomState is numpy's frozen
    interface: the same numbers in every later version.
    """
    key = np.array([seed & _WORD, stream & _WORD], np.uint64)
    counter = np.array([0, 0, index & _WORD, 0], np.uint64)  # the first word counts the draws
    bits = np.random.Philox(key=key, counter=counter)
    numbers: NDArray[np.float64] = np.random.RandomState(bits).standard_normal(size)
    return numbers


class GaussianPath:
    """A path in z [z_dim] whose every point is N(0, I): a uniform cubic B-spline over independent Gaussian keys.

    One key per unit of phase. The path is C2, band-limited by its spline and never repeats: key k is drawn from (seed,
    stream, k) when it is needed. Dividing by the norm of the basis keeps unit variance between the keys, so the path
    stays on the shell where the network was trained instead of dipping towards the mean.
    """

    def __init__(self, seed: int, stream: int, z_dim: int) -> None:
        self._key = lru_cache(_KEPT)(lambda index: gaussian(seed, stream, index, z_dim))

    def at(self, phase: float) -> Floats:
        """z [z_dim] at `phase`, in keys; any finite number."""
        first = math.floor(phase)
        weights = _basis(phase - first)
        keys = [self._key(first + i) for i in range(4)]
        z: NDArray[np.float64] = np.einsum("k,kz->z", weights, keys)
        return z.astype(np.float32)


def _basis(u: float) -> NDArray[np.float64]:
    """Weights [4] of four neighbouring keys at 0 <= u < 1, scaled to a sum of squares of one."""
    v = 1.0 - u
    weights = np.array([v**3, 3 * u**3 - 6 * u**2 + 4, 3 * v**3 - 6 * v**2 + 4, u**3])
    return weights / math.hypot(*weights)
