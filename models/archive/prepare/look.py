"""What is seen before a picture is cut: borders that are not part of the work, and sheets with nothing on them."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Box = tuple[float, float, float, float]  # left, top, right, bottom in pixels

TOLERANCE = 5  # levels of 255 within which a border is of one colour; painted grounds vary by more
STRAY = 0.005  # the share of its pixels that may not be: dust, noise of JPEG
DEEPEST = 0.4  # of a side; what is deeper is a composition, not a border
BLUR = 0.004  # of a side: beyond a border's end its colour still bleeds into the picture
FAINT = 16  # levels of 255: marks on a sheet differ from it by more
BLANK = 0.002  # the share of a sheet that marks cover at least


def content(grey: Image.Image) -> tuple[int, int, int, int]:
    """The part of a mode-L image inside borders of one colour each, as (left, top, right, bottom)."""
    pixels = np.asarray(grey)
    height, width = pixels.shape
    top, bottom = _border(pixels), height - _border(pixels[::-1])
    inner = pixels[top:bottom].T
    return _border(inner), top, width - _border(inner[::-1]), bottom


def is_blank(grey: Image.Image) -> bool:
    """Whether hardly anything stands out from the one tone that most of a mode-L image has."""
    counts = np.array(grey.histogram())
    total = int(counts.sum())
    middle = int(np.searchsorted(np.cumsum(counts), total / 2))
    close = int(counts[max(0, middle - FAINT) : middle + FAINT + 1].sum())
    return total - close < BLANK * total


def _border(lines: NDArray[np.uint8]) -> int:
    """How many lines [N, M], from the first on, belong to a border."""
    most = int(len(lines) * DEEPEST)
    colour = int(np.median(lines[0]))
    depth = next((n for n in range(most) if not _is_of_colour(lines[n], colour)), most)
    return min(depth + 1 + int(BLUR * len(lines)), most) if depth else 0


def _is_of_colour(line: NDArray[np.uint8], colour: int) -> bool:
    off = np.abs(line.astype(np.int16) - colour) > TOLERANCE
    return int(np.count_nonzero(off)) <= STRAY * line.size
