"""The order in which a run sees its pictures: a permutation for each time through the set."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from models.training.randomness import Purpose, stream


def order(seed: int, position: int, count: int, size: int) -> list[int]:
    """Indices of the pictures shown at `position` and after it, `count` of them, in a set of `size`.

    `position` counts from the start of the run; a function of it, so that any number of processes agree, and a run
    that goes on sees what it would have seen.
    """
    places = (divmod(place, size) for place in range(position, position + count))
    return [int(_epoch(seed, epoch, size)[index]) for epoch, index in places]


@lru_cache(maxsize=2)
def _epoch(seed: int, epoch: int, size: int) -> NDArray[np.int64]:
    return np.random.default_rng(stream(seed, epoch, 0, Purpose.ORDER)).permutation(size)
