"""The network's live numbers, such as its camera and its bends, on their way to the generator with each latent."""

from collections.abc import Sequence

import numpy as np

from engine.params import Parameter
from engine.walk.base import NOTHING, Floats, Lookup
from engine.walk.easing import LAG, Follower

ARRIVED = 1e-5  # of the range: nearer than this a number is where it was sent, and the network may rest


class Controls:
    """Effective values in the order of the parameters, eased, so that no jump of a slider becomes one of the picture.

    Display thread only.
    """

    def __init__(self, parameters: Sequence[Parameter] = (), lag: float = LAG) -> None:
        """`parameters` are floats with both bounds; `lag` is the mean delay in seconds."""
        self._parameters = tuple(parameters)
        self._lag = lag
        self._followers: list[Follower] = []

    def advance(self, dt: float, lookup: Lookup) -> Floats:
        """The values [n] after `dt` seconds; the first call starts where the parameters stand."""
        if not self._parameters:
            return NOTHING
        targets = [_number(lookup, parameter) for parameter in self._parameters]
        if not self._followers:
            self._followers = [Follower(target, lag=self._lag) for target in targets]
        steps = zip(self._followers, targets, self._parameters, strict=True)
        return np.array([_follow(follower, target, dt, parameter) for follower, target, parameter in steps], np.float32)


def _follow(follower: Follower, target: float, dt: float, parameter: Parameter) -> float:
    """One step within the parameter's range, and onto the target itself once it is as good as there."""
    assert parameter.minimum is not None
    assert parameter.maximum is not None
    follower.step(target, dt)
    near = ARRIVED * (parameter.maximum - parameter.minimum)
    if abs(follower.value - target) < near and abs(follower.velocity) * follower.lag < near:
        follower.value, follower.velocity = target, 0.0
    return min(max(follower.value, parameter.minimum), parameter.maximum)


def _number(lookup: Lookup, parameter: Parameter) -> float:
    value = lookup(parameter.address)
    assert isinstance(value, int | float)
    return float(value)
