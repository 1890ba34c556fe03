"""What a watchdog asks of the shader passes, so that a shader that hangs the GPU or ends the process does so once."""

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from moderngl import Context

from engine.render.header import load, parse_shader
from engine.render.isf import Shader, Sources


def _unwatched(name: str) -> None:
    """Where no watchdog listens."""


def _unknown(name: str, sources: Sources) -> None:
    """Where nobody wants to know."""


@dataclass(frozen=True, slots=True)
class Precautions:
    """Keys are names of passes.

    A process that hangs in the driver cannot say so. Hence `mark`: it is told a pass's name before that is compiled and
    drawn for the first time, and "" once the GPU has finished, so what it was told last is what hangs. `careful` has
    every pass marked and finished in every frame, for one that hangs later, and costs speed.
    """

    left_out: Mapping[str, str] = field(default_factory=dict)  # why each is neither compiled nor drawn
    instead: Mapping[str, Sources] = field(default_factory=dict)  # texts that run in place of what is in the files
    try_out: Callable[[str, Sources], None] = _unknown  # told of what is about to be compiled and drawn
    mark: Callable[[str], None] = _unwatched
    careful: bool = False
    slowest: float = math.inf  # seconds that one picture of one pass may take, for the pass to be run at all

    def shader(self, name: str, path: Path) -> Shader:
        """What the pass `name` begins with: its file, or what runs in place of it. Raises IsfError."""
        if name not in self.instead:
            return load(path)
        text, vertex = self.instead[name]
        return parse_shader(text, path, vertex)

    @contextmanager
    def marked(self, name: str, context: Context) -> Iterator[None]:
        """Do the work of the block under the name of a pass, until the GPU has finished it."""
        self.mark(name)
        try:
            yield
        finally:
            context.finish()
            self.mark("")


NONE = Precautions()
