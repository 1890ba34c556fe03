"""Re-timing: what makes a line's speed even in what is seen of it, and the profile of speed over a leg.

A network's pictures change by far more in some places of its latent space than in others: eight to one along one
passage. Cumulative distance between neighbouring pictures, in place of arc length in z, evens that out.
"""

from collections.abc import Callable, Generator

import numpy as np
from numpy.typing import NDArray

from engine.walk.base import Floats

FINE = 4  # places of the table for each step
SLOWEST = 0.05  # of the mean distance of a step: a stretch without change is passed at a bounded speed, not jumped

Measure = Callable[[Floats], Floats]


class Retiming:
    """Place 0 to 1 along a leg, in z, and share 0 to 1 of the leg's distance that lies before it: each as a function of
    the other, strictly rising.
    """

    def __init__(self, distances: NDArray[np.float64]) -> None:
        """`distances` [M] of neighbours among M + 1 points evenly spaced in place, 0 or more and finite."""
        mean = distances.mean()
        bounded = np.maximum(distances / mean, SLOWEST) if mean > 0 else np.ones_like(distances)
        self._places = np.linspace(0.0, 1.0, FINE * len(bounded) + 1)
        middles = (np.arange(len(bounded)) + 0.5) / len(bounded)
        speeds = np.interp((self._places[1:] + self._places[:-1]) / 2, middles, bounded)  # no steps in speed
        self._shares = np.append(0.0, np.cumsum(speeds) / speeds.sum())
        self._shares[-1] = 1.0

    def share(self, place: float) -> float:
        """What lies before a place."""
        return float(np.interp(place, self._places, self._shares))

    def place(self, share: float) -> float:
        """Where so much lies behind."""
        return float(np.interp(share, self._shares, self._places))


EVEN_IN_Z = Retiming(np.ones(1))


def measured(
    points: Callable[[NDArray[np.float64]], Floats], measure: Measure, steps: int
) -> Generator[None, None, Retiming]:
    """A leg's re-timing, worked out point by point: longer parts would hold up the display, and the end of a thread.

    `points` gives for places [N] what `measure` makes features [N, …] of, at both ends of each of `steps`; the distance
    of two points is the mean absolute difference of their features.
    """
    places = np.linspace(0.0, 1.0, steps + 1)
    distances: list[float] = []
    before = measure(points(places[:1])).astype(np.float64)
    for place in places[1:]:
        yield
        here = measure(points(np.array([place]))).astype(np.float64)
        distances.append(float(np.abs(here - before).mean()))
        before = here
    return Retiming(np.array(distances))


def remaining(clock: float, ramp: float) -> float:
    """What is left to go at `clock`, 0 to 1, of a leg's time, at most 1 - `ramp`.

    Speed rises from 0 to 1 within the share `ramp`, at most 0.5, of the time, and falls to 0 at the end alike:
    smoothsteps.
    """
    left = 1.0 - clock
    if left <= ramp:
        return _ramp(left, ramp)
    if clock <= ramp:
        return 1.0 - ramp - _ramp(clock, ramp)
    return left - ramp / 2


def _ramp(time: float, ramp: float) -> float:
    """The integral of a smoothstep that takes `ramp`."""
    u = time / ramp
    return ramp * u**3 * (1.0 - u / 2)
