"""From signals to parameters: each route maps a signal's range through a curve and a lag onto an offset.

Effective value = artist's value + Σ depth × modulation, clamped by the tree. Routes hold only their lag's state, so the
same signals at the same times give the same picture again.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from engine.signals import SignalBus

CURVES: dict[str, Callable[[float], float]] = {
    "linear": lambda x: x,
    "smooth": lambda x: x * x * (3.0 - 2.0 * x),
    "square": lambda x: x * x,
    "root": math.sqrt,
}


def range_map(value: float, low: float, high: float, *, log: bool = False) -> float:
    """Where `value` lies between `low` and `high`, clamped to [0, 1]. With `log`, both ends must be above 0."""
    if log:
        value, low, high = (math.log(max(x, 1e-9)) for x in (value, low, high))
    return min(max((value - low) / (high - low), 0.0), 1.0)


class Lag:
    """A one-pole follower with its own time constants (s) for rising and falling, at any frame rate."""

    def __init__(self, attack: float, release: float) -> None:
        self._attack = attack
        self._release = release
        self._value: float | None = None

    def step(self, target: float, dt: float) -> float:
        """Follow `target` for `dt` seconds. The first call starts on the target."""
        if self._value is None:
            self._value = target
        seconds = self._attack if target > self._value else self._release
        blend = 1.0 if seconds <= 0 else 1.0 - math.exp(-dt / seconds)
        self._value += (target - self._value) * blend
        return self._value


@dataclass(frozen=True, slots=True)
class Route:
    """One line of the matrix. `input` None means the channel's typical range."""

    source: str
    target: str
    input: tuple[float, float] | None = None
    output: tuple[float, float] = (0.0, 1.0)
    log: bool = False
    curve: str = "linear"
    depth: float = 1.0
    attack: float = 0.0
    release: float = 0.0

    def shape(self, value: float, typical: tuple[float, float]) -> float:
        """The offset this signal value asks for, before lag."""
        low, high = self.input or typical
        position = CURVES[self.curve](range_map(value, low, high, log=self.log))
        return self.depth * (self.output[0] + (self.output[1] - self.output[0]) * position)


class Matrix:
    """All routes of a show. Display thread only."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._routes = [(route, Lag(route.attack, route.release)) for route in routes]

    def step(self, bus: SignalBus, dt: float) -> dict[str, float]:
        """The offset of every modulated address after `dt` seconds. A signal never seen adds nothing."""
        offsets: dict[str, float] = {}
        for route, lag in self._routes:
            signal = bus.get(route.source)
            if signal is not None:
                asked = route.shape(signal.value, (signal.low, signal.high))
                offsets[route.target] = offsets.get(route.target, 0.0) + lag.step(asked, dt)
        return offsets
