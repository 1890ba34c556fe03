"""What an engine that hung teaches the next one: which pass it was in, how often, and the shaders that were good.

Lies in a file without a name, which both the watchdog and its engines hold: it is gone with the last of them, however
they end. The engine writes while it lives, the watchdog when it is dead, so that nobody writes at the same time.
"""

import json
import os
from dataclasses import asdict, dataclass, field
from tempfile import TemporaryFile

TIMES = 3  # restarts because of one pass, after which it is left out

Source = tuple[str, str | None]  # a fragment shader, and a vertex shader where there is one


@dataclass(slots=True)
class Learnt:
    """`hung`: restarts by pass. `good`: what ran well, by pass. `careful`: an engine hung, and nobody knows where."""

    hung: dict[str, int] = field(default_factory=dict)
    good: dict[str, Source] = field(default_factory=dict)
    careful: bool = False


class Lessons:
    """Read and written whole, by one process at a time. Made before the engine's process is forked off."""

    def __init__(self) -> None:
        with TemporaryFile() as file:
            self._file = os.dup(file.fileno())  # lives as long as the program
        self._write(Learnt())

    def learn(self, name: str) -> None:
        """An engine hung in the pass `name`, or, where that is empty, somewhere."""
        learnt = self.read()
        if name:
            learnt.hung[name] = learnt.hung.get(name, 0) + 1
        else:
            learnt.careful = True
        self._write(learnt)

    def keep(self, name: str, source: Source) -> None:
        """The pass `name` runs well with this source."""
        learnt = self.read()
        if learnt.good.get(name) != source:
            learnt.good[name] = source
            self._write(learnt)

    def forgive(self, name: str) -> None:
        """The shader of this pass was edited, and the edit runs."""
        learnt = self.read()
        if learnt.hung.pop(name, None) is not None:
            self._write(learnt)

    def read(self) -> Learnt:
        """Everything so far; nothing where an engine died while it wrote."""
        size = os.fstat(self._file).st_size
        try:
            raw = json.loads(os.pread(self._file, size, 0))
        except ValueError:
            return Learnt()
        raw["good"] = {name: (fragment, vertex) for name, (fragment, vertex) in raw["good"].items()}
        return Learnt(**raw)

    def _write(self, learnt: Learnt) -> None:
        data = json.dumps(asdict(learnt)).encode()
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, data, 0)


LESSONS = Lessons()
