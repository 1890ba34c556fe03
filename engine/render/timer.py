"""How long the GPU works on a frame."""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter

import moderngl

from engine.render.context import GLContext

IN_FLIGHT = 4  # the GPU's answer is read so many frames later, when it costs no wait


class WorkTimer:
    """Measures what is drawn inside `measure`. A software renderer is waited for: its timer queries answer nonsense."""

    def __init__(self, gl: GLContext) -> None:
        self._gl = gl
        self.work = 0.0
        self._free = [] if gl.software else [gl.ctx.query(time=True) for _ in range(IN_FLIGHT)]
        self._asked: deque[moderngl.Query] = deque()

    @contextmanager
    def measure(self) -> Iterator[None]:
        """Measure the drawing in the block; `work` holds the newest answer, in seconds."""
        if self._gl.software:
            began = perf_counter()
            yield
            self._gl.ctx.finish()
            self.work = perf_counter() - began
        else:
            query = self._query()
            with query:
                yield
            self._asked.append(query)

    def _query(self) -> moderngl.Query:
        if self._free:
            return self._free.pop()
        oldest = self._asked.popleft()
        self.work = oldest.elapsed * 1e-9
        return oldest
