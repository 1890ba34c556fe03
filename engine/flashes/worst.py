"""The worst second of a recording, as small pictures."""

from collections import deque
from dataclasses import dataclass

import cv2
import numpy as np

from engine.flashes.counting import ROUNDING, SECOND
from engine.flashes.light import Frame

WIDTH = 192  # pixels at most
APART = 1 / 120  # seconds between two pictures that are kept, at least


@dataclass(frozen=True)
class Moment:
    """A frame, made small, and when it was shown."""

    time: float
    picture: Frame


class WorstSecond:
    """Keeps the frames of the last second, and of the worst one so far."""

    def __init__(self) -> None:
        self.moments: tuple[Moment, ...] = ()
        self._last: deque[Moment] = deque()
        self._severity = 0.0

    def see(self, frame: Frame, time: float, severity: float) -> None:
        """One frame; `severity` is that of the second that it ends. Of two that are as bad, the first is kept."""
        if not self._last or time >= self._last[-1].time + APART - ROUNDING:
            self._last.append(Moment(time, _small(frame)))
        while self._last and self._last[0].time < time - SECOND:
            self._last.popleft()
        if severity > self._severity:
            self._severity = severity
            self.moments = tuple(self._last)


def _small(frame: Frame) -> Frame:
    height, width = frame.shape[:2]
    if width <= WIDTH:
        return frame.copy()
    size = WIDTH, max(1, round(height * WIDTH / width))
    return np.asarray(cv2.resize(np.ascontiguousarray(frame), size, interpolation=cv2.INTER_AREA), np.uint8)
