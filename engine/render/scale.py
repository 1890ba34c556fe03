"""How large the picture is rendered, so that the frame rate holds.

Scale is the share of the canvas's width (and height) that is rendered; cost goes with its square. Going down is quick:
half a second of frames that come late while rendering takes a good part of them. Going up is slow: ten seconds in which
even the next larger size would have fitted, by measured cost. A size that had to be left is trusted again only after a
rest, which doubles each time the same size fails. So a steady load settles on one size, and the rare trial of a larger
one gets rarer. Comparing frame intervals alone, the obvious way, cannot tell "just enough" from "plenty" behind vsync,
and swings between two sizes for ever.
"""

STEPS = (1.0, 0.85, 0.7, 0.6, 0.5, 0.42, 0.35, 0.3, 0.25)
SOFTWARE_WIDTH = 640  # pixels a software renderer starts at

SETTLING = 8.0  # seconds from the start that prove nothing: the generator is loading beside the display
WINDOW = 0.5  # seconds of late frames before going down
PATIENCE = 10.0  # seconds of headroom before going up
REST, LONGEST_REST = 30.0, 1800.0  # seconds before a size that failed is tried again
LATE = 1.12  # of the nominal interval
FULL = 0.75  # of the nominal interval, of rendering alone
ROOMY = 0.6  # of the nominal interval, of rendering at the next larger size
WORTH_IT = 0.3  # below this share of the interval, rendering is not what makes frames late
SMOOTHING = 0.08
BLIND = 6  # frames after a change that show its cost, not that of the new size: a GPU answers a few frames late


def starting_scale(width: int, software: bool) -> float:
    """The scale to begin with on a canvas that wide: about 640 pixels in software, all of them on a GPU."""
    if not software or width <= SOFTWARE_WIDTH:
        return 1.0
    return min(STEPS, key=lambda step: abs(step * width - SOFTWARE_WIDTH))


class ScaleController:
    """Chooses a step from measured times. Knows no clock and no GPU: time is the sum of the intervals it is told."""

    def __init__(self, fps: float, scale: float = 1.0) -> None:
        self._nominal = 1.0 / fps
        self._step = min(range(len(STEPS)), key=lambda i: abs(STEPS[i] - scale))
        self._rests = [0.0] * len(STEPS)  # how long a size rests when it fails
        self._resting_until = [0.0] * len(STEPS)
        self._time = 0.0
        self._strained = self._roomy = 0.0  # seconds without a break
        self._forget()

    @property
    def scale(self) -> float:
        """The share of the canvas's width to render now."""
        return STEPS[self._step]

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
        """Seconds of rendering at another size, by area."""
        return self._work * (STEPS[step] / STEPS[self._step]) ** 2

    def _down(self) -> None:
        failed = self._step
        self._rests[failed] = min(max(2 * self._rests[failed], REST), LONGEST_REST)
        self._resting_until[failed] = self._time + self._rests[failed]
        lower = range(min(failed + 1, len(STEPS) - 1), len(STEPS))
        self._move(next((step for step in lower if self._expected(step) < FULL * self._nominal), lower[-1]))

    def _move(self, step: int) -> None:
        self._step = step
        self._forget()

    def _forget(self) -> None:
        """Times measured at another size say nothing about this one."""
        self._seen = 0
        self._interval, self._work = self._nominal, 0.0
        self._strained = self._roomy = 0.0
