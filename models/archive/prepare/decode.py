"""An image file's bytes to upright RGB pixels in sRGB, whole or not at all."""

import io
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from PIL import Image, UnidentifiedImageError

from models.archive.errors import RejectedError
from models.archive.prepare.colour import flatten, plain, to_srgb

FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP")
ORIENTATION = 0x0112
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
SIDEWAYS = (5, 6, 7, 8)  # orientations that swap width and height
# What Pillow's decoders are known to raise on bytes that are not what they say.
DAMAGE: tuple[type[Exception], ...] = (OSError, SyntaxError, ValueError, TypeError, LookupError, ArithmeticError)
DAMAGE += (EOFError, AttributeError, RuntimeError, AssertionError, struct.error, zlib.error)
MOST_REMARKS = 3
AVERAGED = 2  # times more is left where pixels are averaged, which is a worse filter than libjpeg's


@dataclass(frozen=True, slots=True)
class Picture:
    """`image` is RGB in sRGB, upright, perhaps shrunk by a whole number; `size` the (width, height) of the file's own
    picture, upright; `notes` what had to be done or left out, one sentence each.
    """

    image: Image.Image
    size: tuple[int, int]
    notes: tuple[str, ...]


def opened(data: bytes, max_pixels: int) -> Image.Image:
    """The file's header, read; no pixel decoded. What it is shows in its bytes. Raises RejectedError."""
    with _damage_rejected([]):
        image = _open(data, max_pixels)
        if image.format == "PNG":
            image.verify()  # the checksums, which decoding alone does not look at
            image = _open(data, max_pixels)
        return image


def upright_size(image: Image.Image) -> tuple[int, int]:
    """Width and height as a viewer shows them. A TIFF's are so already."""
    with _damage_rejected([]):
        sideways = image.format != "TIFF" and _orientation(image, []) in SIDEWAYS
    return image.size[::-1] if sideways else image.size


def decoded(image: Image.Image, least: tuple[int, int], ground: str) -> Picture:
    """All pixels of an opened image; of several pages the first.

    Where the picture stays at least `least` (width, height) it is shrunk by a whole number on the way: JPEG while
    decoding, which is several times faster. Raises RejectedError; half a picture is none.
    """
    size, notes = upright_size(image), list[str]()
    if size != image.size:
        least = least[::-1]
    with _damage_rejected(notes):
        _note_pages(image, notes)
        image.draft(None, least)
        image.load()
        turn = TURNS.get(_orientation(image, notes))
        pixels = _shrunk(plain(image), least)
        pixels = flatten(to_srgb(pixels, image.info.get("icc_profile"), notes), ground, notes)
        return Picture(pixels if turn is None else pixels.transpose(turn), size, tuple(notes))


def _open(data: bytes, max_pixels: int) -> Image.Image:
    image = Image.open(io.BytesIO(data), formats=FORMATS)
    if image.width * image.height > max_pixels:
        raise RejectedError("too large", f"{image.width}x{image.height} are more than {max_pixels} pixels")
    return image


def _shrunk(image: Image.Image, least: tuple[int, int]) -> Image.Image:
    factor = min(image.width // least[0], image.height // least[1]) // AVERAGED
    return image.reduce(factor) if factor > 1 else image


def _orientation(image: Image.Image, notes: list[str]) -> int:
    try:
        return int(image.getexif().get(ORIENTATION, 1))
    except DAMAGE:
        notes.append("its EXIF block is damaged and was left out")
        return 1


def _note_pages(image: Image.Image, notes: list[str]) -> None:
    if image.format == "TIFF" and image.n_frames > 1:  # type: ignore[attr-defined]  # every TIFF has it
        notes.append(f"page 1 of {image.n_frames}")  # type: ignore[attr-defined]
    elif image.format != "TIFF" and getattr(image, "is_animated", False):
        notes.append("the first of several pictures")


@contextmanager
def _damage_rejected(notes: list[str]) -> Iterator[None]:
    """Turn what decoders raise into a RejectedError, and what they warn of into notes."""
    with warnings.catch_warnings(record=True) as remarks:
        warnings.simplefilter("always")
        try:
            yield
        except RejectedError:
            raise
        except UnidentifiedImageError:
            raise RejectedError("not an image", f"its bytes are none of {', '.join(FORMATS)}") from None
        except Image.DecompressionBombError:
            raise RejectedError("too large", "its header claims more pixels than any picture has") from None
        except MemoryError:
            raise RejectedError("too large", "there is not enough memory to decode it") from None
        except DAMAGE as error:
            if "truncated" in str(error).lower():
                raise RejectedError("truncated", "the file breaks off; only whole pictures are used") from None
            raise RejectedError("damaged", f"it cannot be decoded ({error}); only whole pictures are used") from None
    seen = dict.fromkeys(str(r.message) for r in remarks if r.category is not Image.DecompressionBombWarning)
    notes.extend(list(seen)[:MOST_REMARKS])
