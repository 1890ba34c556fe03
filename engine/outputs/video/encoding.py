"""H.264 in MP4 through PyAV: fragments while it is written, an ordinary file once it is ended.

Colours are BT.709 in limited range, and the file says so: without the tags players guess by size. A fragment holds half
a second, and few frames are in the encoder at a time, so that a kill costs less than a second. FFmpeg's hybrid files
need no second copy to become ordinary: the index of all fragments is written behind them, and a box at the beginning is
made to cover them. Tried and left: copying the closed file into an ordinary one, which takes its size once more on the
disk, and at the end of a show longer than a service manager waits.
"""

from contextlib import suppress
from fractions import Fraction
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.outputs.base import Canvas, OutputError
from engine.outputs.video.part_file import PartFile

TICKS = 90_000  # a second, as MPEG counts
FRAGMENT = 500_000  # microseconds
BUFFER = 4 * 2**20  # bytes: a fragment goes to the file at once, so that a kill seldom cuts one
LOOKAHEAD = 0.15  # seconds of frames that the encoder may hold back to spend its bits well
LONGEST_SIDE = 16384  # pixels, of x264
MARGIN, MOST_PIXELS = 128, 2**28  # FFmpeg adds the one to both sides and stays below the other
BT709 = LIMITED = 1  # as FFmpeg numbers primaries, transfer, matrix; and the range


class Look(NamedTuple):
    """Size in pixels (even sides), frames per second, and x264's constant rate factor."""

    size: tuple[int, int]
    fps: float
    quality: int


def even(canvas: Canvas) -> tuple[int, int]:
    """The size of its video: 4:2:0 colour needs even sides. Raises OutputError where it is more than encoders take."""
    width, height = canvas.width // 2 * 2, canvas.height // 2 * 2
    if max(width, height) > LONGEST_SIDE or (width + MARGIN) * (height + MARGIN) >= MOST_PIXELS:
        size = f"{canvas.width}×{canvas.height}"
        raise OutputError(f"a canvas of {size} is too large for a recording; make it smaller, such as 16128×16128")
    return width, height


class Encoding:
    """One video, written to `file`. Raises OSError and av.FFmpegError, in every method."""

    def __init__(self, file: PartFile, look: Look) -> None:
        import av  # brings FFmpeg: only a show that records pays for it
        from av.video.reformatter import ColorRange, Colorspace, VideoReformatter

        self._convert = partial(
            VideoReformatter().reformat,
            format="yuv420p",
            dst_colorspace=Colorspace.ITU709,
            src_color_range=ColorRange.JPEG,
            dst_color_range=ColorRange.MPEG,
        )
        movie = {
            "movflags": "hybrid_fragmented+negative_cts_offsets",
            "frag_duration": str(FRAGMENT),
            "flush_packets": "1",
        }
        self._file: Any = av.open(file, "w", format="mp4", options=movie, buffer_size=BUFFER)
        self._stream: Any = self._file.add_stream("libx264", rate=Fraction(look.fps).limit_denominator(1001))
        self._stream.width, self._stream.height = look.size
        self._stream.pix_fmt = "yuv420p"
        self._stream.options = _settings(look)
        self._stream.time_base = self._stream.codec_context.time_base = Fraction(1, TICKS)
        context = self._stream.codec_context
        context.color_primaries = context.color_trc = context.colorspace = BT709
        context.color_range = LIMITED
        self._fps, self._last = look.fps, -1
        try:
            self._file.start_encoding()
        except BaseException:
            file.refuse()
            self.abandon()
            raise

    def add(self, pixels: NDArray[np.uint8], seconds: float) -> None:
        """One frame, [H, W, 4], row 0 at the top, to be shown that long after the beginning.

        Times are rounded to whole frames: a live show's are never exact, and editors count in frames.
        """
        import av

        frame: Any = self._convert(av.VideoFrame.from_ndarray(pixels, format="rgba"))
        self._last = max(round(seconds * self._fps), self._last + 1)
        frame.pts, frame.time_base = round(self._last * TICKS / self._fps), Fraction(1, TICKS)
        self._file.mux(self._stream.encode(frame))

    def end(self) -> None:
        """Encode what is held back and make the file an ordinary one."""
        self._file.mux(self._stream.encode())
        self._file.close()

    def abandon(self) -> None:
        """Release a file that refuses to be written; PyAV would else try to end it some day, when it is collected."""
        from av.error import FFmpegError

        with suppress(OSError, FFmpegError):  # what it says is that nothing can be written
            self._file.close()


def _settings(look: Look) -> dict[str, Any]:
    """A key frame each second, and no more frames held back than half a fragment's worth."""
    ahead = min(10, int(look.fps * LOOKAHEAD))
    return {
        "crf": str(look.quality),
        "preset": "veryfast",
        "g": str(max(1, int(look.fps))),
        "bf": str(min(2, ahead // 2)),
        "rc-lookahead": str(ahead),
        "x264-params": "sliced-threads=1:sync-lookahead=0",  # threads by frame would hold one back for each
    }
