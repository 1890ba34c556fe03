"""Where light or colour has just changed enough, and in which direction: local extrema, each place for itself.

A place moves away from its last extremum until the change is large enough; that is one transition, however far it goes
on in that direction. Only then is a change back one of its own, measured from the new extremum. So noise below the
threshold counts for nothing, and a slow change counts like a fast one: how often they come is counted elsewhere.
"""

import numpy as np
from numpy.typing import NDArray

from engine.flashes.definition import RED_CHANGE, SATURATED_RED, Rules
from engine.flashes.light import Plane

Mask = NDArray[np.bool_]
RED_PRIMARY = (0.4507, 0.5229)  # u', v' of sRGB's


class LuminanceTransitions:
    """Changes of luminance that count by one of some rules, of arrays of one shape."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._high: Plane | None = None
        self._low: Plane
        self._up: Mask  # the last transition of a place; neither before its first
        self._down: Mask

    def see(self, light: Plane) -> Mask:
        """Relative luminance, of one frame after the other -> where a transition has just been completed."""
        if self._high is None:
            self._high, self._low = light.copy(), light.copy()
            self._up, self._down = np.zeros(light.shape, bool), np.zeros(light.shape, bool)
            return np.zeros(light.shape, bool)
        np.maximum(self._high, light, out=self._high)
        np.minimum(self._low, light, out=self._low)
        rises = self._counts(light - self._low, self._low) & ~self._up
        falls = self._counts(self._high - light, light) & ~self._down
        found = rises | falls
        if found.any():
            self._turn(found, rises, falls, light)
        return found

    def _counts(self, change: Plane, darker: Plane) -> Mask:
        found = np.zeros(change.shape, bool)
        for least, dark in self._rules:
            found |= (change >= least) & (darker < dark)
        return found

    def _turn(self, found: Mask, rises: Mask, falls: Mask, light: Plane) -> None:
        """What has moved far enough in one direction waits for the other, and looks back no further than now."""
        assert self._high is not None
        np.copyto(self._high, light, where=found)
        np.copyto(self._low, light, where=found)
        self._up = (self._up | rises) & ~falls
        self._down = (self._down | falls) & ~rises


class RedTransitions:
    """Changes of colour to and from saturated red. Two reds are never far enough apart: one of two states is no red."""

    def __init__(self) -> None:
        self._u: Plane | None = None  # chromaticity of the last extremum
        self._v: Plane
        self._from_primary: Plane  # its distance from pure red: least in red, largest elsewhere
        self._red: Mask  # whether it is a red one

    def see(self, u: Plane, v: Plane, red_share: Plane) -> Mask:
        """u', v' and R/(R+G+B), of one frame after the other -> where a transition has just been completed."""
        red = red_share >= SATURATED_RED
        from_primary = np.hypot(u - RED_PRIMARY[0], v - RED_PRIMARY[1])
        if self._u is None:
            self._u, self._v, self._from_primary, self._red = u.copy(), v.copy(), from_primary, red
            return np.zeros(u.shape, bool)
        found: Mask = (np.hypot(u - self._u, v - self._v) > RED_CHANGE) & (red != self._red)
        redder = self._red & red & (from_primary < self._from_primary)
        farther = ~self._red & ~red & (from_primary > self._from_primary)
        extreme = found | redder | farther
        np.copyto(self._u, u, where=extreme)
        np.copyto(self._v, v, where=extreme)
        np.copyto(self._from_primary, from_primary, where=extreme)
        self._red ^= found
        return found
