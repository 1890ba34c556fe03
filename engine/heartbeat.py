"""What the engine tells its watchdog: a few numbers in memory that both processes see. Nothing here waits or fails.

The engine writes, on its main thread; the watchdog reads. Without a watchdog the numbers are written for nobody.
"""

import mmap
import os
import struct
from enum import IntEnum

MARK_BYTES = 240
_NUMBERS = struct.Struct("=qqqqd")  # beats, frames, stage, exit code, seconds played
_MARK_AT = 64
_UNFINISHED = -1


class Stage(IntEnum):
    """Where the engine is in its life."""

    OPENING = 0
    RUNNING = 1
    CLOSING = 2


class Heartbeat:
    """Signs of life of one engine after another. Made before the engine's process is forked off."""

    def __init__(self) -> None:
        self.watchdog = 0  # its process id, where there is one
        self.engines = 0  # how many have begun
        self._memory = mmap.mmap(-1, mmap.PAGESIZE)
        self._beats = self._frames = 0
        self._stage = Stage.OPENING
        self._code = _UNFINISHED
        self._played = 0.0
        self._write()

    def opening(self) -> None:
        """A new engine begins. How long earlier ones played is kept."""
        self.engines += 1
        self._beats = self._frames = 0
        self._stage, self._code = Stage.OPENING, _UNFINISHED
        self._played = self.played
        self.mark("")
        self._write()

    def beat(self, stage: Stage) -> None:
        """One step of opening or closing is done."""
        self._stage = stage
        self._beats += 1
        self._write()

    def frame(self, step: float) -> None:
        """One frame was presented, `step` seconds after the one before it."""
        self._stage = Stage.RUNNING
        self._beats += 1
        self._frames += 1
        self._played += step
        self._write()

    def finish(self, code: int) -> None:
        """The engine ends because it is done, with this exit code; what comes after is cleaning up."""
        self._stage, self._code = Stage.CLOSING, code
        self._beats += 1
        self._write()

    def mark(self, name: str) -> None:
        """What is being tried just now, by name; empty when it has gone well."""
        text = name.encode("utf-8", "replace")[:MARK_BYTES]
        self._memory[_MARK_AT : _MARK_AT + 1 + len(text)] = bytes([len(text)]) + text

    @property
    def orphaned(self) -> bool:
        """In an engine: whether its watchdog is gone."""
        return self.watchdog not in (0, os.getppid())

    @property
    def beats(self) -> int:
        """Rises with every sign of life."""
        return int(self._read()[0])

    @property
    def frames(self) -> int:
        """Frames that this engine has presented."""
        return int(self._read()[1])

    @property
    def stage(self) -> Stage:
        """Where the engine is."""
        return Stage(self._read()[2])

    @property
    def code(self) -> int | None:
        """The exit code of an engine that is done; None where it has not said so."""
        code = int(self._read()[3])
        return None if code == _UNFINISHED else code

    @property
    def played(self) -> float:
        """Seconds that all engines so far have shown pictures."""
        return float(self._read()[4])

    @property
    def marked(self) -> str:
        """What is being tried, or empty."""
        length = self._memory[_MARK_AT]
        return self._memory[_MARK_AT + 1 : _MARK_AT + 1 + length].decode("utf-8", "replace")

    def _write(self) -> None:
        _NUMBERS.pack_into(self._memory, 0, self._beats, self._frames, self._stage, self._code, self._played)

    def _read(self) -> tuple[int, int, int, int, float]:
        numbers: tuple[int, int, int, int, float] = _NUMBERS.unpack_from(self._memory, 0)
        return numbers


HEARTBEAT = Heartbeat()
