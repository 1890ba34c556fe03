"""The lit surface as the nearest visitor meets it, and what the rules on flashes make of its geometry.

WCAG 2.3.1 speaks of changes by a tenth of the greatest relative luminance and of areas above a quarter of any 10° field
of view; ITU-R BT.1702 of changes by 20 cd/m², where the darker state is below 160 cd/m², and of a quarter of a screen.
Both hold. WCAG leaves out changes above a relative luminance of 0.8; they are counted here.
"""

from dataclasses import dataclass
from math import pi

FIELD = 0.175  # metres that 10° cover at a distance of one metre
CELLS = 3  # at most, along a field of view: every field lies within a block of BLOCK × BLOCK of them
BLOCK = CELLS + 1
SHARE = 0.25 * pi / 4  # of a square field, from which flashing counts: a quarter of a round one, 0.006 sr
CAUTION = 0.9  # of what the rules let pass, from which it is limited
FINEST = 8  # pixels of the canvas that a cell has at least along each side
MOST = 256  # cells along each side: a long wall seen from nearby has larger ones, and a smaller share
WCAG_CHANGE = 0.1  # of full scale
MEAN_CHANGE = 0.26  # of full scale: the mean of an area changes by so much only where a quarter of it changes
BT_CHANGE, BT_DARKER = 20.0, 160.0  # cd/m²
BT_SHARE = CAUTION * 0.25  # of the screen, and so of at least one of the blocks that it consists of


@dataclass(frozen=True, slots=True)
class Wall:
    """Width of the lit surface and distance of the nearest viewer in metres, full white in cd/m²."""

    width_m: float = 4.0
    nearest_viewer_m: float = 2.0
    peak_nits: float = 500.0

    @property
    def change(self) -> float:
        """The smallest change of relative luminance that counts, where the darker state is below `darker`."""
        return min(WCAG_CHANGE, BT_CHANGE / self.peak_nits)

    @property
    def darker(self) -> float:
        """Relative luminance of the darker state from which on only WCAG_CHANGE counts."""
        return BT_DARKER / self.peak_nits

    def cells(self, canvas: tuple[int, int]) -> tuple[int, int]:
        """How many cells the wall has across and up; `canvas` in pixels."""
        across, up = (
            max(1, min(int(CELLS * side / field + 1e-9), pixels // FINEST, MOST))
            for side, field, pixels in zip(self._sides(canvas), self._field(canvas), canvas, strict=True)
        )
        return across, up

    def share(self, canvas: tuple[int, int]) -> float:
        """The share of a block of cells that flashes where the limiter begins."""
        width, height = self._sides(canvas)
        across, up = self.cells(canvas)
        field = self._field(canvas)
        block = BLOCK * BLOCK * (width / across) * (height / up)
        return CAUTION * SHARE * field[0] * field[1] / block

    def _sides(self, canvas: tuple[int, int]) -> tuple[float, float]:
        return self.width_m, self.width_m * canvas[1] / canvas[0]

    def _field(self, canvas: tuple[int, int]) -> tuple[float, float]:
        """The 10° field, or what of the wall lies in it, in metres."""
        field = FIELD * self.nearest_viewer_m
        width, height = self._sides(canvas)
        return min(field, width), min(field, height)
