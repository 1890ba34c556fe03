"""Rows, readings and samples: what a sensor measures, what a device said, what the show is given."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Quality(StrEnum):
    """How far a value may be trusted."""

    LIVE = "live"
    """Measured within the sensor's staleness limit."""
    STALE = "stale"
    """The device is there but has gone silent; the fallback stands."""
    FALLBACK = "fallback"
    """The device is gone or was never there; an eased or held value stands."""
    SIMULATED = "simulated"
    """No device at all: a simulation gives the value."""


@dataclass(frozen=True, slots=True)
class Channel:
    """One measured quantity.

    `low` and `high` are the typical range in `unit`, for meters and modulation; real values may lie outside.
    `minimum` and `maximum` are what the device can physically say: anything beyond is a fault. `rejects` are numbers
    that look like measurements and mean failure. `neutral` stands until something has been measured.
    """

    name: str
    unit: str
    low: float
    high: float
    neutral: float
    rejects: tuple[float, ...] = ()
    minimum: float = -math.inf
    maximum: float = math.inf
    help: str = ""

    def accepts(self, value: float) -> bool:
        """Whether a value is a measurement at all: finite, within bounds, no failure value."""
        return math.isfinite(value) and self.minimum <= value <= self.maximum and value not in self.rejects


@dataclass(frozen=True, slots=True)
class Reading:
    """What a device said at one moment. `values` may hold some of the channels only. `time` is monotonic seconds."""

    values: Mapping[str, float]
    time: float


@dataclass(frozen=True, slots=True)
class Sample:
    """One channel as the show sees it: always finite. `age` is in seconds since really measured, inf if never."""

    value: float
    age: float
    quality: Quality
