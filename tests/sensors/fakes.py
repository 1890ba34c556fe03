"""A sensor and a clock that do as they are told: time and faults only, no device is imitated."""

import queue
import threading
from typing import Literal

from sensors.base import Channel, DeviceConfig, DeviceSensor, Reading, SensorError
from sensors.channel import Channel as Row
from sensors.quantities import LIGHT, TEMPERATURE
from tests.running import PATIENCE


class FakeClock:
    """Monotonic seconds that pass when told."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class FakeConfig(DeviceConfig):
    type: Literal["fake"]

    def measures(self) -> tuple[Channel, ...]:
        return ROWS


ROWS: tuple[Row, ...] = (TEMPERATURE, LIGHT)


class FakeSensor(DeviceSensor):
    """Gives what the test puts into `says`: values, or an exception to raise. Present while `present` is set."""

    name = "fake"
    Config = FakeConfig

    def __init__(self, clock: FakeClock, **config: object) -> None:
        super().__init__(FakeConfig.model_validate({"type": "fake", **config}))
        self.clock = clock
        self.present = True
        self.says: queue.Queue[dict[str, float] | Exception] = queue.Queue()
        self.hang = threading.Event()
        self.hanging = False
        self.opened = self.closed = 0

    def open(self) -> str:
        self.opened += 1
        if not self.present:
            raise SensorError("there is no fake", "make one")
        return "a fake"

    def read(self) -> Reading | None:
        try:
            said = self.says.get(timeout=0.005)
        except queue.Empty:
            return None
        if isinstance(said, Exception):
            raise said
        if "hang" in said:
            self.hanging = True
            self.hang.wait(PATIENCE)
            self.hanging = False
        return Reading(said, self.clock())

    def close(self) -> None:
        self.closed += 1
