"""`type: offscreen`: no display. Renders all the same, and may leave a picture on disk now and then."""

import io
from pathlib import Path
from tempfile import TemporaryFile
from threading import Thread
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

FAREWELL = 2.0  # seconds the last picture may take at the end of a show
LATE = 10.0  # seconds after which a picture that is not on the disk is a problem


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
        self._writing: Writing | None = None
        self._due = self._time = 0.0
        self._started = False

    def open(self, gl: GLContext, canvas: Canvas) -> None:
        self._gl = gl
        if self._config.snapshot is not None:
            self._check_folder(self._config.snapshot)
            self._reader = Reader(gl.ctx, (canvas.width, canvas.height))

    def present(self, texture: moderngl.Texture, frame_index: int, time: float) -> None:
        self._time = time
        self._tell_what_failed()
        if self._reader is None or self._config.snapshot is None:
            self._gl.ctx.finish()
        elif time >= self._due:
            self._due = time + self._config.every
            self._hand_over(self._config.snapshot, self._reader.read_rows(texture))

    def close(self) -> None:
        if self._writing is not None:
            self._writing.wait(FAREWELL)
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    @property
    def problem(self) -> str:
        if self._writing is None or self._time - self._writing.since <= LATE:
            return ""
        return f"{self._config.snapshot}: the disk has not taken the picture for {LATE:.0f} s; see to it"

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
        if self._writing is None:
            self._writing = Writing(path, rows, self._time)

    def _tell_what_failed(self) -> None:
        if self._writing is not None and self._writing.over:
            error, self._writing = self._writing.error, None
            if error is not None:
                self._due = 0.0  # opened again, it shows at once whether it is any better
                raise OutputError(str(error))


class Writing:
    """One picture on its way to the disk, on a thread that nobody has to wait for."""

    def __init__(self, path: Path, rows: NDArray[np.uint8], since: float) -> None:
        """`rows` are [H, W, 4], row 0 at the bottom; `since` is display time."""
        self.since = since
        self.error: Exception | None = None
        """What went wrong, once it is over."""
        self._path, self._rows = path, rows
        self._thread = Thread(target=self._run, name="snapshot", daemon=True)
        self._thread.start()

    @property
    def over(self) -> bool:
        """Whether it is written, or cannot be."""
        return not self._thread.is_alive()

    def wait(self, seconds: float) -> None:
        """Until it is over, or for so long."""
        self._thread.join(seconds)

    def _run(self) -> None:
        try:
            file = io.BytesIO()
            Image.fromarray(self._rows[::-1, :, :3]).save(file, "PNG", compress_level=1)
            write_atomic(self._path, file.getvalue())
        except Exception as error:  # noqa: BLE001 - a thread that ends without a word would be a silent end
            self.error = error
