"""Pictures of the page: where it flashed, and frames of the worst second."""

import base64
import io
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image

from engine.flashes.counting import Counts
from engine.flashes.definition import MOST_TRANSITIONS
from engine.flashes.light import Frame

MAP_WIDTH = 640  # pixels
DIMMED = 0.3
WITHIN, BEYOND = (227, 184, 114), (229, 72, 48)  # the colours of places with flashes, and with too many
QUALITY = 84


@dataclass(frozen=True)
class Encoded:
    """A picture as text that a page can hold, with its width and height."""

    address: str
    width: int
    height: int


def jpeg(frame: Frame) -> Encoded:
    """A frame as a picture."""
    return _encoded(frame, "jpeg", quality=QUALITY)


def heat(counts: Counts, size: tuple[int, int], below: Frame | None) -> Encoded:
    """The most transitions of each place, in colours over a dimmed frame; `size` is that of the recording."""
    width, height = MAP_WIDTH, max(1, round(MAP_WIDTH * size[1] / size[0]))
    values = cv2.resize(counts, (width, height), interpolation=cv2.INTER_NEAREST)[..., None]
    ground = np.zeros((height, width, 3)) if below is None else cv2.resize(below, (width, height)).astype(float)
    grey = np.broadcast_to(ground.mean(axis=-1, keepdims=True) * DIMMED, (height, width, 3))
    strength = np.where(values < 2, 0, np.clip(values / MOST_TRANSITIONS, 0.35, 1))  # one change is no flash
    colour = np.where(values > MOST_TRANSITIONS, np.array(BEYOND), np.array(WITHIN))
    return _encoded((grey * (1 - strength) + colour * strength).astype(np.uint8), "png")


def _encoded(pixels: Frame, kind: str, **settings: int) -> Encoded:
    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(file, kind.upper(), **settings)
    text = base64.b64encode(file.getvalue()).decode()
    return Encoded(f"data:image/{kind};base64,{text}", pixels.shape[1], pixels.shape[0])
