"""The light of whole fields of 10°: where places flash in turn, a field flashes more often than each of them."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.flashes.geometry import Geometry
from engine.flashes.light import Plane


def cells_of_field(geometry: Geometry, shape: tuple[int, int]) -> tuple[int, int]:
    """Rows and columns of a field of 10° in a grid of `shape`, at most all of them."""
    rows, columns = shape
    return min(rows, math.ceil(geometry.field[1] * rows)), min(columns, math.ceil(geometry.field[0] * columns))


class FieldMeans:
    """Means over fields of 10° that overlap by half or more, and over the whole picture."""

    def __init__(self, geometry: Geometry, shape: tuple[int, int]) -> None:
        height, width = cells_of_field(geometry, shape)
        tops, lefts = _places(shape[0], height), _places(shape[1], width)
        self._begin = np.ix_(tops, lefts)
        self._end = np.ix_(tops + height, lefts + width)
        self._other = np.ix_(tops + height, lefts), np.ix_(tops, lefts + width)
        self._cells = height * width
        self._all = shape[0] * shape[1]
        self.shape = (len(tops) * len(lefts) + 1,)

    def __call__(self, light: Plane) -> Plane:
        """Luminance of cells [rows, columns] -> of the fields and, last, of the picture."""
        sums = cv2.integral(light)  # [rows + 1, columns + 1], float64
        below, beside = self._other
        fields = (sums[self._end] - sums[below] - sums[beside] + sums[self._begin]) / self._cells
        return np.append(fields, sums[-1, -1] / self._all).astype(np.float32)


def _places(whole: int, part: int) -> NDArray[np.int_]:
    """Where parts begin that cover the whole, half of one apart or less."""
    count = math.ceil((whole - part) / max(1, part // 2)) + 1
    return np.round(np.linspace(0, whole - part, count)).astype(int)
