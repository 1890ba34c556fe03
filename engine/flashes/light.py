"""From frames to light: cells of 0.2°, linear, and the luminance and chromaticity of each.

Noise, and what alternates in squares smaller than 0.1°, are fine patterns, not flashes: a cell is the mean of a period
of the coarsest of them, in linear light. Where there would be more than MOST_CELLS, one of each group is looked at.
Which one differs from group to group by chance (always the same), so that no regular pattern hides between them.
"""

import math
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.flashes.geometry import Geometry

Plane = NDArray[np.float32]  # [rows, columns]
Frame = NDArray[np.uint8]  # sRGB [H, W, 3]

MOST_CELLS = 65_536
LUMINANCE = np.array([0.2126, 0.7152, 0.0722], np.float32)  # IEC 61966-2-1, as are the next two
XYZ = np.array(
    [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]],
    np.float32,
)
BLACK = 0.002  # of white: what a lit room adds to every colour of a screen. Without it, black has no chromaticity


def _decoded() -> NDArray[np.float32]:
    levels = np.arange(256) / 255
    linear = np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4)
    return np.asarray(linear, np.float32)


DECODED = _decoded()  # linear light of each level of sRGB


class Cells:
    """The cells of frames. A frame of another size than the first is taken as the same picture, larger or smaller."""

    def __init__(self, geometry: Geometry, width: int, height: int) -> None:
        """`width` and `height` of the first frame, in pixels."""
        columns = min(width, max(1, int(1 / geometry.fine[0])))
        rows = min(height, max(1, int(1 / geometry.fine[1])))
        step = max(1, math.ceil(math.sqrt(columns * rows / MOST_CELLS)))
        self._size = columns, rows
        self.shape = -(-rows // step), -(-columns // step)
        self._chosen = None if step == 1 else _chosen(self._size, step, self.shape)

    def __call__(self, frame: Frame) -> NDArray[np.float32]:
        """sRGB [H, W, 3] -> linear light [rows, columns, 3], 0 to 1."""
        linear = cv2.LUT(np.ascontiguousarray(frame), DECODED)
        if (frame.shape[1], frame.shape[0]) != self._size:
            linear = cv2.resize(linear, self._size, interpolation=cv2.INTER_AREA)
        if self._chosen is None:
            return np.asarray(linear, np.float32)
        return np.asarray(linear.reshape(-1, 3)[self._chosen], np.float32)


def luminance(linear: NDArray[np.float32]) -> Plane:
    """Linear light [rows, columns, 3] -> relative luminance, 0 to 1."""
    return np.asarray(linear @ LUMINANCE, np.float32)


def chromaticity(linear: NDArray[np.float32]) -> tuple[Plane, Plane, Plane]:
    """Linear light [rows, columns, 3] -> u', v' of CIE 1976, and R/(R+G+B)."""
    seen = linear + np.float32(BLACK)
    x, y, z = np.moveaxis(seen @ XYZ.T, -1, 0)
    scale = 1 / (x + 15 * y + 3 * z)
    red_share = seen[..., 0] / seen.sum(axis=-1)
    return 4 * x * scale, 9 * y * scale, red_share


def _chosen(size: tuple[int, int], step: int, shape: tuple[int, int]) -> NDArray[Any]:
    """Of each `step` × `step` cells of a grid of `size`, the number of one: [rows, columns] = `shape`."""
    chance = np.random.default_rng(0)
    columns, rows = size
    down = np.arange(shape[0])[:, None] * step + chance.integers(0, step, shape)
    across = np.arange(shape[1])[None, :] * step + chance.integers(0, step, shape)
    return np.asarray(np.minimum(down, rows - 1) * columns + np.minimum(across, columns - 1))
