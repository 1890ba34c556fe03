"""What an engine that hung teaches the next one: which pass it was in, how often, and what was good.

Lies in memory that both the watchdog and its engines hold: it is gone with the last of them, however they end. The
engine writes while it lives, the watchdog when it is dead, so that nobody writes at the same time. There are two places
to write in turn, and which one counts is written last: an engine that dies in between costs one lesson, not all.
"""

import json
import os
import struct
from dataclasses import asdict, dataclass, field
from tempfile import TemporaryFile

TIMES = 3  # restarts because of one pass, after which it is left out

Source = tuple[str, str | None]  # a fragment shader, and a vertex shader where there is one

_WHICH = struct.Struct("=QQ")  # where what counts begins, and its length
_FIRST, _SECOND = 1 << 12, 1 << 28


@dataclass(slots=True)
class Learnt:
    """By pass: `hung`, how often an engine did in it; `good`, what ran well; `tried`, what an engine took up last;
    `bad`, what hung. `careful`: an engine hung, and nobody knows where. `show`: the file as it last showed frames.
    """

    hung: dict[str, int] = field(default_factory=dict)
    good: dict[str, Source] = field(default_factory=dict)
    tried: dict[str, Source] = field(default_factory=dict)
    bad: dict[str, Source] = field(default_factory=dict)
    careful: bool = False
    show: str = ""


class Lessons:
    """Read and written whole, by one process at a time. Made before the engine's process is forked off."""

    def __init__(self) -> None:
        self._memory = _memory()

    def learn(self, name: str) -> None:
        """An engine hung in the pass `name`, or, where that is empty, somewhere."""
        learnt = self.read()
        if name:
            learnt.hung[name] = learnt.hung.get(name, 0) + 1
            if name in learnt.tried:
                learnt.bad[name] = learnt.tried[name]
        else:
            learnt.careful = True
        self._write(learnt)

    def try_out(self, name: str, source: Source) -> None:
        """The pass `name` begins to run with this source."""
        learnt = self.read()
        learnt.tried[name] = source
        self._write(learnt)

    def keep(self, name: str, source: Source) -> None:
        """The pass `name` runs well with this source."""
        learnt = self.read()
        learnt.good[name] = source
        self._write(learnt)

    def keep_show(self, text: str) -> None:
        """The show runs well with its file like this."""
        learnt = self.read()
        learnt.show = text
        self._write(learnt)

    def forgive(self, name: str) -> None:
        """The shader of this pass was edited, and the edit runs."""
        learnt = self.read()
        learnt.hung.pop(name, None)
        self._write(learnt)

    def forgive_all(self) -> None:
        """Whatever hung was long ago."""
        learnt = self.read()
        learnt.hung, learnt.careful = {}, False
        self._write(learnt)

    def read(self) -> Learnt:
        """Everything so far."""
        begin, length = _WHICH.unpack(os.pread(self._memory, _WHICH.size, 0).ljust(_WHICH.size, b"\0"))
        if not length:
            return Learnt()
        raw = json.loads(os.pread(self._memory, length, begin))
        for sources in (raw["good"], raw["tried"], raw["bad"]):
            sources.update({name: (fragment, vertex) for name, (fragment, vertex) in sources.items()})
        return Learnt(**raw)

    def _write(self, learnt: Learnt) -> None:
        data = json.dumps(asdict(learnt)).encode()
        begin, _ = _WHICH.unpack(os.pread(self._memory, _WHICH.size, 0).ljust(_WHICH.size, b"\0"))
        place = _SECOND if begin == _FIRST else _FIRST
        if os.pwrite(self._memory, data, place) == len(data):
            os.pwrite(self._memory, _WHICH.pack(place, len(data)), 0)


def _memory() -> int:
    """A descriptor of memory that is a file: of no disk, which may be full, where the system has such a thing."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("lessons")
    with TemporaryFile() as file:
        return os.dup(file.fileno())


LESSONS = Lessons()
