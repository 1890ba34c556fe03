"""How large a part of the picture is, against what may flash at once."""

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.flashes.definition import SCREEN_SHARE
from engine.flashes.field import cells_of_field
from engine.flashes.geometry import Geometry
from engine.flashes.transitions import Mask


class Area:
    """Measures sets of cells: in the 10° field that holds most of them, and on the whole screen. The stricter counts.

    The field is a square; the round one of the definition lies within it.
    """

    def __init__(self, geometry: Geometry, shape: tuple[int, int]) -> None:
        rows, columns = shape
        self._height, self._width = cells_of_field(geometry, shape)
        self._most_in_field = geometry.area * rows * columns
        self._most_on_screen = SCREEN_SHARE * rows * columns

    def of(self, mask: Mask) -> float:
        """The area of a set of cells [rows, columns]; 1 is as large as may be."""
        return max(self._densest(mask) / self._most_in_field, np.count_nonzero(mask) / self._most_on_screen)

    def reached(self, values: NDArray[np.int16]) -> int:
        """The largest number that values [rows, columns] reach or exceed on more than may be; 0 where none is."""
        low, high = 0, int(values.max())
        if high and self.of(values >= high) > 1:
            return high
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self.of(values >= middle) > 1 else (low, middle)
        return low

    def _densest(self, mask: Mask) -> int:
        """The most cells that any field holds."""
        sums = cv2.integral(mask.view(np.uint8))  # [rows + 1, columns + 1]
        strips = sums[self._height :] - sums[: -self._height]
        return int((strips[:, self._width :] - strips[:, : -self._width]).max())
