"""Which part of a picture becomes a training image: the crop policies."""

import numpy as np
from PIL import Image

from models.archive.prepare.look import Box
from models.archive.prepare.settings import Crop

SMALL = 96  # pixels of the short side at which one looks for what is salient
STRONG = 48  # levels of 255: an edge beyond it counts no more, else one hard outline outweighs a face
PULL = 10  # the middle of the range counts a tenth more than its ends


def windows(grey: Image.Image, shape: tuple[int, int], crop: Crop) -> list[Box]:
    """The boxes to cut from a picture whose mode-L version is `grey`; `shape` is the (height, width) of the target.

    All but `keep` give the largest windows of the target's aspect, which can move along one side only.
    """
    if crop == "keep":
        return [(0, 0, *grey.size)]
    aspect = shape[1] / shape[0]
    width = min(grey.width, grey.height * aspect)
    height = min(grey.height, grey.width / aspect)
    room = max(grey.width - width, grey.height - height)
    sideways = grey.width - width >= grey.height - height
    starts = _starts(grey, crop, room, width if sideways else height, sideways)
    return [(s, 0, s + width, height) if sideways else (0, s, width, s + height) for s in starts]


def cut(image: Image.Image, box: Box, shape: tuple[int, int]) -> Image.Image:
    """That part of an RGB image, resized to `shape` (height, width)."""
    return image.resize(shape[::-1], Image.Resampling.LANCZOS, box=box)


def letterboxed(image: Image.Image, shape: tuple[int, int], ground: str) -> Image.Image:
    """The whole RGB image in the middle of `shape` (height, width), on `ground` (#rrggbb)."""
    height, width = shape
    scale = min(width / image.width, height / image.height)
    fitted = image.resize(
        (max(1, round(image.width * scale)), max(1, round(image.height * scale))), Image.Resampling.LANCZOS
    )
    whole = Image.new("RGB", (width, height), ground)
    whole.paste(fitted, ((width - fitted.width) // 2, (height - fitted.height) // 2))
    return whole


def _starts(grey: Image.Image, crop: Crop, room: float, length: float, sideways: bool) -> list[float]:
    """Where windows of `length` begin, from 0 to `room`, along the side they can move on."""
    if crop == "tiles":
        count = max(1, round((room + length) / length))
        return [room * i / (count - 1) for i in range(count)] if count > 1 else [room / 2]
    if crop == "saliency" and room >= 1:
        return [room * _salient(grey, length / (room + length), sideways)]
    return [room / 2]


def _salient(grey: Image.Image, share: float, sideways: bool) -> float:
    """How far from 0 to 1 the window of that share of the long side moves to hold the most edges.

    Counts in whole numbers, so that every machine finds the same.
    """
    factor = max(1, min(grey.size) // SMALL)
    pixels = np.asarray(grey.reduce(factor)).astype(np.int64)
    across = np.minimum(np.abs(np.diff(pixels, axis=1, prepend=pixels[:, :1])), STRONG)
    down = np.minimum(np.abs(np.diff(pixels, axis=0, prepend=pixels[:1])), STRONG)
    profile = (across + down).sum(axis=0 if sideways else 1)
    length = max(1, min(len(profile), round(share * len(profile))))
    sums = np.cumsum(np.concatenate([[0], profile]))
    held = sums[length:] - sums[:-length]
    last = len(held) - 1
    places = np.arange(last + 1)
    bonus = np.minimum(places, last - places) * 2  # 0 at the ends, `last` in the middle
    best = int(np.argmax((held + 1) * (PULL * max(last, 1) + bonus)))
    return best / last if last else 0.5
