"""One file to its training images: a pure function of its bytes and the settings."""

import io
from dataclasses import dataclass, replace

from PIL import Image

from models.archive.errors import RejectedError
from models.archive.prepare.crop import cut, letterboxed, windows
from models.archive.prepare.decode import Picture, decoded, opened, upright_size
from models.archive.prepare.dhash import dhash
from models.archive.prepare.look import content, is_blank
from models.archive.prepare.png import png
from models.archive.prepare.settings import Settings

ROOM = 1.5  # times the target's size that a picture keeps until the last resizing: within 41 dB of a full decode
ENOUGH = 1.2  # times that are left inside its borders, else it is decoded again, larger


@dataclass(frozen=True, slots=True)
class Images:
    """The encoded images of one picture, in order, with the dHash of the whole, the (width, height) that the file
    had, and notes.
    """

    files: tuple[bytes, ...]
    dhash: int
    size: tuple[int, int]
    notes: tuple[str, ...]


def prepare_picture(data: bytes, settings: Settings) -> Images:
    """Decode, look, crop and encode. Raises RejectedError."""
    picture = _decoded(data, settings, ROOM)
    grey = picture.image.convert("L")
    box = content(grey)
    inside = grey.crop(box)
    if is_blank(inside):
        raise RejectedError("blank", "a sheet of one tone")
    if settings.trim_borders and inside.size != grey.size:
        picture = _trimmed(data, settings, picture, box)
        grey = picture.image.convert("L")
    return Images(_cut_out(picture.image, grey, settings), dhash(grey), picture.size, picture.notes)


def _decoded(data: bytes, settings: Settings, room: float) -> Picture:
    header = opened(data, settings.max_pixels)
    _check_size(upright_size(header), settings, "")
    height, width = settings.size
    return decoded(header, (round(width * room), round(height * room)), settings.ground)


def _check_size(size: tuple[int, int], settings: Settings, where: str) -> None:
    short, long = sorted(size)
    if long > settings.max_aspect * short:
        raise RejectedError(
            "extreme aspect", f"{size[0]}x{size[1]}{where} is longer than {settings.max_aspect:g} times its short side"
        )
    if short < settings.short_side:
        raise RejectedError("too small", f"{size[0]}x{size[1]}{where}: a side is below {settings.short_side} pixels")


def _trimmed(data: bytes, settings: Settings, picture: Picture, box: tuple[int, int, int, int]) -> Picture:
    """The part of the picture in `box`. Raises RejectedError where too little is left."""
    across, down = picture.size[0] / picture.image.width, picture.size[1] / picture.image.height
    left, top, right, bottom = box
    size = round((right - left) * across), round((bottom - top) * down)
    _check_size(size, settings, " inside its borders")
    image, (height, width) = picture.image, settings.size
    if image.size != picture.size and ((right - left) < ENOUGH * width or (bottom - top) < ENOUGH * height):
        image = _decoded(data, settings, ROOM * max(image.width / (right - left), image.height / (bottom - top))).image
    scale = image.width / picture.image.width, image.height / picture.image.height
    part = image.crop(
        (round(left * scale[0]), round(top * scale[1]), round(right * scale[0]), round(bottom * scale[1]))
    )
    note = f"borders cut off: {size[0]}x{size[1]} of {picture.size[0]}x{picture.size[1]} left"
    return replace(picture, image=part, notes=(*picture.notes, note))


def _cut_out(image: Image.Image, grey: Image.Image, settings: Settings) -> tuple[bytes, ...]:
    if settings.crop == "keep":
        return (_encoded(letterboxed(image, settings.size, settings.ground), settings),)
    boxes = windows(grey, settings.size, settings.crop)
    return tuple(_encoded(cut(image, box, settings.size), settings) for box in boxes)


def _encoded(image: Image.Image, settings: Settings) -> bytes:
    if settings.format == "png":
        return png(image)
    file = io.BytesIO()
    image.save(file, "JPEG", quality=settings.quality, subsampling=0)
    return file.getvalue()
