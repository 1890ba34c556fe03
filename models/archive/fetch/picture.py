"""What a file is, by its own bytes and header: nothing is decoded here, and its name says nothing."""

import hashlib
import struct
import warnings
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from models.archive.errors import RejectedError

SUFFIXES = {"JPEG": ".jpg", "PNG": ".png", "GIF": ".gif", "WEBP": ".webp", "TIFF": ".tif", "BMP": ".bmp"}
MANY_IN_ONE = "MPO"  # what Pillow calls a JPEG with others behind it, as many cameras write them
# What Pillow's readers raise on a header that is damaged or made to mislead.
BROKEN = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    ArithmeticError,
    LookupError,
    struct.error,
)


def suffix(path: Path, pixel_cap: int) -> str:
    """The file name suffix that a picture ought to have. For one thread.

    Raises RejectedError where the file is no picture of a kind we take, or one of more than `pixel_cap` pixels.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of many pixels, of which the cap is ours, and of damaged metadata
        kind, width, height = _header(path)
    if width * height > pixel_cap:
        raise RejectedError("too large", f"{width} x {height} pixels are more than the {pixel_cap:,} allowed")
    return SUFFIXES[kind]


def _header(path: Path) -> tuple[str, int, int]:
    try:
        with Image.open(path, formats=tuple(SUFFIXES)) as image:
            kind = "JPEG" if image.format == MANY_IN_ONE else image.format or ""
            return kind, image.width, image.height
    except Image.DecompressionBombError:
        raise RejectedError("too large", "it has more pixels than any picture that is opened here") from None
    except UnidentifiedImageError:
        raise RejectedError("not an image", _looks(path)) from None
    except BROKEN as error:
        raise RejectedError("not an image", f"its header cannot be read ({error})") from None


def _looks(path: Path) -> str:
    with path.open("rb") as file:
        start = file.read(256)
    if not start:
        return "the file is empty"
    if start.lstrip().lower().startswith((b"<!doctype", b"<html", b"<?xml", b"<svg")):
        return f"it is a page of text, not a picture: {start.lstrip()[:40].decode('ascii', 'replace')!r}"
    return f"it is none of {', '.join(SUFFIXES)}; it begins with {start[:8].hex(' ')}"


def digest(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
