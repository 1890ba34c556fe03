"""Difference hashes of pictures, and which pictures are nearly the same: 64 bits, as in many tools, row by row."""

from collections.abc import Iterator
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

BANDS, BITS = 4, 16  # a hash is four bands: within n bits of another, it is within n // 4 in one of them
AT_ONCE = 4_000_000  # pairs compared at once, some 100 MB

Indices = NDArray[np.int64]


def dhash(grey: Image.Image) -> int:
    """64 bits of a mode-L image, the first the highest: whether each of 9x8 areas is darker than the next."""
    areas = np.asarray(grey.resize((9, 8), Image.Resampling.BOX))
    return int.from_bytes(np.packbits(areas[:, 1:] > areas[:, :-1]).tobytes(), "big")


def near_duplicates(hashes: NDArray[np.uint64], near: int) -> dict[int, int]:
    """Positions of the hashes [N] to drop, each with the position it is a near-duplicate of.

    Greedy in the given order: the first of a group stays, and whatever is within `near` bits of one that stays goes.
    A million hashes take about half a minute and 800 MB; time grows where many look alike.
    """
    unique, firsts, inverse = np.unique(hashes, return_index=True, return_inverse=True)
    order = np.argsort(firsts)
    places = firsts[order]  # of the distinct hashes, in the given order
    dropped: dict[int, int] = {}
    for first, second in _pairs(unique[order], near):
        i, j = int(places[first]), int(places[second])
        if i not in dropped and j not in dropped:
            dropped[j] = i
    for place in np.flatnonzero(firsts[inverse] != np.arange(len(hashes))):
        first = int(firsts[inverse[place]])
        dropped[int(place)] = dropped.get(first, first)
    return dropped


def _pairs(hashes: NDArray[np.uint64], near: int) -> Iterator[tuple[int, int]]:
    """Every pair i < j of distinct hashes within `near` bits, by j, then i."""
    found = [pairs for band in range(BANDS) for pairs in _pairs_of_band(hashes, band, near)]
    if found:
        codes = np.unique(np.concatenate(found))
        yield from ((int(code) % len(hashes), int(code) // len(hashes)) for code in codes)


def _pairs_of_band(hashes: NDArray[np.uint64], band: int, near: int) -> Iterator[Indices]:
    """Codes j * N + i of the pairs that differ by at most near // BANDS bits in this band."""
    keys = (hashes >> np.uint64(band * BITS)).astype(np.uint16)
    order = np.argsort(keys, kind="stable")
    ends = np.concatenate([[0], np.cumsum(np.bincount(keys, minlength=1 << BITS))])
    for flips in _flips(near // BANDS):
        wanted = keys ^ np.uint16(flips)
        begin, count = ends[wanted], ends[wanted.astype(np.int64) + 1] - ends[wanted]
        for i, j in _joined(order, begin, count):
            close = (i < j) & (np.bitwise_count(hashes[i] ^ hashes[j]) <= near)
            yield j[close] * len(hashes) + i[close]


def _joined(order: Indices, begin: Indices, count: Indices) -> Iterator[tuple[Indices, Indices]]:
    """Each position i beside order[begin[i] : begin[i] + count[i]], in bounded portions."""
    total = np.cumsum(count)
    start = 0
    while start < len(count):
        done = total[start - 1] if start else 0
        stop = max(start + 1, int(np.searchsorted(total, done + AT_ONCE, side="right")))
        counts = count[start:stop]
        i = np.repeat(np.arange(start, stop), counts)
        within = np.arange(len(i)) - np.repeat(np.cumsum(counts) - counts, counts)
        yield i, order[np.repeat(begin[start:stop], counts) + within]
        start = stop


def _flips(most: int) -> Iterator[int]:
    """All masks of a band with at most so many bits set."""
    for number in range(most + 1):
        yield from (sum(1 << bit for bit in bits) for bits in combinations(range(BITS), number))
