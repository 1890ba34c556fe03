"""What tests of recordings share: pictures to record, and looks at what came of them."""

import time
from collections.abc import Callable
from pathlib import Path

import av
import moderngl
import numpy as np
from numpy.typing import NDArray

from engine.outputs.base import Canvas, Output
from engine.render.context import GLContext
from tests.running import PATIENCE

FPS = 10
CANVAS = Canvas(64, 36, FPS)


class Film:
    """Pictures that differ: a grey that says which frame it is, in the middle of noise that is hard to compress."""

    def __init__(self, gl: GLContext, canvas: Canvas = CANVAS, noise: int = 60) -> None:
        self._size = canvas.width, canvas.height
        self._noise = np.random.default_rng(0).integers(0, noise, (canvas.height, canvas.width, 4), np.uint8)
        self.texture = gl.ctx.texture(self._size, 4)

    def frame(self, index: int) -> moderngl.Texture:
        """Picture number `index`; the one texture there is."""
        width, height = self._size
        pixels = np.roll(self._noise, 7 * index, axis=1)
        pixels[height // 4 : -height // 4, width // 4 : -width // 4] = grey_of(index)
        self.texture.write(pixels.tobytes())
        return self.texture


def begin(output: Output, gl: GLContext, canvas: Canvas = CANVAS) -> None:
    """As a show begins: with an output that is open, or a word why not."""
    output.open(gl, canvas)
    output.confirm()


def wait(what: str, condition: Callable[[], object]) -> None:
    """Until it holds."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"waited {PATIENCE:g} s for {what}"
        time.sleep(0.02)


def grey_of(index: int) -> int:
    return 40 + 9 * (index % 20)


def shown(path: Path) -> list[int]:
    """The grey in the middle of each frame of a video, as its decoder gives it. Raises what av raises."""
    with av.open(str(path)) as video:
        return [middle(frame.to_ndarray(format="gray")) for frame in video.decode(video=0)]


def middle(luma: NDArray[np.uint8]) -> int:
    height, width = luma.shape
    return int(np.median(luma[height // 2 - 3 : height // 2 + 3, width // 2 - 3 : width // 2 + 3]))


def is_the_film(path: Path, first: int, count: int) -> bool:
    """Whether a video shows the pictures from number `first` on, all of them, in order."""
    greys = np.array(shown(path))
    expected = np.array([grey_of(first + i) for i in range(count)])
    return len(greys) == count and bool((np.abs(greys - expected) <= 3).all())


def boxes(path: Path) -> list[str]:
    """The kinds of the top-level boxes of an MP4."""
    data, at, kinds = path.read_bytes(), 0, []
    while at + 8 <= len(data):
        kinds.append(data[at + 4 : at + 8].decode("latin1"))
        size = int.from_bytes(data[at : at + 4], "big")
        at += size if size != 1 else int.from_bytes(data[at + 8 : at + 16], "big")
    return kinds


def is_ordinary(path: Path) -> bool:
    """Whether an MP4 is in one piece, without fragments."""
    kinds = boxes(path)
    return "moof" not in kinds and kinds.count("moov") == kinds.count("mdat") == 1
