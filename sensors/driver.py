"""What the show sees of one sensor: a value for every channel at every frame, whatever the device does.

The display thread asks with show time; the device thread (sensors.link) lives in monotonic time. Loss and return are
noticed here, at the moment they become visible, so the two log lines say what the audience gets. Show time decides how
far a fallback has come, which keeps recordings at fixed steps deterministic as long as no device speaks.
"""

import logging
import math
import time
from collections.abc import Callable, Mapping
from enum import StrEnum

from sensors.base import Channel, DeviceSensor, Quality, Sample, Sensor, TimeSensor
from sensors.fallback import Hold
from sensors.link import Backoff, Link, Measured, Phase, Status
from sensors.pauses import Pauses
from sensors.shown import Shown

logger = logging.getLogger("reverie.sensors")

GRACE = 5.0
"""Seconds a device may take to open and to speak for the first time before it is called silent."""
CLOSE_TIMEOUT = 1.5


class State(StrEnum):
    """How a sensor stands."""

    CONNECTING = "connecting"
    LIVE = "live"
    STALE = "stale"
    LOST = "lost"


class Driver:
    """Runs one sensor of a show. `sample` belongs to the display thread, the rest to any."""

    def __init__(
        self,
        name: str,
        sensor: Sensor,
        *,
        clock: Callable[[], float] = time.monotonic,
        pauses: Backoff | None = None,
    ) -> None:
        self.name = name
        self.sensor = sensor
        self._clock = clock
        self._pauses = Pauses(clock())
        self._fallback = sensor.config.if_lost or Hold()
        self._shown = [(channel, Shown(channel, self._fallback)) for channel in sensor.channels]
        self._link = Link(name, sensor, clock, pauses) if isinstance(sensor, DeviceSensor) else None
        self._stale_after = sensor.config.stale_after if isinstance(sensor, DeviceSensor) else math.inf
        self._told = False

    @property
    def channels(self) -> tuple[Channel, ...]:
        """The rows `sample` gives a value for."""
        return self.sensor.channels

    def start(self) -> None:
        """Begin to reach for the device; returns at once."""
        if self._link:
            self._link.start()

    def wait_first(self, timeout: float) -> bool:
        """Wait until the first try has found the device or failed, at most `timeout` seconds; true if it has."""
        return self._link is None or self._link.settled.wait(timeout)

    def close(self) -> None:
        """Let the device go; returns within 2 s even if it hangs."""
        if self._link:
            self._link.close(CLOSE_TIMEOUT)

    @property
    def state(self) -> State:
        """How the sensor stands now."""
        if self._link is None:
            return State.LIVE
        status, moment = self._link.status, self._clock()
        if status.phase is Phase.LOST:
            return State.LOST
        newest = max((m.time for m in self._link.values.values() if m.time >= status.since), default=None)
        if newest is not None:
            return State.LIVE if self._pauses.silence(newest, moment) <= self._stale_after else State.STALE
        waited = self._pauses.silence(status.since, moment)
        return State.CONNECTING if waited <= max(GRACE, self._stale_after) else State.STALE

    @property
    def found(self) -> str:
        """A few words for the start-up table: what was found, or why not and what stands in."""
        if isinstance(self.sensor, TimeSensor):
            return self.sensor.describe()
        assert self._link
        status = self._link.status
        return status.text if status.phase is Phase.OPEN else f"{status.text}; {self._fallback.describe()}"

    def sample(self, now: float) -> dict[str, Sample]:
        """All channels at show time `now` (seconds), always finite. Never blocks."""
        if isinstance(self.sensor, TimeSensor):
            return _simulated(self.sensor, now)
        assert self._link
        self._pauses.look(self._clock())
        self._report()
        status, values, moment = self._link.status, self._link.values, self._clock()
        return {
            channel.name: self._sample(shown, status, values.get(channel.name), moment, now)
            for channel, shown in self._shown
        }

    def _sample(self, shown: Shown, status: Status, measured: Measured | None, moment: float, now: float) -> Sample:
        age = math.inf if measured is None else max(moment - measured.time, 0.0)
        connected = status.phase is Phase.OPEN
        if measured and connected and measured.time >= status.since and self._is_live(measured, moment):
            return Sample(shown.value(measured.value, now), age, Quality.LIVE)
        quality = self._fallback.quality
        if connected and quality is Quality.FALLBACK:
            quality = Quality.STALE
        return Sample(shown.value(None, now), age, quality)

    def _is_live(self, measured: Measured, moment: float) -> bool:
        return self._pauses.silence(measured.time, moment) <= self._stale_after

    def _report(self) -> None:
        """One line when the sensor is lost, one when it is back."""
        state = self.state
        if state in (State.LOST, State.STALE) and not self._told:
            self._told = True
            silent = f"{self.found} has gone silent; {self._fallback.describe()}"
            logger.warning("%s: %s", self.name, silent if state is State.STALE else f"lost: {self.found}")
        elif state is State.LIVE and self._told:
            self._told = False
            logger.info("%s: back: %s", self.name, self.found)


def _simulated(sensor: TimeSensor, now: float) -> dict[str, Sample]:
    values = sensor.at(now)
    return {channel.name: Sample(_valid(channel, values), 0.0, Quality.SIMULATED) for channel in sensor.channels}


def _valid(channel: Channel, values: Mapping[str, float]) -> float:
    value = values.get(channel.name, channel.neutral)
    return value if channel.accepts(value) else channel.neutral
