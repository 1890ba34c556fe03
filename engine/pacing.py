"""The display loop's scheduler, and the figures it is judged by.

Design note. Frame k is due at k/fps on the show's clock, so errors do not add up. A frame that is late is presented at
once; those whose moment passed meanwhile are dropped, never replayed in a burst. Picture time is the sum of the steps
presented, each at most MAX_STEP (or two frames, where the show is slower): after a stall the work goes on where it was
instead of jumping. Display time is the clock's own: rules on what the eye may meet in a second go by it.
Tried and left:
sleeping a fixed 1/fps after each frame (drifts by the cost of the frame), and catching up on missed frames (a hitch of
one second became two seconds of fast motion).
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from engine.clock import Clock

MAX_STEP = 0.1
WINDOW = 600


@dataclass(frozen=True, slots=True)
class Frame:
    """One tick. `time` and `step` are picture time in seconds, `index` counts presented frames from 0; `shown_at` is
    display time, which no stall holds up: what the show's clock said.
    """

    index: int
    time: float
    step: float
    shown_at: float


class Pacer:
    """Yields frames at the show's rate until told to stop."""

    def __init__(self, clock: Clock, fps: float) -> None:
        self._clock = clock
        self.period = 1.0 / fps
        self._stopped = False
        self.dropped = 0

    def stop(self) -> None:
        """End after the current frame. Any thread, and signal handlers, may call this."""
        self._stopped = True

    def frames(self, seconds: float | None = None) -> Iterator[Frame]:
        """Frames for that long on the clock, or for ever."""
        begin = last = self._clock.now()
        due, index, picture = begin, 0, 0.0
        while not self._stopped and (seconds is None or due - begin < seconds - 1e-9):
            self._clock.wait_until(due)
            now = self._clock.now()
            step = min(now - last, max(MAX_STEP, 2 * self.period))
            picture, last = picture + step, now
            yield Frame(index, picture, step, now)
            index += 1
            due += self.period
            behind = int((self._clock.now() - due) / self.period)
            if behind > 0:
                self.dropped += behind
                due += behind * self.period


class Intervals:
    """The last WINDOW intervals between events, in seconds."""

    def __init__(self, window: int = WINDOW) -> None:
        self._times: deque[float] = deque(maxlen=window + 1)
        self.count = 0

    def tick(self, now: float) -> None:
        """One event happened at `now`, in seconds on any steady clock."""
        self._times.append(now)
        self.count += 1

    def rate(self, now: float, over: float = 3.0) -> float:
        """Events per second over the last `over` seconds."""
        recent = [t for t in self._times if now - t <= over]
        span = now - recent[0] if recent else 0.0
        return (len(recent) - 1) / span if len(recent) > 1 and span > 0 else 0.0

    def percentile(self, percent: float) -> float:
        """The interval, in seconds, that `percent` of the kept ones do not exceed; 0 before the second event."""
        times = list(self._times)
        gaps = sorted(b - a for a, b in pairwise(times))
        return gaps[min(len(gaps) - 1, int(len(gaps) * percent / 100))] if gaps else 0.0
