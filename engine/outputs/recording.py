"""`type: recording`: an MP4 of what is shown. The encoder has a thread of its own, so that the display never waits."""

import errno
import os
import queue
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from threading import Thread
from typing import Any, Literal

import moderngl
import numpy as np
import structlog
from numpy.typing import NDArray
from pydantic import Field

from engine.outputs.base import Canvas, Output, OutputConfig, OutputError
from engine.outputs.pixels import Reader, cannot_write
from engine.render.context import GLContext

log = structlog.get_logger(__name__)

TICKS = 90_000  # a second, as MPEG counts
QUEUE = 8  # frames the encoder may be behind
FAREWELL = 30.0  # seconds the last frames may take to encode

Frame = tuple[NDArray[np.uint8], float]


class RecordingConfig(OutputConfig):
    """`{type: recording, path: day.mp4}`"""

    type: Literal["recording"] = "recording"
    path: Path = Field(description="the file to write, .mp4")
    quality: int = Field(16, ge=0, le=40, description="H.264 constant rate factor: smaller is better and larger")


class RecordingOutput(Output):
    """H.264 through PyAV. Live, frames the encoder has no time for are dropped and counted; `exact` waits instead.

    The file is written beside its final name and takes it when it is whole. `discard` before `close` throws it away.
    """

    Config = RecordingConfig

    def __init__(self, config: RecordingConfig, *, exact: bool = False) -> None:
        self._config = config
        self._exact = exact
        self._reader: Reader | None = None
        self._encoder: Encoder | None = None
        self.dropped = 0

    def open(self, gl: GLContext, canvas: Canvas) -> None:
        size = (canvas.width // 2 * 2, canvas.height // 2 * 2)  # 4:2:0 colour needs even sides
        self._encoder = Encoder(self._config.path, size, canvas.fps, self._config.quality)
        self._reader = Reader(gl.ctx, size)

    def present(self, texture: moderngl.Texture, frame_index: int, time: float) -> None:
        assert self._encoder is not None
        assert self._reader is not None
        if self._encoder.error is not None:
            raise cannot_write(self._config.path, self._encoder.error)
        if not self._exact and self._encoder.full:
            self.dropped += 1
        else:
            self._encoder.put(self._reader.read(texture), time)

    def discard(self) -> None:
        """Give up: the unfinished file will be removed."""
        if self._encoder is not None:
            self._encoder.keep = False

    def close(self) -> None:
        encoder, reader = self._encoder, self._reader
        self._encoder = self._reader = None
        if reader is not None:
            reader.close()
        if self.dropped:
            log.warning(
                "the recording lacks frames the encoder had no time for", path=self._config.path, frames=self.dropped
            )
            self.dropped = 0
        if encoder is not None:
            encoder.close()
            if encoder.error is not None:
                raise cannot_write(self._config.path, encoder.error)

    def describe(self) -> str:
        return f"recording to {self._config.path}"


class Encoder:
    """A thread that turns frames into a file; `error` is what ended it. Raises OutputError where it cannot begin."""

    def __init__(self, path: Path, size: tuple[int, int], fps: float, quality: int) -> None:
        import av  # brings FFmpeg: only a show that records pays for it

        self._path = path
        self._partial = path.with_name(f".{path.name}.{os.getpid()}.part")
        self._queue: queue.Queue[Frame | None] = queue.Queue(QUEUE)
        self._frames = 0
        self.error: OSError | None = None
        self.keep = True
        if path.is_dir() or path.suffix.lower() != ".mp4":
            raise OutputError(f"{path}: a recording needs the name of an .mp4 file; give one such as day.mp4")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._partial.touch()  # FFmpeg opens the file only with the first frame: too late to tell anybody
            self._file: Any = av.open(str(self._partial), "w", format="mp4")
            self._stream = self._file.add_stream("libx264", rate=Fraction(fps).limit_denominator(1001))
        except OSError as error:
            raise cannot_write(path, error) from None
        self._stream.width, self._stream.height = size
        self._stream.pix_fmt = "yuv420p"
        self._stream.options = {"crf": str(quality), "preset": "veryfast"}
        self._stream.time_base = self._stream.codec_context.time_base = Fraction(1, TICKS)
        self._thread = Thread(target=self._run, name="recorder", daemon=True)
        self._thread.start()

    @property
    def full(self) -> bool:
        """Whether the encoder is as far behind as it may be."""
        return self._queue.full()

    def put(self, pixels: NDArray[np.uint8], time: float) -> None:
        """Hand over one frame, [H, W, 3]; waits while the queue is full."""
        self._hand_over((pixels, time))

    def close(self) -> None:
        """Encode what is queued, end the file and give it its name."""
        self._hand_over(None)
        self._thread.join(FAREWELL)
        try:
            if self._frames:
                self._file.close()
            if self._frames and self.keep and self.error is None:
                self._partial.replace(self._path)
        except OSError as error:
            self.error = self.error or error
        self._partial.unlink(missing_ok=True)

    def _hand_over(self, item: Frame | None) -> None:
        """Queue an item, as long as there is a thread to take it."""
        taken = False
        while self._thread.is_alive() and not taken:
            with suppress(queue.Full):
                self._queue.put(item, timeout=0.5)
                taken = True

    def _run(self) -> None:
        try:
            last = -1
            while (item := self._queue.get()) is not None:
                ticks = max(round(item[1] * TICKS), last + 1)
                self._encode(item[0], ticks)
                last = ticks
            if self._frames:
                self._file.mux(self._stream.encode())
        except OSError as error:
            self.error = error if error.errno else OSError(errno.EIO, str(error))

    def _encode(self, pixels: NDArray[np.uint8], ticks: int) -> None:
        import av

        frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
        frame.pts = ticks
        frame.time_base = Fraction(1, TICKS)
        self._file.mux(self._stream.encode(frame))
        self._frames += 1
