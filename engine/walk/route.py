"""The way of a walk that rests: holds within a region, and passages from one region to the next.

Leg 2k is the hold at station k, leg 2k+1 the passage from there to station k+1. The way is one fixed line for each
seed: where along it the walk is, and how fast it goes, is not decided here.
"""

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from engine.walk.base import Floats
from engine.walk.path import GaussianPath, gaussian
from models.seeds import seed_z

STREAMS = 3  # of random numbers that a route takes
_KEPT = 8


class Route:
    """A line in z [z_dim] whose every point is N(0, I), so that it stays on the shell the network was trained on.

    A point is the sum of three independent Gaussians whose weights have a sum of squares of one: the station, the
    wander about it, and the direction in which the line may be bent.
    """

    def __init__(self, seed: int, stream: int, z_dim: int, keys: float, stations: Sequence[int] = ()) -> None:
        """`stream` is the first of STREAMS streams of `gaussian`; `keys` of the wander lie in each hold. Stations are
        those of the seeds `stations`, in turn, or, where there are none, of that stream.
        """

        def station(index: int) -> NDArray[np.float64]:
            if stations:
                return seed_z(stations[index % len(stations)], z_dim).astype(np.float64)
            return gaussian(seed, stream, index, z_dim)

        self._keys = keys
        self._station = lru_cache(_KEPT)(station)
        self._wander = GaussianPath(seed, stream + 1, z_dim)
        self._bend = GaussianPath(seed, stream + 2, z_dim)

    def at(self, leg: int, place: float, region: float, bend: float) -> Floats:
        """z [z_dim] at `place`, 0 to 1, of a leg.

        `region` is the share of a right angle that the wander goes from the station, 0: not at all, 1: all of it is
        wander; `bend` 0 to 1 turns the line aside by as much again.
        """
        station, passage = divmod(leg, 2)
        phase = self._keys * (station + (1.0 if passage else place))
        angle = region * math.pi / 2
        centre = self._centre(station, place if passage else 0.0)
        orbit = math.cos(angle) * centre + math.sin(angle) * self._wander.at(phase)
        z: Floats = math.cos(bend * angle) * orbit + math.sin(bend * angle) * self._bend.at(phase)
        return z.astype(np.float32)

    def _centre(self, station: int, progress: float) -> NDArray[np.float64]:
        """From a station to the next: slerp of two vectors that are as good as orthogonal, [z_dim]."""
        turn = progress * math.pi / 2
        near: NDArray[np.float64] = math.cos(turn) * self._station(station)
        return near + math.sin(turn) * self._station(station + 1)
