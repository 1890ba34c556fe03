"""`type: offscreen`: no display. Renders all the same, and may leave a picture on disk now and then."""

import io
from pathlib import Path
from typing import Literal

import moderngl
from PIL import Image
from pydantic import Field

from engine.errors import ReverieError
from engine.files import write_atomic
from engine.outputs.base import Canvas, Output, OutputConfig, OutputError
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
        self._due = 0.0

    def open(self, gl: GLContext, canvas: Canvas) -> None:
        self._gl = gl
        if self._config.snapshot is not None:
            self._reader = Reader(gl.ctx, (canvas.width, canvas.height))

    def present(self, texture: moderngl.Texture, frame_index: int, time: float) -> None:
        if self._reader is None or self._config.snapshot is None:
            self._gl.ctx.finish()
        elif time >= self._due:
            self._due = time + self._config.every
            self._write(self._config.snapshot, self._reader, texture)

    def close(self) -> None:
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

    def _write(self, path: Path, reader: Reader, texture: moderngl.Texture) -> None:
        file = io.BytesIO()
        Image.fromarray(reader.read(texture)).save(file, "PNG", compress_level=1)
        try:
            write_atomic(path, file.getvalue())
        except ReverieError as error:
            raise OutputError(str(error)) from None
