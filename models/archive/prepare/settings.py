"""How a set is prepared. The same settings on the same files give the same bytes."""

import re
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from models.archive.errors import ArchiveError

Crop = Literal["centre", "saliency", "tiles", "keep"]
Format = Literal["png", "jpg"]
MOST_PIXELS = 178_000_000  # above twice its own limit Pillow refuses a file, whatever one asks for
FARTHEST = 11  # bits: beyond that, pictures that have nothing in common count as near


@dataclass(frozen=True, slots=True)
class Settings:
    """Raises ArchiveError where a value is out of its range.

    `size` is (height, width) in pixels. `crop`: `centre` and `saliency` cut the largest window of that shape, `tiles`
    several of them along the long side, `keep` cuts nothing and fills up with `ground`, which also lies under what is
    transparent. `min_side` in pixels, None: the shorter of `size`, so that nothing is enlarged. `near` is the distance
    of two 64-bit dHashes up to which the later picture is dropped, None: all are kept. `quality` is that of JPEG.
    """

    size: tuple[int, int]
    crop: Crop = "centre"
    ground: str = "#ffffff"
    format: Format = "png"
    min_side: int | None = None
    max_aspect: float = 4.0
    max_pixels: int = 100_000_000
    trim_borders: bool = True
    near: int | None = 6
    quality: int = 95

    def __post_init__(self) -> None:
        _in_range("size", min(self.size), 8, 8192)
        _in_range("size", max(self.size), 8, 8192)
        _one_of("crop", self.crop, get_args(Crop))
        _one_of("format", self.format, get_args(Format))
        _in_range("min_side", self.short_side, 1, 1_000_000)
        _in_range("max_aspect", self.max_aspect, 1, 1000)
        _in_range("max_pixels", self.max_pixels, 1, MOST_PIXELS)
        _in_range("near", self.near or 0, 0, FARTHEST)
        _in_range("quality", self.quality, 1, 100)
        if not re.fullmatch("#[0-9a-fA-F]{6}", self.ground):
            raise ArchiveError(f"ground: {self.ground!r} is no colour; write it as #rrggbb, such as #ffffff")

    @property
    def short_side(self) -> int:
        """The least short side of a picture, in pixels."""
        return min(self.size) if self.min_side is None else self.min_side

    def as_json(self) -> dict[str, Any]:
        """What a manifest holds of them."""
        return {**asdict(self), "size": list(self.size)}


def _in_range(name: str, value: float, least: float, most: float) -> None:
    if not least <= value <= most:
        raise ArchiveError(f"{name}: {value} is out of range; give {least} to {most}")


def _one_of(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise ArchiveError(f"{name}: {value!r} is not known; give {', '.join(known)}")
