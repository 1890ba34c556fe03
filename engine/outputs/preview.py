"""A small JPEG of the wall for the panel, a dozen times a second, made only while somebody watches."""

import io

import moderngl
from PIL import Image

from engine.control.hub import Preview
from engine.outputs.pixels import Reader
from engine.render.context import GLContext

WIDTH = 480
EVERY = 0.08  # seconds
QUALITY = 80


class PreviewTap:
    """Display thread only; release with `close`."""

    def __init__(self, gl: GLContext) -> None:
        self._gl = gl
        self._reader: Reader | None = None
        self._due = 0.0
        self._sequence = 0

    def take(self, texture: moderngl.Texture, time: float) -> Preview | None:
        """A new preview of `texture` where one is due at show time `time`, else None."""
        if time < self._due:
            return None
        self._due = time + EVERY
        self._sequence += 1
        reader = self._fitting_reader(texture)
        file = io.BytesIO()
        Image.fromarray(reader.read(texture)).save(file, "JPEG", quality=QUALITY)
        return Preview(self._sequence, file.getvalue())

    def close(self) -> None:
        """Release the GPU's part."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def _fitting_reader(self, texture: moderngl.Texture) -> Reader:
        width = min(WIDTH, texture.width)
        size = (width, max(1, round(width * texture.height / texture.width)))
        if self._reader is None or self._reader.size != size:
            self.close()
            self._reader = Reader(self._gl.ctx, size)
        return self._reader
