"""`type: offscreen`: no display. Renders all the same, and may leave a picture on disk now and then."""

import io
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryFile
from typing import Literal

import moderngl
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydantic import Field

from engine.files import write_atomic
from engine.outputs.base import Canvas, Output, OutputConfig, OutputError, cannot_write
from engine.outputs.pixels import Reader
from engine.render.context import GLContext
from sensors.units import Seconds


class OffscreenConfig(OutputConfig):
    """`{type: offscreen, snapshot: wall.png, every: 60s}`"""

    type: Literal["offscreen"] = "offscreen"
    snapshot: Path | None = Field(None, description="a PNG that is always a recent picture of the wall")
    every: Seconds = Field(60.0, description="time between snapshots")


class OffscreenOutput(Output):
    """Finishes each frame; writes the snapshot, whole or not at all."""

    Config = OffscreenConfig

    def __init__(self, config: OffscreenConfig) -> None:
        self._config = config
        self._reader: Reader | None = None
        self._writer = ThreadPoolExecutor(1, "snapshot")  # starts its thread with the first picture
        self._written: Future[None] | None = None
        self._due = 0.0
        self._started = False

    def open(self, gl: GLContext, canvas: Canvas) -> None:
        self._gl = gl
        self._writer = ThreadPoolExecutor(1, "snapshot")
        if self._config.snapshot is not None:
            self._check_folder(self._config.snapshot)
            self._reader = Reader(gl.ctx, (canvas.width, canvas.height))

    def present(self, texture: moderngl.Texture, frame_index: int, time: float) -> None:
        self._tell_what_failed()
        if self._reader is None or self._config.snapshot is None:
            self._gl.ctx.finish()
        elif time >= self._due:
            self._due = time + self._config.every
            self._hand_over(self._config.snapshot, self._reader.read_rows(texture))

    def close(self) -> None:
        self._writer.shutdown()
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def describe(self) -> str:
        where = (
            ""
            if self._config.snapshot is None
            else f", a picture every {self._config.every:g} s in {self._config.snapshot}"
        )
        return f"offscreen{where}"

    def _check_folder(self, path: Path) -> None:
        """At the start, where a folder that cannot be written is the user's to mend; later the first picture tells."""
        if self._started:
            return
        self._started = True
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with TemporaryFile(dir=path.parent):
                pass
        except OSError as error:
            raise cannot_write(path, error.strerror) from None

    def _hand_over(self, path: Path, rows: NDArray[np.uint8]) -> None:
        """Have a picture written beside the display loop; one that comes while another is written is left out."""
        if self._written is None:
            self._written = self._writer.submit(_write, path, rows)

    def _tell_what_failed(self) -> None:
        if self._written is not None and self._written.done():
            written, self._written = self._written, None
            error = written.exception()
            if error is not None:
                self._due = 0.0  # opened again, it shows at once whether it is any better
                raise OutputError(str(error))


def _write(path: Path, rows: NDArray[np.uint8]) -> None:
    """`rows` are [H, W, 4], row 0 at the bottom."""
    file = io.BytesIO()
    Image.fromarray(rows[::-1, :, :3]).save(file, "PNG", compress_level=1)
    write_atomic(path, file.getvalue())
