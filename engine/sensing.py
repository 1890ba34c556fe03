"""Every sensor of a show and its way onto the signal bus."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from engine.signals import Signal, SignalBus
from sensors.base import Sensor, TimeSensor
from sensors.driver import Driver
from sensors.gallery_day import GalleryDay


class Rehearsed(TimeSensor):
    """Another sensor played by a gallery day, on show time: what a recording uses instead of devices."""

    name = "rehearsed"

    def __init__(self, played: Sensor) -> None:
        super().__init__(played.config)
        self._day = GalleryDay(getattr(played.config.if_lost, "seed", 0))

    def at(self, now: float) -> Mapping[str, float]:
        """Values of all channels at show time `now`."""
        return {channel.name: self._day.value(channel, now) for channel in self.channels}

    def describe(self) -> str:
        """What plays it, in a few words."""
        return "rehearsed: a simulated gallery day"


@dataclass(frozen=True, slots=True)
class Senses:
    """The drivers of a show by sensor name. Readings are pulled once a frame by the display thread."""

    drivers: Mapping[str, Driver]

    def start(self) -> None:
        """Start every device thread."""
        for driver in self.drivers.values():
            driver.start()

    def poll(self, now: float, bus: SignalBus) -> None:
        """Publish what every channel says at show time `now`. Never blocks."""
        for name, driver in self.drivers.items():
            samples = driver.sample(now)
            for channel in driver.channels:
                sample = samples[channel.name]
                bus.publish(
                    Signal(
                        name=f"{name}.{channel.name}",
                        value=sample.value,
                        unit=channel.unit,
                        low=channel.low,
                        high=channel.high,
                        age=sample.age,
                        quality=str(sample.quality),
                    )
                )

    def typical(self) -> dict[str, tuple[float, float]]:
        """The typical range of every signal, by signal name."""
        return {
            f"{name}.{channel.name}": (channel.low, channel.high)
            for name, driver in self.drivers.items()
            for channel in driver.channels
        }

    def report(self) -> dict[str, object]:
        """State of each sensor, for /healthz."""
        return {name: {"state": str(driver.state), "found": driver.found} for name, driver in self.drivers.items()}

    def close(self) -> None:
        """Stop every device thread, all at the same time: each may take its two seconds."""
        if self.drivers:
            with ThreadPoolExecutor(len(self.drivers)) as closers:
                list(closers.map(Driver.close, self.drivers.values()))
