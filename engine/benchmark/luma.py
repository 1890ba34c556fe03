"""From presented frames to luma, the light of a display-referred picture: 0 black, 1 white, even steps to the eye."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.float32]
Rows = NDArray[np.uint8]

WEIGHTS = np.array([0.2126, 0.7152, 0.0722], np.float32) / 255  # Rec. 709, as the grade's
FLAT = 1e-4  # standard deviation of luma below which a picture shows nothing


def luma(rows: Rows) -> Picture:
    """uint8 [H, W, 3 or 4] -> [H, W], 0 to 1."""
    return _weighted(rows.astype(np.float32))


def thumbnail(rows: Rows, height: int) -> Picture:
    """Luma at `height`, or as it is where that is larger; each pixel is the mean of an area, not rounded to 8 bits."""
    if rows.shape[0] <= height:
        return luma(rows)
    size = (max(1, round(rows.shape[1] * height / rows.shape[0])), height)
    means = cv2.resize(rows.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    return _weighted(means)  # of the means: luma is linear, and they are few


def reduced(picture: Picture, size: tuple[int, int]) -> Picture:
    """A luma picture at another `size`, width and height, by means of areas where it is smaller."""
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.float32)


def is_flat(picture: Picture) -> bool:
    """Whether there is nothing to see in it: such a picture has no spectrum and correlates with nothing."""
    return float(picture.std()) < FLAT


def _weighted(values: NDArray[Any]) -> Picture:
    """float32 [H, W, 3 or 4] -> [H, W]"""
    return np.asarray(values[..., :3] @ WEIGHTS, np.float32)
