"""Which prepared records make a set: all but the rejected, and of pictures that are nearly the same the first."""

from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from models.archive.prepare.chunk import Result
from models.archive.prepare.dhash import near_duplicates


@dataclass(frozen=True, slots=True)
class Rejection:
    """A record that is not in the set, and why."""

    id: str
    kind: str
    detail: str


def selected(results: Iterable[Result], near: int | None) -> dict[str, Rejection]:
    """What to leave out, by id, of records that come in the order of their ids. `near` as in Settings."""
    rejected: dict[str, Rejection] = {}
    hashes, ids = array("Q"), list[str]()
    for result in results:
        if result.kind:
            rejected[result.id] = Rejection(result.id, result.kind, result.detail)
        else:
            hashes.append(result.dhash)
            ids.append(result.id)
    for rejection in _near(np.array(hashes, dtype=np.uint64), ids, near):
        rejected[rejection.id] = rejection
    return rejected


def _near(
    hashes: "np.ndarray[tuple[int], np.dtype[np.uint64]]", ids: list[str], near: int | None
) -> Iterator[Rejection]:
    if near is None:
        return
    for later, first in near_duplicates(hashes, near).items():
        distance = int(np.bitwise_count(hashes[later] ^ hashes[first]))
        yield Rejection(ids[later], "near-duplicate", f"of {ids[first]}: {distance} of 64 bits differ")
