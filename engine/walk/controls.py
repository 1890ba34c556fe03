"""The network's live numbers, such as its camera and its bends, on their way to the generator with each latent."""

from collections.abc import Sequence

import numpy as np

from engine.easing import LAG, Follower
from engine.params import Parameter
from engine.walk.base import NOTHING, Floats, Lookup
from models.noise import START, turned

ROOT = "/network"
NOISE_SPEED = f"{ROOT}/noise/speed"
ARRIVED = 1e-5  # of the range: nearer than this a number is where it was sent, and stands still


class Controls:
    """What the parameters send, in their order: their effective values, eased, so that no jump of a slider becomes one
    of the picture; and for the noise's speed how far the noise has turned.

    Display thread only.
    """

    def __init__(self, parameters: Sequence[Parameter] = (), lag: float = LAG) -> None:
        """`parameters` are floats with both bounds; those below ROOT are the network's. `lag` is the mean delay in
        seconds.
        """
        self._parts = [NoiseTurns(p) if p.address == NOISE_SPEED else Eased(p, lag) for p in parameters]

    @property
    def names(self) -> tuple[str, ...]:
        """Of all that is sent: camera/zoom, noise/turn_0, bend/NAME/rotate."""
        return tuple(name for part in self._parts for name in part.names)

    def advance(self, dt: float, lookup: Lookup) -> Floats:
        """The values [n] after `dt` seconds; the first call starts where the parameters stand."""
        if not self._parts:
            return NOTHING
        return np.array([value for part in self._parts for value in part.advance(dt, lookup)], np.float32)


class Eased:
    """One number that follows its parameter."""

    def __init__(self, parameter: Parameter, lag: float = LAG) -> None:
        assert parameter.minimum is not None
        assert parameter.maximum is not None
        self.names: Sequence[str] = (parameter.address.removeprefix(f"{ROOT}/"),)
        self._address = parameter.address
        self._range = (parameter.minimum, parameter.maximum)
        self._lag = lag
        self._follower: Follower | None = None

    def advance(self, dt: float, lookup: Lookup) -> Sequence[float]:
        """The value after `dt` seconds, within the parameter's range."""
        self.travel(dt, lookup)
        assert self._follower is not None
        return (min(max(self._follower.value, self._range[0]), self._range[1]),)

    def travel(self, dt: float, lookup: Lookup) -> float:
        """Go on, onto the target itself once it is as good as there; the integral of the value over `dt` seconds."""
        target = lookup(self._address)
        assert isinstance(target, int | float)
        follower = self._follower = self._follower or Follower(float(target), lag=self._lag)
        travelled = follower.step(float(target), dt)
        near = ARRIVED * (self._range[1] - self._range[0])
        if abs(follower.value - target) < near and abs(follower.velocity) * follower.lag < near:
            follower.value, follower.velocity = float(target), 0.0
        return travelled


class NoiseTurns:
    """How far the noise has turned, from 0 to 1 for each angle, at an eased speed in turns a minute.

    Counted in double precision and never more than 1: a float32 of it is as exact after a year as after a minute.
    """

    names = tuple(f"noise/turn_{angle}" for angle in range(len(START)))

    def __init__(self, speed: Parameter) -> None:
        self._speed = Eased(speed)
        self._turns = START

    def advance(self, dt: float, lookup: Lookup) -> Sequence[float]:
        """The angles [ANGLES] after `dt` seconds."""
        self._turns = turned(self._turns, self._speed.travel(dt, lookup) / 60.0)
        return self._turns
