"""Where on the wall it flickers: opposing changes of light, counted at sampled places and gathered in cells.

A place is a quarter of a cell, seen through up to 36 pixels. The last extremum of its luminance is followed, of the
wanted picture and of what was shown. A turn by more than WCAG 2.3.1 lets pass is one transition, and so is a step into
or out of saturated red. Transitions are counted over the last second and up to a quarter more. A place flashes where
ENOUGH were counted in one of the two: that of the shown picture bounds what is seen, the other holds on meanwhile.
The mean of a whole cell is followed likewise, for the smaller changes of ITU-R BT.1702, which speaks of large areas. A
cell is limited while in any block of cells around it a share of the places flashes, or of the cells. The proof of the
bound that follows is in docs/LIMITER.md.

Tried and left: counting in the means of tiles alone, which is blind to halves in antiphase; counting in every pixel,
which costs more and takes film grain for flashes; a count that fades, which cannot tell three quick transitions from
three in each second.
"""

from math import ceil

import moderngl

from engine.render.buffers import Buffer
from engine.render.draw import Draw, Size, Surface
from engine.render.flicker_glsl import BUCKETS, COUNT, JUDGE, LIMIT, LOOK, PLACES, TALLY, TAPS
from engine.render.wall import WCAG_CHANGE, Wall

ENOUGH = (4, 5)  # transitions in a second, of a place and of a cell's mean; the rules let pass six
BUCKET = 0.25  # seconds that are counted together
CAREFUL = 0.9  # of the change that counts: what somebody else measures never turns out larger
SLOW = 0.95  # changes that count, per second, for what is limited
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
        self._lights = Surface(context, places, "f4")
        self._places = _filled(Buffer(context, places, "f4"), BLACK)
        self._means = _filled(Buffer(context, self.cells, "f4"), BLACK)
        self._tally = Surface(context, self.cells, "f4")
        self._blocks = Surface(context, self.cells, "f4")
        self.limits = _filled(Buffer(context, self.cells, "f4"), (self._held(1.0, FIRST_HOLD), 1.0, 0.0, 0.0))
        self._kept = 1.0
        self._into_bucket = 0.0

    def judge(self, step: float, strictness: float) -> None:
        """Say where the frame to come is limited. `step` is display time since the last one in seconds."""
        places, means = self._places.front.texture, self._means.front.texture
        self._draws[TALLY](
            self._tally, places=places, means=means, enough=tuple(ceil(number / strictness) for number in ENOUGH)
        )
        cells, before = self._tally.texture, self.limits.front.texture
        self._draws[JUDGE](self._blocks, cells=cells, share=self._share / strictness)
        growth = 2.0 ** (min(step, LONGEST_STEP) / DOUBLING)
        self._draws[LIMIT](
            self.limits.back, blocks=self._blocks.texture, cells=cells, before=before,
            held=self._held(strictness, HOLD), growth=growth, kept=self._kept,
        )  # fmt: skip
        self.limits.swap()
        self._kept = 1.0

    def see(self, image: moderngl.Texture, shown: moderngl.Texture, step: float, strictness: float) -> None:
        """Count what the frame has brought: the wanted picture and what is shown of it."""
        places = self._lights.size
        finest = ceil(max(image.width / places[0], image.height / places[1]))
        self._draws[LOOK](self._lights, image=image, shown=shown, places=places, taps=min(finest, TAPS))
        careful, passed = CAREFUL / strictness, self._buckets_passed(step)
        for buffer, along, change in ((self._places, 1, WCAG_CHANGE), (self._means, PLACES, self.wall.change)):
            self._draws[COUNT](
                buffer.back, lights=self._lights.texture, before=buffer.front.texture, along=along, passed=passed,
                low=careful * change, high=careful * WCAG_CHANGE, darker=self.wall.darker,
            )  # fmt: skip
            buffer.swap()

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
        for thing in (self._lights, self._tally, self._blocks, self._places, self._means, self.limits):
            thing.release()

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
