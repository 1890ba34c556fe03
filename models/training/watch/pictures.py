"""Pictures of a run as files are: grids, strips, and a walk that moves."""

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from torch import Tensor

from models.explore.grid import levels_of, tile
from models.files import write_atomically

WALK_SIDE = 256  # pixels of its longer side, at most
FRAME_MS = 80
QUALITY = 84


@dataclass(frozen=True)
class Encoded:
    """The bytes of a picture file; `size` is width and height."""

    kind: str  # jpeg, webp, gif
    size: tuple[int, int]
    data: bytes

    @property
    def text(self) -> str:
        """The bytes in base64."""
        return base64.b64encode(self.data).decode()

    @property
    def address(self) -> str:
        """That a page can hold in place of the file's."""
        return f"data:image/{self.kind};base64,{self.text}"


@dataclass(frozen=True)
class Drawn:
    """What a network draws, images [N, 3, H, W] in [-1, 1]: a grid of `side` rows, and a walk through its first column.

    The walk stops at every `stride`-th of its frames.
    """

    fakes: Tensor
    side: int
    walk: Tensor
    stride: int

    @property
    def column(self) -> Tensor:
        """The first of each row: of a network with classes, one of each."""
        return self.fakes[:: self.side]

    @property
    def stops(self) -> Tensor:
        """What of the walk stands still."""
        return self.walk[:: self.stride]


def save_grid(images: Tensor, path: Path) -> None:
    """Write images [N, 3, H, W] in [-1, 1] as one PNG."""
    picture = Image.fromarray(tile(levels_of(images)))
    write_atomically(path, lambda target: picture.save(target, format="PNG"))


def grid(images: Tensor, side: int) -> Encoded:
    """Images [N, 3, H, W] in [-1, 1] as one JPEG, `side` pixels wide and high at most."""
    return _jpeg(tile(levels_of(images)), (side, side))


def column(images: Tensor, side: int) -> Encoded:
    """Images [N, 3, H, W] in [-1, 1] one below the other as a JPEG, each `side` pixels wide and high at most."""
    levels = levels_of(images)  # [N, 3, H, W]
    count, _, height, width = levels.shape
    return _jpeg(levels.transpose(0, 2, 3, 1).reshape(count * height, width, 3), (side, side * count))


def row(images: Tensor, side: int) -> Encoded:
    """Images [N, 3, H, W] in [-1, 1] side by side as a JPEG, each `side` pixels wide and high at most."""
    levels = levels_of(images)  # [N, 3, H, W]
    count, _, height, width = levels.shape
    return _jpeg(levels.transpose(2, 0, 3, 1).reshape(height, count * width, 3), (side * count, side))


def moving(images: Tensor, kind: str) -> Encoded:
    """Images [N, 3, H, W] in [-1, 1] one after the other, without end: webp, or gif, which all programs show."""
    frames = [_within(levels.transpose(1, 2, 0), (WALK_SIDE, WALK_SIDE)) for levels in levels_of(images)]
    settings = {"quality": QUALITY, "method": 4} if kind == "webp" else {}
    return _encoded(frames, kind, duration=FRAME_MS, loop=0, save_all=True, append_images=frames[1:], **settings)


def _jpeg(levels: np.ndarray, most: tuple[int, int]) -> Encoded:
    return _encoded([_within(levels, most)], "jpeg", quality=QUALITY, optimize=True)


def _within(levels: np.ndarray, most: tuple[int, int]) -> Image.Image:
    """uint8 [H, W, 3] as a picture, made smaller where it is larger than that width and height."""
    picture = Image.fromarray(np.ascontiguousarray(levels))
    picture.thumbnail(most, Image.Resampling.LANCZOS)
    return picture


def _encoded(frames: Sequence[Image.Image], kind: str, **settings: object) -> Encoded:
    file = io.BytesIO()
    frames[0].save(file, kind.upper(), **settings)
    return Encoded(kind, frames[0].size, file.getvalue())
