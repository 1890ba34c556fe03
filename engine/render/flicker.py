"""Where on the wall it flickers: opposing changes of light, counted at sampled places and gathered in cells.

A place is a quarter of a cell. The last extremum of its luminance is followed, of the wanted picture and of what was
shown. A turn by more than WCAG 2.3.1 lets pass is one transition, and so is a step into or out of saturated red.
Transitions are counted over the last second and up to a quarter more. A place flashes where ENOUGH were counted in one
of the two: that of the shown picture bounds what is seen, the other holds on meanwhile. One pixel of each place is
followed likewise, for what is finer than a place, by very large changes; and the mean of each cell, for the
smaller changes of ITU-R BT.1702, which speaks of large areas. A cell is limited while in any block of cells around it a
share of the places flashes, or of the cells. The proof of the bound that follows is in docs/LIMITER.md.

Tried and left: counting in the means of tiles alone, which is blind to halves in antiphase; counting in every pixel,
which costs more and takes film grain for flashes; a count that fades, which cannot tell three quick transitions from
three in each second.
"""

from math import ceil

import moderngl

from engine.render.buffers import Buffer
from engine.render.draw import Draw, Size, Surface
from engine.render.flicker_glsl import BUCKETS, COUNT, JUDGE, LIMIT, LOOK, PLACES, TALLY, TAPS
from engine.render.wall import BT_SHARE, WCAG_CHANGE, Wall

ENOUGH = 4  # transitions in a second; the rules let pass six
BUCKET = 0.25  # seconds that are counted together
FINE_CHANGE = 0.7  # of full scale, from which the change of a single pixel counts: fine brush strokes make half of that
CAREFUL = 0.95  # of the change that counts: what somebody else measures never turns out larger
SLOW = 0.95  # changes that count, per second, by which light may rise where it is limited
DOUBLING = 0.1  # seconds in which what is let go again may go twice as fast
HOLD = 0.75  # seconds before that begins
FIRST_HOLD = 0.25  # at the start: engines that begin again and again stay below two flashes a second with it
LONGEST_STEP = 0.1  # seconds that one frame may stand for where light moves; the count takes all of them
BLACK = (-0.5, -0.5, -1.0, -1.0)  # the state of what has always been black


class Flicker:
    """Follows presented frames and says where light may move how fast. Display thread only; release with `close`.

    `limits.front` is what it says, one texel a cell: see LIMIT.
    """

    def __init__(self, context: moderngl.Context, canvas: Size, wall: Wall) -> None:
        self.wall = wall
        self.cells = wall.cells(canvas)
        self._share = wall.share(canvas)
        self._draws = {text: Draw(context, text) for text in (LOOK, COUNT, TALLY, JUDGE, LIMIT)}
        places = (PLACES * self.cells[0], PLACES * self.cells[1])
        self._lights, self._sparks = Surface(context, places, "f4"), Surface(context, places, "f4")
        self._places, self._points, self._means = (
            _filled(Buffer(context, size, "f4"), BLACK) for size in (places, places, self.cells)
        )
        self._tally = Surface(context, self.cells, "f4")
        self._blocks = Surface(context, self.cells, "f4")
        self.limits = _filled(Buffer(context, self.cells, "f4"), (self._held(1.0, FIRST_HOLD), 1.0, 0.0, 0.0))
        self._kept = 1.0
        self._into_bucket = 0.0

    def judge(self, step: float, strictness: float) -> None:
        """Say where the frame to come is limited. `step` is display time since the last one in seconds."""
        counts = {name: buffer.front.texture for name, buffer in self._counts().items()}
        self._draws[TALLY](self._tally, **counts, enough=ceil(ENOUGH / strictness))
        cells, before = self._tally.texture, self.limits.front.texture
        shares = (self._share / strictness, BT_SHARE / strictness)
        self._draws[JUDGE](self._blocks, cells=cells, shares=shares)
        growth = 2.0 ** (min(step, LONGEST_STEP) / DOUBLING)
        self._draws[LIMIT](
            self.limits.back, blocks=self._blocks.texture, cells=cells, before=before,
            held=self._held(strictness, HOLD), growth=growth, kept=self._kept,
        )  # fmt: skip
        self.limits.swap()
        self._kept = 1.0

    def see(self, image: moderngl.Texture, shown: moderngl.Texture, step: float, strictness: float) -> None:
        """Count what the frame has brought: the wanted picture and what is shown of it."""
        self._look(self._lights, image, shown, TAPS)
        self._look(self._sparks, image, shown, 1)
        passed, careful, wcag = self._buckets_passed(step), CAREFUL / strictness, WCAG_CHANGE
        self._count(self._places, self._lights, 1, passed, careful * wcag, careful * wcag)
        self._count(self._points, self._sparks, 1, passed, careful * FINE_CHANGE, careful * FINE_CHANGE)
        self._count(self._means, self._lights, PLACES, passed, careful * self.wall.change, careful * wcag)

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
        for surface in (self._lights, self._sparks, self._tally, self._blocks):
            surface.release()
        for buffer in (self.limits, *self._counts().values()):
            buffer.release()

    def _counts(self) -> dict[str, Buffer]:
        return {"places": self._places, "points": self._points, "means": self._means}

    def _look(self, target: Surface, image: moderngl.Texture, shown: moderngl.Texture, most: int) -> None:
        places = target.size
        finest = round(max(image.width / places[0], image.height / places[1]))
        taps, limits = min(max(finest, 1), most), self.limits.front.texture
        self._draws[LOOK](target, image=image, shown=shown, limits=limits, places=places, taps=taps)

    def _count(self, buffer: Buffer, lights: Surface, along: int, passed: int, low: float, high: float) -> None:
        self._draws[COUNT](
            buffer.back, lights=lights.texture, before=buffer.front.texture, along=along, passed=passed,
            low=low, high=high, darker=self.wall.darker,
        )  # fmt: skip
        buffer.swap()

    def _held(self, strictness: float, seconds: float) -> float:
        """The speed that grows to the slow one within that time."""
        return float(self.slow(strictness) * 2.0 ** (-seconds / DOUBLING))

    def _buckets_passed(self, step: float) -> int:
        """How many buckets that much display time ends."""
        passed, self._into_bucket = divmod(self._into_bucket + step, BUCKET)
        return min(int(passed), BUCKETS)


def _filled(buffer: Buffer, values: tuple[float, float, float, float]) -> Buffer:
    buffer.front.framebuffer.clear(*values)
    return buffer
