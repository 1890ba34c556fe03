"""Sliced Wasserstein distance: how differently two sets of points lie, seen along many random directions.

`swd` is the multi-scale distance of Karras et al., "Progressive growing of GANs" (2018), section 5: patches of 7x7
pixels from each level of the Laplacian pyramid, freed of the mean and deviation that each channel has over the set. The
coarsest level tells of large forms, the finest of texture. As each set is freed of its own, a cast of colour or a lack
of contrast is not seen; `diversity` sees the latter.
"""

from collections.abc import Iterable
from itertools import chain

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.metrics.patches import Patches

DIRECTIONS = 512
AT_ONCE = 16  # directions whose projections are in memory together
SCALE = 1000.0  # the paper's unit


def swd(reals: Iterable[Tensor], fakes: Iterable[Tensor], count: int, seed: int = 0) -> dict[str, float]:
    """The distance at each level, named by its shorter side, and their `mean`; times 1000, as in the paper.

    `reals` and `fakes` give `count` pictures each, in batches uint8 [N, C, H, W]. The same pictures and seed give the
    same figures. Two samples of one distribution are not at 0 but at a floor that falls as `count` grows.
    """
    return between(_cut(reals, count, (seed, 0)), _cut(fakes, count, (seed, 1)), seed)


def _cut(batches: Iterable[Tensor], count: int, seed: tuple[int, int]) -> Patches:
    waiting = iter(batches)
    first = next(waiting)
    channels, height, width = first.shape[1:]
    patches = Patches((height, width), count, seed, channels)
    for images in chain([first], waiting):
        patches.add(images)
    return patches


def between(reals: Patches, fakes: Patches, seed: int) -> dict[str, float]:
    """As `swd`, of patches that are already cut; they are used up."""
    levels = {
        str(level): SCALE * sliced_wasserstein(reals.take(level), fakes.take(level), seed=seed)
        for level in reals.levels
    }
    return levels | {"mean": sum(levels.values()) / len(levels)}


def sliced_wasserstein(a: Tensor, b: Tensor, directions: int = DIRECTIONS, seed: int = 0) -> float:
    """Mean over random unit vectors of the 1-Wasserstein distance between the projections of a and b, float32 [n, D].

    Raises ValueError where they are not equally many.
    """
    if a.shape != b.shape:
        raise ValueError(f"the sets have the shapes {list(a.shape)} and {list(b.shape)}; they must be equal")
    random = np.random.default_rng((seed, a.shape[1]))
    units = torch.from_numpy(random.standard_normal((directions, a.shape[1]), dtype=np.float32))
    units /= units.norm(dim=1, keepdim=True)
    return float(np.concatenate([_along(a, b, some) for some in torch.split(units, AT_ONCE)]).mean())


def _along(a: Tensor, b: Tensor, units: Tensor) -> NDArray[np.float64]:
    """The distances [k] along unit vectors [k, D]: sorted, the projections are matched at the least cost."""
    projected = [(units @ points.T).numpy() for points in (a, b)]  # [k, n] each
    for values in projected:
        values.sort(axis=1)
    distances: NDArray[np.float64] = np.abs(projected[0] - projected[1]).mean(axis=1, dtype=np.float64)
    return distances
