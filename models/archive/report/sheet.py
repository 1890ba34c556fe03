"""The contact sheet: few of an archive's pictures, small, inside the page itself."""

import base64
import io
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from models.archive.errors import RejectedError
from models.archive.prepare.decode import decoded, opened
from models.archive.record import Entry

PICTURES = 200
HEIGHT = 192  # pixels, twice what the page shows: sharp on a phone and in print
WIDEST = 3  # widths per height; a longer scroll is shown smaller
MOST_PIXELS = 150_000_000  # decoded to be looked at; what is larger is not shown
GROUND = "#ffffff"


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A work with its picture as the data of a JPEG in base64, or a few words about why it cannot be shown."""

    entry: Entry
    width: int = HEIGHT
    height: int = HEIGHT
    data: str = ""
    problem: str = ""


def thumbnails(folder: Path, entries: Iterable[Entry]) -> list[Thumbnail]:
    """One of each entry, whatever state its file is in."""
    return [_thumbnail(folder / entry.file, entry) for entry in entries]


def _thumbnail(path: Path, entry: Entry) -> Thumbnail:
    if not os.path.isfile(path):
        return Thumbnail(entry, problem="file missing")
    try:
        image = _small(path.read_bytes())
    except RejectedError as error:
        return Thumbnail(entry, problem=error.kind)
    except OSError as error:
        return Thumbnail(entry, problem=error.strerror or "cannot be read")
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=72, optimize=True)
    return Thumbnail(entry, *image.size, data=base64.b64encode(buffer.getvalue()).decode())


def _small(data: bytes) -> Image.Image:
    image = decoded(opened(data, MOST_PIXELS), (HEIGHT, HEIGHT), GROUND).image
    image.thumbnail((HEIGHT * WIDEST, HEIGHT), Image.Resampling.LANCZOS)
    return image
