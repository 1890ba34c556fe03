"""How large and how well the picture is rendered, so that the frame rate holds.

Scale is the share of the canvas's width (and height) that is rendered; cost goes nearly with its square. Quality is
what the passes that have an input of that name are to render with; at the size it began with, a machine lowers it
before it lowers the size. Going down is quick: half a second of frames that come late while rendering takes a good part
of them. Going up is slow: ten seconds in which even the next better step would have fitted, by measured cost. A step
that had to be left is trusted again only after a rest, which doubles each time the same one fails. So a steady load
settles on one step, and the rare trial of a better one gets rarer. Comparing frame intervals alone, the obvious way,
cannot tell "just enough" from "plenty" behind vsync, and swings between two sizes for ever.
"""

from typing import NamedTuple

STEPS = (1.0, 0.85, 0.7, 0.6, 0.5, 0.42, 0.35, 0.3, 0.25)
SOFTWARE_WIDTH = 640  # pixels a software renderer starts at

SETTLING = 15.0  # seconds from the start that prove nothing: networks load and walks look ahead beside the display
WINDOW = 0.5  # seconds of late frames before going down
PATIENCE = 10.0  # seconds of headroom before going up
REST, LONGEST_REST = 45.0, 1800.0  # seconds before a size that failed is tried again
LATE = 1.12  # of the nominal interval
FULL = 0.8  # of the nominal interval, of rendering alone
ROOMY = 0.65  # of the nominal interval, of rendering at the next larger size
WORTH_IT = 0.3  # below this share of the interval, rendering is not what makes frames late
SMOOTHING = 0.08
FIXED = 0.15  # of the whole canvas's work, that is the same at every size: a guess, as the next is
QUALITIES = (1.0, 0.5, 0.0)
SPARED = 0.2  # of the work, by the least quality: a guess, put right by what is measured there
BLIND = 6  # frames after a change that show its cost, not that of the new size: a GPU answers a few frames late


class Rung(NamedTuple):
    """One step of the ladder from the best picture to the cheapest."""

    scale: float
    quality: float = 1.0

    @property
    def cost(self) -> float:
        """Relative to the whole canvas at full quality."""
        return FIXED + (1 - FIXED) * self.scale**2 * (1 - SPARED * (1 - self.quality))


def ladder(start: float, qualities: tuple[float, ...]) -> list[Rung]:
    """All sizes down to `start` at full quality, then the other qualities, then smaller sizes at the least of them."""
    better = [Rung(step) for step in STEPS if step >= start]
    at_start = [Rung(better[-1].scale, quality) for quality in qualities[1:]]
    return better + at_start + [Rung(step, qualities[-1]) for step in STEPS if step < start]


def starting_scale(width: int, software: bool) -> float:
    """The scale to begin with on a canvas that wide: about 640 pixels in software, all of them on a GPU."""
    if not software or width <= SOFTWARE_WIDTH:
        return 1.0
    return min(STEPS, key=lambda step: abs(step * width - SOFTWARE_WIDTH))


def starting_quality(scale: float) -> float:
    """The quality to begin with at that scale: a machine that begins with a smaller picture has no time to spare."""
    return QUALITIES[-1] if scale < 1.0 else QUALITIES[0]


class ScaleController:
    """Chooses a rung from measured times. Knows no clock and no GPU: time is the sum of the intervals it is told."""

    def __init__(self, fps: float, scale: float = 1.0, qualities: tuple[float, ...] = (1.0,)) -> None:
        """`qualities` from the best to the least; one where no pass knows of any."""
        self._nominal = 1.0 / fps
        start = min(STEPS, key=lambda step: abs(step - scale))
        self._rungs = ladder(start, qualities)
        self._step = self._rungs.index(Rung(start, max(starting_quality(start), qualities[-1])))
        self._rests = [0.0] * len(self._rungs)  # how long a rung rests when it fails
        self._resting_until = [0.0] * len(self._rungs)
        self._time = 0.0
        self._strained = self._roomy = 0.0  # seconds without a break
        self._forget()

    @property
    def scale(self) -> float:
        """The share of the canvas's width to render now."""
        return self._rungs[self._step].scale

    @property
    def quality(self) -> float:
        """What passes are to render with now, 0 to 1."""
        return self._rungs[self._step].quality

    def observe(self, interval: float, work: float) -> float:
        """Note one frame: seconds since the one before it, and spent rendering. Returns the scale for the next."""
        self._time += interval
        if self._time < SETTLING:
            return self.scale
        self._seen += 1
        if self._seen <= BLIND:
            return self.scale
        weight = 1.0 if self._seen == BLIND + 1 else SMOOTHING
        self._interval += SMOOTHING * (min(interval, 4 * self._nominal) - self._interval)
        self._work += weight * (min(work, 4 * self._nominal) - self._work)
        counted = min(interval, 2 * self._nominal)  # one long frame is a hiccup, not half a second of strain
        self._strained = self._strained + counted if self._is_strained() else 0.0
        self._roomy = self._roomy + counted if self._is_roomy() else 0.0
        if self._strained >= WINDOW:
            self._down()
        elif self._roomy >= PATIENCE:
            self._move(self._step - 1)
        return self.scale

    def _is_strained(self) -> bool:
        late = self._interval > LATE * self._nominal and self._work > WORTH_IT * self._nominal
        return late or self._work > FULL * self._nominal

    def _is_roomy(self) -> bool:
        if self._step == 0 or self._time < self._resting_until[self._step - 1]:
            return False
        return self._interval < LATE * self._nominal and self._expected(self._step - 1) < ROOMY * self._nominal

    def _expected(self, step: int) -> float:
        """Seconds of rendering on another rung."""
        return self._work * self._rungs[step].cost / self._rungs[self._step].cost

    def _down(self) -> None:
        failed = self._step
        self._rests[failed] = min(max(2 * self._rests[failed], REST), LONGEST_REST)
        self._resting_until[failed] = self._time + self._rests[failed]
        lower = range(min(failed + 1, len(self._rungs) - 1), len(self._rungs))
        self._move(next((step for step in lower if self._expected(step) < FULL * self._nominal), lower[-1]))

    def _move(self, step: int) -> None:
        self._step = step
        self._forget()

    def _forget(self) -> None:
        """Times measured on another rung say nothing about this one."""
        self._seen = 0
        self._interval, self._work = self._nominal, 0.0
        self._strained = self._roomy = 0.0
