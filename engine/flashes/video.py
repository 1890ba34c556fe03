"""Video files, frame by frame in sRGB. What cannot be judged is a ReverieError: one sentence with the file's name."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from engine.errors import ReverieError
from engine.files import open_regular, reason
from engine.flashes.light import Frame

HDR = {16: "PQ", 18: "HLG"}  # transfer functions, as ISO/IEC 23091-2 numbers them
HD = 720  # rows: without a tag, colours are taken to be of BT.709 from here on and of BT.601 below
MOST_PIXELS = 2**26
TICK = 0.001  # seconds
MISSING = 1.0  # seconds of a file's length that may be without frames
ADVICE = "give a video that plays, such as an MP4"


class Video:
    """The first video stream of a file: `width` and `height` in pixels. `seen` seconds of `length` (None: unknown)
    have been read.
    """

    def __init__(self, path: Path, container: Any) -> None:
        self._path = path
        self._container = container
        if not container.streams.video:
            raise ReverieError(f"{path}: has no video in it; {ADVICE}")
        self._stream = container.streams.video[0]
        context = self._stream.codec_context
        if context is None:
            raise ReverieError(f"{path}: has video in a format that FFmpeg does not know; {ADVICE}")
        context.thread_type = "AUTO"
        self.width, self.height = context.width, context.height
        self.length = _length(container, self._stream)
        self.seen = 0.0
        self.problem = ""  # why the last frame was not the last of the file; empty where it was
        self._check(context)

    def frames(self) -> Iterator[tuple[Frame, float]]:
        """sRGB uint8 [H, W, 3] and the second it is shown at; times rise, however the file has them."""
        convert, begin, last = _Converter(), None, 0.0
        step = 1 / float(self._stream.average_rate or 30)
        for frame in self._decoded():
            time = frame.time if frame.time is not None else last + step
            begin = time if begin is None else begin
            last = time - begin if time == begin else max(time - begin, last + TICK)
            self.seen = last + step
            yield convert(frame), last
        if not self.problem and self.length is not None and self.seen < self.length - MISSING:
            self.problem = f"it should be {self.length:.1f} s long"

    def _decoded(self) -> Iterator[Any]:
        from av.error import FFmpegError

        try:
            yield from self._container.decode(self._stream)
        except FFmpegError as error:
            self.problem = error.strerror or str(error)

    def _check(self, context: Any) -> None:
        size = f"{self.width}×{self.height}"
        if min(self.width, self.height) < 1:
            raise ReverieError(f"{self._path}: does not say how large its pictures are; {ADVICE}")
        if self.width * self.height > MOST_PIXELS:
            raise ReverieError(f"{self._path}: its pictures are too large ({size}); scale them to 8192×8192 at most")
        if context.color_trc in HDR:
            raise ReverieError(
                f"{self._path}: is HDR ({HDR[context.color_trc]}), of which the light on your wall cannot be known;"
                " convert it to SDR (BT.709) as it will be shown"
            )


class _Converter:
    """To sRGB in full range, as the tags say, one of which may be missing."""

    def __init__(self) -> None:
        from av.video.reformatter import ColorRange, Colorspace, VideoReformatter

        self._reformat = VideoReformatter().reformat
        self._full = ColorRange.JPEG
        self._spaces = {space.value: space for space in Colorspace}
        self._ranges = {found.value: found for found in (ColorRange.MPEG, ColorRange.JPEG)}
        self._usual = {True: Colorspace.ITU709, False: Colorspace.ITU601}

    def __call__(self, frame: Any) -> Frame:
        converted = self._reformat(
            frame,
            format="rgb24",
            src_colorspace=self._spaces.get(frame.colorspace, self._usual[frame.height >= HD]),
            src_color_range=self._ranges.get(frame.color_range),
            dst_color_range=self._full,
        )
        return np.asarray(converted.to_ndarray(), np.uint8)


@contextmanager
def opened(path: Path) -> Iterator[Video]:
    """The video in a file. Raises ReverieError."""
    import av  # brings FFmpeg

    try:
        with (
            open_regular(path) as file,
            av.open(file, options={"protocol_whitelist": "none"}, metadata_errors="replace") as container,
        ):
            yield Video(path, container)
    except av.error.FFmpegError:
        raise ReverieError(f"{path}: is not a video, or is cut short so that nothing can be read; {ADVICE}") from None
    except (OSError, ValueError) as error:
        raise ReverieError(f"{path}: cannot be read ({reason(error)}); {ADVICE}") from None


def _length(container: Any, stream: Any) -> float | None:
    """Seconds, as the file has them."""
    if stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    return None if container.duration is None else container.duration / 1e6
