"""`type: stub`: the whole contract of a device sensor in one file. Copy it, rename it, and talk to your device.

This one counts the minutes its computer is up, which needs no device: the channel `uptime` of a show's sensor.
"""

import time
from pathlib import Path
from typing import Literal

from sensors.base import Channel, DeviceConfig, DeviceSensor, Reading, SensorError, SensorLost
from sensors.units import Seconds

UPTIME = Channel("uptime", "min", 0, 1440, neutral=0, minimum=0, help="minutes since the computer was switched on")


class StubConfig(DeviceConfig):
    """The keys of this sensor in a show file; anything else there is refused with its line."""

    type: Literal["stub"]
    file: Path = Path("/proc/uptime")
    stale_after: Seconds = 5.0

    def measures(self) -> tuple[Channel, ...]:
        """The rows of the table: name, unit, typical range, value before anything was measured."""
        return (UPTIME,)


class Stub(DeviceSensor):
    """Every method runs in the sensor's own thread and may block a little; the display never waits for it."""

    name = "stub"
    Config = StubConfig
    config: StubConfig

    def open(self) -> str:
        """Reach for the device. Import its library here, and say what was found in a few words."""
        if not self.config.file.is_file():
            raise SensorError(f"there is no {self.config.file}", "correct `file` or leave the sensor out")
        return f"uptime from {self.config.file}"

    def read(self) -> Reading | None:
        """One reading; None where nothing is new within a quarter of a second."""
        time.sleep(0.25)
        try:
            seconds = float(self.config.file.read_text().split()[0])
        except (OSError, ValueError, IndexError) as error:
            raise SensorLost(f"{self.config.file} cannot be read: {error}") from error
        return Reading({"uptime": seconds / 60}, time.monotonic())

    def close(self) -> None:
        """Let go of what `open` has reached. Here that is nothing."""
