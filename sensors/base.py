"""The contract of a sensor. Copy `stub.py` to begin one.

A sensor is a frozen table of channels and one of two kinds: a DeviceSensor talks to a device and is run in a thread of
its own by `sensors.driver`; a TimeSensor is a pure function of show time and needs none. Device libraries are imported
inside `open()`, so that a missing one costs that sensor and not the show.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar, Self

from pydantic import BaseModel, ConfigDict, model_validator

from sensors.channel import Channel, Quality, Reading, Sample
from sensors.fallback import Fallback
from sensors.units import Seconds

__all__ = [
    "Channel",
    "DeviceConfig",
    "DeviceSensor",
    "Quality",
    "Reading",
    "Sample",
    "Sensor",
    "SensorConfig",
    "SensorError",
    "SensorLost",
    "TimeSensor",
]


class SensorError(Exception):
    """A device that is absent or wrongly described: what and where, and what the user can do about it."""

    def __init__(self, why: str, remedy: str) -> None:
        super().__init__(f"{why}; {remedy}")
        self.why = why


class SensorLost(Exception):
    """A device that was there and is gone, or went silent. The message says why in a few words."""


class SensorConfig(BaseModel):
    """The keys of one sensor in a show file. A subclass gives `type` as a Literal of its own."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: str
    if_lost: Fallback | None = None

    def measures(self) -> tuple[Channel, ...]:
        """The channels a sensor of this configuration gives."""
        raise NotImplementedError

    @model_validator(mode="after")
    def _ease_to_known_channels(self) -> Self:
        goals: Mapping[str, float] = getattr(self.if_lost, "ease_to", {})
        rows = {channel.name: channel for channel in self.measures()}
        for name, goal in goals.items():
            if name not in rows:
                raise ValueError(f"if_lost eases {name}, which this sensor does not measure; it has {', '.join(rows)}")
            if not rows[name].accepts(goal):
                raise ValueError(f"if_lost eases {name} to {goal:g}, which is no value of it")
        return self


class DeviceConfig(SensorConfig):
    """The keys of a sensor with a device. `stale_after` is how long a value counts as live."""

    stale_after: Seconds = 2.0


class Sensor(ABC):
    """What both kinds have. Making one is cheap and touches no device. `name` is the `type` of the show file."""

    name: ClassVar[str]
    Config: ClassVar[type[SensorConfig]]

    def __init__(self, config: SensorConfig) -> None:
        self.config = config

    @property
    def channels(self) -> tuple[Channel, ...]:
        """The rows this sensor gives, in the order of a table."""
        return self.config.measures()


class DeviceSensor(Sensor):
    """A sensor with a device. Its methods run in one device thread. `retry_limit`: longest pause between tries, s."""

    retry_limit: ClassVar[float] = 30.0
    config: DeviceConfig

    @abstractmethod
    def open(self) -> str:
        """Reach for the device and say in a few words what was found. Raises SensorError or SensorLost."""

    @abstractmethod
    def read(self) -> Reading | None:
        """What is new, or None after at most 0.25 s without news. Raises SensorLost."""

    @abstractmethod
    def close(self) -> None:
        """Let go of whatever `open` has reached, also after a failed open. May be called twice."""


class TimeSensor(Sensor):
    """A sensor that is a pure function of show time, so that recording at fixed steps is deterministic."""

    @abstractmethod
    def at(self, now: float) -> Mapping[str, float]:
        """Values of all channels at show time `now`, in seconds."""

    @abstractmethod
    def describe(self) -> str:
        """What this is, in a few words."""
