"""Difference hashes of pictures, and which pictures are nearly the same: 64 bits, as in many tools, row by row."""

from collections.abc import Iterator
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

BANDS, BITS = 4, 16  # a hash is four bands: within n bits of another, it is within n // 4 in one of them
AT_ONCE = 4_000_000  # pairs compared at once, some 100 MB
FEW = 1024  # hashes of which each is compared with each

Indices = NDArray[np.int64]


def dhash(grey: Image.Image) -> int:
    """64 bits of a mode-L image, the first the highest: whether each of 9x8 areas is darker than the next."""
    areas = np.asarray(grey.resize((9, 8), Image.Resampling.BOX))
    return int.from_bytes(np.packbits(areas[:, 1:] > areas[:, :-1]).tobytes(), "big")


def near_duplicates(hashes: NDArray[np.uint64], near: int) -> dict[int, int]:
    """Positions of the hashes [N] to drop, each with the position it is a near-duplicate of.

    Greedy in the given order: the first of a group stays, and whatever is within `near` bits of one that stays goes.
    What goes is compared no more, so that many that look alike cost no more than others: a million hashes take about
    half a minute and 300 MB.
    """
    unique, firsts, inverse = np.unique(hashes, return_index=True, return_inverse=True)
    order = np.argsort(firsts)
    places = firsts[order]  # of the distinct hashes, in the given order
    stays = np.empty_like(places)
    stays[order] = places[_stays(unique[order], near)]
    of = stays[inverse]
    return {int(place): int(of[place]) for place in np.flatnonzero(of != np.arange(len(hashes)))}


def _stays(hashes: NDArray[np.uint64], near: int) -> Indices:
    """For each of the distinct hashes the position of the one that stays for it, perhaps itself.

    A portion at a time: what is near one that stays already, then the rest of the portion among themselves.
    """
    of = np.arange(len(hashes))
    of[:FEW] = _stays_of_few(hashes[:FEW], near)
    start = FEW
    while start < len(hashes):
        stop = start + max(FEW, start // 4)
        kept = np.flatnonzero(of[:start] == np.arange(start))
        first = _first_near(hashes[kept], hashes[start:stop], near)
        found = np.flatnonzero(first < len(kept))
        rest = start + np.flatnonzero(first == len(kept))
        of[start + found] = kept[first[found]]
        of[rest] = rest[_stays(hashes[rest], near)]
        start = stop
    return of


def _stays_of_few(hashes: NDArray[np.uint64], near: int) -> Indices:
    """Each compared with each."""
    close = np.bitwise_count(hashes[:, None] ^ hashes) <= near
    of = np.arange(len(hashes))
    for i in np.flatnonzero(np.count_nonzero(close, axis=1) > 1):
        if of[i] == i:
            later = i + np.flatnonzero(close[i, i:])
            of[later[of[later] == later]] = i
    return of


def _first_near(kept: NDArray[np.uint64], hashes: NDArray[np.uint64], near: int) -> Indices:
    """For each of the hashes the first of `kept` [K] within `near` bits of it, K where there is none."""
    first = np.full(len(hashes), len(kept))
    for band in range(BANDS):
        keys = _keys(kept, band)
        order = np.argsort(keys, kind="stable")
        ends = np.concatenate([[0], np.cumsum(np.bincount(keys, minlength=1 << BITS))])
        for flips in _flips(near // BANDS):
            wanted = (_keys(hashes, band) ^ np.uint16(flips)).astype(np.int64)
            for i, k in _joined(order, ends[wanted], ends[wanted + 1] - ends[wanted]):
                close = np.bitwise_count(hashes[i] ^ kept[k]) <= near
                np.minimum.at(first, i[close], k[close])
    return first


def _keys(hashes: NDArray[np.uint64], band: int) -> NDArray[np.uint16]:
    return (hashes >> np.uint64(band * BITS)).astype(np.uint16)


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
