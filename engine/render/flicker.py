"""Where on the wall it flickers: opposing changes of light, counted at places and at points and gathered in cells.

A place is a quarter of a cell, and the mean of all its pixels is followed: the last extremum of its luminance, of the
wanted picture and of what was shown. A turn by more than WCAG 2.3.1 and ITU-R BT.1702 let pass is one transition, and
so is a step into or out of saturated red. Transitions are counted over the last second and up to a quarter more. A
place flashes where ENOUGH were counted in one of the two: that of the shown picture bounds what is seen, the other
holds on meanwhile. The mean of each cell is followed likewise, for areas that are large and pale; and, for parts that
flash in turn, the means of blocks of cells and of the whole screen, by larger changes. For what alternates within a
place there are points in it, two of 0.1° and two of 0.4°, followed by larger changes too; both of two have to flash,
since brush strokes and film grain make single ones do so. A cell is limited while a share of any block of cells around
it flashes, or a share of all cells, or a mean. The proof of the bound that follows is in docs/LIMITER.md.

Tried and left: counting in the means of tiles alone, which is blind to halves in antiphase; counting in every pixel,
which costs more; a count that fades, which cannot tell three quick transitions from three in each second.
"""

from math import ceil

import moderngl

from engine.render.buffers import Buffer
from engine.render.draw import Draw, Size, Surface
from engine.render.flicker_glsl import (
    BUCKETS,
    COUNT,
    COUNT_CELL,
    COUNT_MEANS,
    GATHER,
    JUDGE,
    LIMIT,
    LOOK,
    PLACES,
    POINTS,
    ROW_MEANS,
    TALLY,
)
from engine.render.wall import BLOCK, BT_SHARE, CELLS, MEAN_CHANGE, WCAG_CHANGE, Wall

ENOUGH = 4  # transitions in a second; the rules let pass six
BUCKET = 0.25  # seconds that are counted together
POINT = 0.00175, 0.007  # 2 tan 0.05° and 2 tan 0.2°: the sides of points at distance 1
POINT_CHANGE = 0.4, 0.15  # of full scale, from which changes of points count
PARTLY = 0.75  # of a change by WCAG counts in a place, which may be covered in part
AREA, AREAS = 4, 16  # pixels, about, along each side of an area, and areas at most along each side of a place
CAREFUL = 0.95  # of the change that counts: what somebody else measures never turns out larger
SLOW = 0.95  # changes that count, per second, by which light may rise where it is limited
DOUBLING = 0.1  # seconds in which what is let go again may go twice as fast
HOLD = 0.75  # seconds before that begins
FIRST_HOLD = 0.25  # at the start: engines that begin again and again stay below two flashes a second with it
LONGEST_STEP = 0.1  # seconds that one frame may stand for where light moves; the count takes all of them
AT_ONCE = 1024  # cells that one pixel adds up; more are added up row by row first
EVERY_PIXEL = 1 << 20, 1 << 20
SHADERS = LOOK, COUNT, COUNT_CELL, ROW_MEANS, COUNT_MEANS, TALLY, GATHER, JUDGE, LIMIT
Pair = tuple[float, float]
BLACK = (-0.5, -0.5, -1.0, -1.0)  # the state of what has always been black


