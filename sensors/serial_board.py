"""`type: serial`: numbers from a microcontroller on a serial port, by default air temperature and light.

The board writes a line for each measurement (sensors.serial_lines says which forms are understood). `channels` names
what the show wants and the board's word for it, and nothing else is taken: a boot banner parses as values too.
"""

import glob
import logging
import os
import time
from typing import Annotated, Any, Literal

from pydantic import Field

from sensors.base import Channel, DeviceConfig, DeviceSensor, Reading, SensorError, SensorLost
from sensors.quantities import AIR
from sensors.serial_lines import LineParser
from sensors.units import Seconds

logger = logging.getLogger("reverie.sensors")

WAIT = 0.2
QUIET = 0.05
"""Seconds of silence after opening that prove that the next byte begins a line."""
CHUNK = 4096
REPORT_EVERY = 60.0

Word = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_./-]*$", max_length=40)]


def _row(name: str) -> Channel:
    known = {channel.name: channel for channel in AIR}
    return known.get(name, Channel(name, "", 0, 1, neutral=0, help="a number from the board"))


class SerialConfig(DeviceConfig):
    """The keys of a serial board.

    `port` may be a pattern such as `/dev/serial/by-id/usb-Arduino*`, which survives a change of sockets. `channels` is
    ours: the board's. `columns` names the fields of CSV lines where the board sends no header.
    """

    type: Literal["serial"]
    port: str
    baud: Annotated[int, Field(ge=50, le=4_000_000)] = 115_200
    channels: dict[Word, Word] = Field(
        default_factory=lambda: {row.name: row.name for row in AIR}, min_length=1, max_length=64
    )
    columns: tuple[Word, ...] | None = None
    stale_after: Seconds = 15.0

    def measures(self) -> tuple[Channel, ...]:
        """A row for each channel the show names."""
        return tuple(_row(name) for name in self.channels)


class SerialBoard(DeviceSensor):
    """One port, read line by line."""

    name = "serial"
    Config = SerialConfig
    config: SerialConfig

    _port: Any = None  # serial.Serial
    _reported = 0
    _report_at = 0.0

    def open(self) -> str:
        """Open the first port that matches. Raises SensorError where none does or it cannot be used."""
        import serial

        matches = sorted(glob.glob(self.config.port))
        if not matches:
            raise SensorError(f"there is no {self.config.port}", "plug the board in, or correct `port`")
        try:
            self._port = serial.Serial(matches[0], self.config.baud, timeout=QUIET, exclusive=True)
            early = self._port.read(CHUNK)
        except (OSError, ValueError) as error:
            why = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else str(error)
            remedy = "close what else uses it, or let this user into the group dialout"
            raise SensorError(f"{matches[0]} cannot be opened: {why}", remedy) from error
        self._parser = LineParser(self.config.channels.values(), self.config.columns, midway=bool(early))
        self._parser.feed(early)
        self._reported = 0
        self._port.timeout = WAIT
        return f"{matches[0]}, {self.config.baud} baud"

    def read(self) -> Reading | None:
        """The newest values since the last call, under the show's names."""
        try:
            data = self._port.read(1) + self._port.read(min(self._port.in_waiting, CHUNK))
        except (OSError, TypeError) as error:  # pyserial raises TypeError where its port vanishes under its hands
            raise SensorLost(f"{self.config.port} is gone") from error
        theirs = self._parser.feed(data)
        self._report_ignored()
        ours = {name: theirs[key] for name, key in self.config.channels.items() if key in theirs}
        return Reading(ours, time.monotonic()) if ours else None

    def close(self) -> None:
        """Release the port."""
        port, self._port = self._port, None
        if port:
            port.close()

    def _report_ignored(self) -> None:
        """One line a minute at most about lines that hold nothing the show asked for."""
        ignored = self._parser.ignored - self._reported
        if ignored and time.monotonic() >= self._report_at:
            self._report_at = time.monotonic() + REPORT_EVERY
            self._reported = self._parser.ignored
            logger.info("%s: %d lines without %s", self.config.port, ignored, ", ".join(self.config.channels.values()))
