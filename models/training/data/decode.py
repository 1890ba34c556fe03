"""An image file's bytes to pixels of a given shape; what is wrong with it in one sentence."""

import io
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from PIL import Image, ImageOps

from models.archive.errors import RejectedError
from models.archive.prepare.colour import flatten, plain, to_srgb
from models.archive.prepare.decode import DAMAGE, FORMATS, ORIENTATION, SIDEWAYS, TURNS
from models.training.config import TrainingError

MAX_PIXELS = 89_000_000  # what Pillow opens without a warning
GROUND = "#ffffff"  # under what is transparent, as in the archive's sets
LEFT = 2  # times the shape stays at least when JPEG is made smaller while decoding

UNDECODABLE: tuple[type[Exception], ...] = (*DAMAGE, RejectedError, Image.DecompressionBombError, MemoryError)


def size_of(data: bytes, where: str) -> tuple[int, int]:
    """Width and height, upright; no pixel is decoded. Raises TrainingError."""
    with _told(where), _opened(data, where) as image:
        sideways = image.format != "TIFF" and _orientation(image) in SIDEWAYS
        return image.size[::-1] if sideways else image.size


def decode(data: bytes, shape: tuple[int, int], where: str) -> np.ndarray:
    """Its middle, upright and in sRGB, as uint8 [3, *shape]; of several pages the first. Raises TrainingError.

    Any thread may call it: unlike the archive's decoder it catches no warnings, which is the process's business.
    """
    with _told(where), _opened(data, where) as image:
        image.draft(None, (LEFT * max(shape),) * 2)
        image.load()
        turn = TURNS.get(_orientation(image))
        pixels = flatten(to_srgb(plain(image), image.info.get("icc_profile"), []), GROUND, [])
        upright = pixels if turn is None else pixels.transpose(turn)
        fitted = ImageOps.fit(upright, shape[::-1], Image.Resampling.LANCZOS)
    return np.asarray(fitted).transpose(2, 0, 1)


def _opened(data: bytes, where: str) -> Image.Image:
    image = Image.open(io.BytesIO(data), formats=FORMATS)
    if image.width * image.height > MAX_PIXELS:
        raise TrainingError(f"{where} has {image.width}x{image.height} pixels, more than {MAX_PIXELS}; make it smaller")
    return image


def _orientation(image: Image.Image) -> int:
    """As EXIF has it; a damaged block says nothing. A TIFF is upright once it is loaded."""
    try:
        return int(image.getexif().get(ORIENTATION, 1))
    except DAMAGE:
        return 1


@contextmanager
def _told(where: str) -> Iterator[None]:
    """What decoders raise becomes one sentence."""
    try:
        yield
    except UNDECODABLE as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise TrainingError(
            f"{where} is not an image that can be decoded ({reason}); replace it or take it out"
        ) from None
