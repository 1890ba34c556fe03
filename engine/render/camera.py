"""Where on the generated picture the canvas looks: chosen by the artist, and wandering slowly if asked."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from engine.easing import Follower
from engine.params import Parameter, Value

Lookup = Callable[[str], Value]

FITS = ("cover", "contain", "mirror")
PARAMETERS = (
    Parameter("/picture/fit", "choice", "cover", choices=FITS, label="Fit",
              help="How the generated picture meets the canvas: fill it, show it whole, or mirror it outwards"),
    Parameter("/picture/zoom", "float", 1.0, 1.0, 4.0, unit="×", label="Zoom", help="Enlarges a part of the picture"),
    Parameter("/picture/x", "float", 0.0, -1.0, 1.0, label="Left or right",
              help="Which part is seen of what is wider than the canvas: -1 its left, 1 its right"),
    Parameter("/picture/y", "float", 0.0, -1.0, 1.0, label="Down or up",
              help="Which part is seen of what is higher than the canvas: -1 its bottom, 1 its top"),
    Parameter("/picture/roam", "float", 0.0, 0.0, 1.0, label="Roam",
              help="How far the camera wanders by itself over what is larger than the canvas"),
    Parameter("/picture/roam_time", "float", 90.0, 10.0, 900.0, unit="s", curve="log", label="Roam time",
              help="How long the camera takes to wander there and back"),
)  # fmt: skip

# Periods in roam times. Their ratios are irrational, so the way never closes.
_ACROSS, _UP, _CLOSER = 1.0, (1 + math.sqrt(5)) / 2, math.sqrt(2)
_NEAREST = 0.25  # by how much a camera that roams freely comes closer at times


@dataclass(frozen=True, slots=True)
class View:
    """What the canvas shows: `x` and `y` from -1 to 1 of the room there is, `zoom` from 1 on."""

    fit: str = "cover"
    zoom: float = 1.0
    x: float = 0.0
    y: float = 0.0


class Camera:
    """Follows the parameters and its own slow way, without a jump in place or pace; zoom is as fast as it is told.
    Display thread only.
    """

    def __init__(self) -> None:
        self._gone = 0.0  # roam times
        self._followers: dict[str, Follower] = {}

    def advance(self, delta: float, lookup: Lookup) -> View:
        """The view `delta` seconds later. `lookup` gives the value in force at an address."""
        fit = lookup("/picture/fit")
        assert isinstance(fit, str)
        zoom, time = _number(lookup, "/picture/zoom"), _number(lookup, "/picture/roam_time")
        x, y, roam = (self._eased(f"/picture/{name}", delta, lookup) for name in ("x", "y", "roam"))
        self._gone += delta / time
        return View(
            fit,
            zoom * (1.0 + _NEAREST * roam * (0.5 - 0.5 * math.cos(math.tau * self._gone / _CLOSER))),
            _within(x + roam * math.sin(math.tau * self._gone / _ACROSS)),
            _within(y + roam * math.sin(math.tau * self._gone / _UP)),
        )

    def _eased(self, address: str, delta: float, lookup: Lookup) -> float:
        """The first call starts where the parameter stands."""
        target = _number(lookup, address)
        follower = self._followers.setdefault(address, Follower(target))
        follower.step(target, delta)
        return follower.value


def _within(place: float) -> float:
    return min(max(place, -1.0), 1.0)


def _number(lookup: Lookup, address: str) -> float:
    value = lookup(address)
    assert isinstance(value, int | float)
    return float(value)
