"""How many transitions each place had in the last second, and for how long there have been too many in every second."""

from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.flashes.definition import EXTENDED_TRANSITIONS
from engine.flashes.transitions import Mask

Counts = NDArray[np.int16]

SECOND = 1.0
ROUNDING = 1e-6  # seconds: times of frames are sums or quotients
SLOT = 1 / 240  # seconds whose transitions are kept together: files may have frames that are next to no time apart
TENTHS = 10  # of a second: how finely durations are told


@dataclass(slots=True)
class Slot:
    """Transitions between two times, which are the same as a rule."""

    begin: float
    end: float
    found: Counts


class Counter:
    """Counts the transitions of places over the second that ends now: later than a second ago, and up to now."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.counts: Counts = np.zeros(shape, np.int16)
        self.peaks: Counts = np.zeros(shape, np.int16)  # the most there have been
        self._past: deque[Slot] = deque()
        self._since = np.full(shape, np.inf)  # when the places came to EXTENDED_TRANSITIONS that are still there

    def add(self, found: Mask, time: float) -> None:
        """The transitions that were completed at `time`, in seconds."""
        while self._past and self._past[0].end <= time - SECOND + ROUNDING:
            self.counts -= self._past.popleft().found
        if found.any():
            self.counts += found
            self._keep(found, time)
            np.maximum(self.peaks, self.counts, out=self.peaks)
        often = self.counts >= EXTENDED_TRANSITIONS
        self._since = np.where(often, np.minimum(self._since, time), np.inf)

    def _keep(self, found: Mask, time: float) -> None:
        if self._past and time < self._past[-1].begin + SLOT - ROUNDING:
            self._past[-1].found += found
            self._past[-1].end = time
        else:
            self._past.append(Slot(time, time, found.astype(np.int16)))

    def lasting(self, time: float) -> Counts:
        """For how many tenths of a second there have been EXTENDED_TRANSITIONS or more in every second."""
        since = np.maximum(time - self._since + ROUNDING, 0)
        return np.asarray(np.minimum(since * TENTHS, np.iinfo(np.int16).max), np.int16)
