"""The device thread of one sensor: open, read, close, and again with growing pauses.

The thread writes two slots, each replaced whole: `status`, how the connection stands, and `values`, the newest accepted
value of each channel with its time. Whoever shows them reads at leisure; nothing queues and nothing blocks.
"""

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from sensors.base import DeviceSensor, Reading, SensorError, SensorLost

logger = logging.getLogger("reverie.sensors")

Backoff = Callable[[], Iterator[float]]


def backoff(limit: float, first: float = 1.0) -> Iterator[float]:
    """Pauses between tries, in seconds: doubling from `first` to `limit`, then `limit` for ever."""
    pause = first
    while True:
        yield min(pause, limit)
        pause = min(pause * 2, limit)


class Phase(StrEnum):
    """Where a connection stands. It begins connecting, then goes between open and lost."""

    CONNECTING = "connecting"
    OPEN = "open"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Status:
    """A connection since `since` (monotonic seconds); `text` is what was found, or why it is lost."""

    phase: Phase
    since: float
    text: str


@dataclass(frozen=True, slots=True)
class Measured:
    """One accepted value and when it was measured, in monotonic seconds."""

    value: float
    time: float


class Link:
    """Runs one device sensor in a daemon thread until closed."""

    def __init__(self, name: str, sensor: DeviceSensor, clock: Callable[[], float], pauses: Backoff | None) -> None:
        self.status = Status(Phase.CONNECTING, clock(), "connecting")
        self.values: Mapping[str, Measured] = {}
        self.settled = threading.Event()
        """Set once the first try has found the device or failed."""
        self._sensor = sensor
        self._clock = clock
        self._pauses = pauses or (lambda: backoff(sensor.retry_limit))
        self._rows = {channel.name: channel for channel in sensor.channels}
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"sensor {name}", daemon=True)

    def start(self) -> None:
        """Begin to reach for the device."""
        self.status = Status(Phase.CONNECTING, self._clock(), "connecting")
        self._thread.start()

    def close(self, timeout: float) -> None:
        """End the thread. One that hangs in its device is left behind after `timeout` s and dies with the process."""
        self._closing.set()
        if self._thread.is_alive():
            self._thread.join(timeout)

    def _run(self) -> None:
        pauses = self._pauses()
        while not self._closing.is_set():
            if self._session():
                pauses = self._pauses()
            self._closing.wait(next(pauses))

    def _session(self) -> bool:
        """One connection from open to loss; true if it gave a value."""
        before = self.values
        try:
            self._enter(Phase.OPEN, self._sensor.open())
            while not self._closing.is_set():
                self._take(self._sensor.read())
        except (SensorError, SensorLost, ImportError) as error:
            self._enter(Phase.LOST, getattr(error, "why", str(error)))
        except Exception as error:
            logger.debug("%s failed", self._thread.name, exc_info=True)
            self._enter(Phase.LOST, f"{type(error).__name__}: {error}")
        finally:
            self._let_go()
        return self.values is not before

    def _enter(self, phase: Phase, text: str) -> None:
        self.status = Status(phase, self._clock(), text)
        self.settled.set()

    def _take(self, reading: Reading | None) -> None:
        if reading is None:
            return
        accepted = {
            name: Measured(float(value), reading.time)
            for name, value in reading.values.items()
            if name in self._rows and self._rows[name].accepts(value)
        }
        if accepted:
            self.values = {**self.values, **accepted}

    def _let_go(self) -> None:
        try:
            self._sensor.close()
        except Exception:
            logger.debug("%s did not close", self._thread.name, exc_info=True)
