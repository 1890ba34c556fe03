"""The pictures a shader imports."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from PIL import Image

from engine.render.budgets import PICTURE_BYTES, PICTURE_PIXELS
from engine.render.files import open_regular
from engine.render.isf import IsfError

FORMATS = ("BMP", "GIF", "JPEG", "PNG", "TIFF", "WEBP")  # Pillow knows others that run programs or are rarely tested


def read_pictures(paths: Mapping[str, Path], longest_side: int) -> Iterator[tuple[str, Image.Image]]:
    """Each by its name, RGBA, its last row first as OpenGL wants it; one is read when it is asked for.

    Raises IsfError, also where they are too many pixels together.
    """
    left = PICTURE_PIXELS
    for name, path in paths.items():
        picture = _read(path, left, longest_side)
        left -= picture.width * picture.height
        yield name, picture


def _read(path: Path, most: int, longest_side: int) -> Image.Image:
    with open_regular(path, PICTURE_BYTES) as file:
        try:
            with Image.open(file, formats=FORMATS) as image:
                size = f"{path}: {image.width}×{image.height} pixels"
                if image.width * image.height > most:
                    raise IsfError(f"{size} are more than a shader may import; make its pictures smaller")
                if max(image.size) > longest_side:
                    raise IsfError(f"{size} are more than {longest_side} on a side; make it smaller")
                return image.convert("RGBA").transpose(Image.Transpose.FLIP_TOP_BOTTOM)
        except IsfError:
            raise
        except Exception as error:  # noqa: BLE001 - a broken picture raises anything, depending on its format
            raise IsfError(f"{path}: no picture that can be read: {error}; save it as PNG or JPEG") from None
