"""Video files for tests."""

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from tests.flashes.patterns import Frame

TICKS = 90_000  # a second
BT709, LIMITED = 1, 1  # as ISO/IEC 23091-2 numbers them


def write(path: Path, frames: Iterable[tuple[Frame, float]], transfer: int = BT709, **options: str) -> Path:
    """H.264 of frames at their times; `options` are the container's."""
    with av.open(str(path), "w", options=options) as file:
        stream = None
        for pixels, time in frames:
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")
            frame.pts, frame.time_base = round(time * TICKS), Fraction(1, TICKS)
            if stream is None:
                stream = file.add_stream("libx264", rate=30, options={"preset": "ultrafast", "crf": "12"})
                stream.height, stream.width = pixels.shape[:2]
                stream.pix_fmt = "yuv420p"
                stream.time_base = stream.codec_context.time_base = Fraction(1, TICKS)
                stream.codec_context.colorspace = stream.codec_context.color_primaries = BT709
                stream.codec_context.color_trc, stream.codec_context.color_range = transfer, LIMITED
            file.mux(stream.encode(frame))
        assert stream is not None
        file.mux(stream.encode())
    return path