class Flicker:
    """Follows presented frames and says where light may move how fast. Display thread only; release with `close`.

    `limits.front` is what it says, one texel a cell: see LIMIT. `speeds` has one texel: the slowest cell's speed, how
    many cells are limited since this frame, the fastest cell's speed.
    """

    def __init__(self, context: moderngl.Context, picture: Size, canvas: Size, wall: Wall) -> None:
        """Cells are those of `canvas`; `picture` is the size of what is shown."""
        self.wall = wall
        self.cells = across, up = wall.cells(canvas)
        self._share = wall.share(canvas)
        self._draws = {text: Draw(context, text) for text in SHADERS}
        self._context = context
        self._areas = self._areas_for(picture)
        self._spots = Areas(context, self.cells, PLACES * POINTS)
        self._places, self._points = (
            _filled(Buffer(context, size, "f4"), BLACK) for size in ((PLACES * across, PLACES * up), self._spots.size)
        )
        self._lights, self._row_means = Surface(context, self.cells, "f4"), Surface(context, (1, up), "f4")
        self._means, self._block_means, self._screen_mean = (
            _filled(Buffer(context, size, "f4"), BLACK) for size in (self.cells, self.cells, (1, 1))
        )
        self._means_and_lights = {
            means: context.framebuffer([means.texture, self._lights.texture])
            for means in (self._means.front, self._means.back)
        }
        self._tally, self._blocks = Surface(context, self.cells, "f4"), Surface(context, self.cells, "f4")
        self._rows, self._screen = Surface(context, (1, up), "f4"), Surface(context, (1, 1), "f4")
        self.speeds = Surface(context, (1, 1), "f4")
        self.limits = _filled(Buffer(context, self.cells, "f4"), (self._held(1.0, FIRST_HOLD), 1.0, 0.0, 0.0))
        self._in_rows = across * up > AT_ONCE
        self._kept = 1.0
        self._into_bucket = 0.0

    def judge(self, step: float, strictness: float) -> None:
        """Say where the frame to come is limited. `step` is display time since the last one in seconds."""
        self._draws[TALLY](
            self._tally, places=self._places.front.texture, points=self._points.front.texture,
            means=self._means.front.texture, enough=self._enough(strictness),
        )  # fmt: skip
        cells, before = self._tally.texture, self.limits.front.texture
        shares = (self._share / strictness, BT_SHARE / strictness)
        self._gather(cells, self._screen)
        self._draws[JUDGE](
            self._blocks, cells=cells, screen=self._screen.texture, shares=shares, enough=self._enough(strictness),
            block_means=self._block_means.front.texture, screen_mean=self._screen_mean.front.texture,
        )  # fmt: skip
        growth = 2.0 ** (min(step, LONGEST_STEP) / DOUBLING)
        self._draws[LIMIT](
            self.limits.back, blocks=self._blocks.texture, cells=cells, before=before,
            held=self._held(strictness, HOLD), growth=growth, kept=self._kept,
        )  # fmt: skip
        self.limits.swap()
        self._gather(self.limits.front.texture, self.speeds)
        self._kept = 1.0

    def see(self, image: moderngl.Texture, shown: moderngl.Texture, step: float, strictness: float) -> None:
        """Count what the frame has brought: the wanted picture and what is shown of it."""
        self._look(self._areas, image, shown, EVERY_PIXEL)
        self._look(self._spots, image, shown, self._points_of(shown.width))
        passed, careful = self._buckets_passed(step), CAREFUL / strictness
        along = self._areas.in_cell
        wcag, smaller = _both(careful * WCAG_CHANGE), _both(careful * self.wall.change)
        partly = PARTLY * wcag[0]
        finer, coarser = POINT_CHANGE
        fine = careful * finer, careful * coarser
        self._count(self._places, self._areas, along // PLACES, passed, _both(min(smaller[0], partly)), _both(partly))
        self._count(self._points, self._spots, 1, passed, fine, fine)
        wanted, seen = self._areas.wanted.texture, self._areas.shown.texture
        self._draws[COUNT_CELL].onto(
            self._means_and_lights[self._means.back], wanted=wanted, shown=seen, before=self._means.front.texture,
            along=along, passed=passed, low=smaller, high=wcag, darker=self.wall.darker,
        )  # fmt: skip
        self._means.swap()
        lights = self._lights
        if self._in_rows:
            self._draws[ROW_MEANS](self._row_means, lights=self._lights.texture)
            lights = self._row_means
        block, screen = (_both(careful * MEAN_CHANGE * share) for share in ((CELLS / BLOCK) ** 2, 1.0))
        self._count_means(self._block_means, self._lights, (BLOCK, BLOCK), passed, block)
        self._count_means(self._screen_mean, lights, lights.size, passed, screen)

    def resize(self, picture: Size) -> None:
        """Look at pictures of another size from now on. What was counted stays."""
        areas = self._areas_for(picture)
        self._areas.release()
        self._areas = areas

    def slow(self, strictness: float) -> float:
        """Full scales per second for what is limited."""
        return SLOW * self.wall.change / strictness

    def forget_peaks(self) -> None:
        """Somebody has read `limits`: note peaks anew from the next frame on."""
        self._kept = 0.0

    def close(self) -> None:
        """Release everything on the GPU."""
        for draw in self._draws.values():
            draw.release()
        for areas in (self._areas, self._spots):
            areas.release()
        for framebuffer in self._means_and_lights.values():
            framebuffer.release()
        for surface in (
            self._lights,
            self._row_means,
            self._tally,
            self._blocks,
            self._rows,
            self._screen,
            self.speeds,
        ):
            surface.release()
        for buffer in (self.limits, self._places, self._points, self._means, self._block_means, self._screen_mean):
            buffer.release()

    def _areas_for(self, picture: Size) -> "Areas":
        places = [PLACES * count for count in self.cells]
        fine = round(min(picture[0] / places[0], picture[1] / places[1]) / AREA)
        return Areas(self._context, self.cells, PLACES * min(max(1, fine), AREAS))

    def _look(self, areas: "Areas", image: moderngl.Texture, shown: moderngl.Texture, most: Size) -> None:
        pixels = shown.width / areas.size[0], shown.height / areas.size[1]
        self._draws[LOOK].onto(
            areas.both, image=image, shown=shown, limits=self.limits.front.texture,
            pixels=pixels, most=most, in_cell=areas.in_cell,
        )  # fmt: skip

    def _enough(self, strictness: float) -> int:
        """At least two: with one, each cut would be limited, and the first picture too."""
        return max(2, ceil(ENOUGH / strictness))

    def _points_of(self, width: int) -> tuple[int, int]:
        """How many pixels points have along each side, of a picture so wide."""
        finer, coarser = (side * self.wall.nearest_viewer_m / self.wall.width_m * width for side in POINT)
        return max(1, round(finer)), max(1, round(coarser))

    def _count(self, buffer: Buffer, areas: "Areas", along: int, passed: int, low: Pair, high: Pair) -> None:
        self._draws[COUNT](
            buffer.back, wanted=areas.wanted.texture, shown=areas.shown.texture, before=buffer.front.texture,
            along=along, passed=passed, low=low, high=high, darker=self.wall.darker,
        )  # fmt: skip
        buffer.swap()

    def _count_means(self, buffer: Buffer, lights: Surface, along: Size, passed: int, change: Pair) -> None:
        self._draws[COUNT_MEANS](
            buffer.back, lights=lights.texture, before=buffer.front.texture,
            along=along, passed=passed, low=change, high=change, darker=self.wall.darker,
        )  # fmt: skip
        buffer.swap()

    def _gather(self, cells: moderngl.Texture, one: Surface) -> None:
        rows = cells
        if self._in_rows:
            self._draws[GATHER](self._rows, texels=cells, along=(cells.width, 1), again=False)
            rows = self._rows.texture
        self._draws[GATHER](one, texels=rows, along=rows.size, again=self._in_rows)

    def _held(self, strictness: float, seconds: float) -> float:
        """The speed that grows to the slow one within that time."""
        return float(self.slow(strictness) * 2.0 ** (-seconds / DOUBLING))

    def _buckets_passed(self, step: float) -> int:
        """How many buckets that much display time ends."""
        passed, self._into_bucket = divmod(self._into_bucket + step, BUCKET)
        return min(int(passed), BUCKETS)


class Areas:
    """Means of what was wanted and of what was shown, so many in a cell along each side."""

    def __init__(self, context: moderngl.Context, cells: Size, in_cell: int) -> None:
        self.in_cell = in_cell
        self.size = cells[0] * in_cell, cells[1] * in_cell
        self.wanted, self.shown = Surface(context, self.size, "f4"), Surface(context, self.size, "f4")
        self.both = context.framebuffer([self.wanted.texture, self.shown.texture])

    def release(self) -> None:
        """Give the memory back."""
        self.both.release()
        self.wanted.release()
        self.shown.release()


def _both(value: float) -> Pair:
    return value, value


def _filled(buffer: Buffer, values: tuple[float, float, float, float]) -> Buffer:
    buffer.front.framebuffer.clear(*values)
    return buffer
