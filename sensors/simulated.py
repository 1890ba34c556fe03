"""`type: simulated`: a plausible day, with no device at all. Plays every quantity the other sensors measure."""

from collections.abc import Mapping
from typing import Literal

from sensors.base import Channel, SensorConfig, TimeSensor
from sensors.gallery_day import GalleryDay
from sensors.quantities import AIR, SIGHT, SOUND


class SimulatedConfig(SensorConfig):
    """The keys of a simulated sensor. Two seeds are two different days."""

    type: Literal["simulated"]
    day: Literal["gallery-day"] = "gallery-day"
    seed: int = 0

    def measures(self) -> tuple[Channel, ...]:
        """Sound, air and sight."""
        return (*SOUND, *AIR, *SIGHT)


class Simulated(TimeSensor):
    """The seeded day as a sensor."""

    name = "simulated"
    Config = SimulatedConfig

    def __init__(self, config: SimulatedConfig) -> None:
        super().__init__(config)
        self._kind = config.day
        self._day = GalleryDay(config.seed)

    def at(self, now: float) -> Mapping[str, float]:
        """Values of all channels at show time `now`."""
        return {channel.name: self._day.value(channel, now) for channel in self.channels}

    def describe(self) -> str:
        """Which day it is."""
        return f"simulated {self._kind}"
