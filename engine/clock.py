"""The one clock: everything visible is a function of (show, seed, clock, input)."""

import time
from collections.abc import Callable
from typing import Protocol


class Clock(Protocol):
    """Seconds since the show began; never runs backwards, never knows the date."""

    def now(self) -> float:
        """Show time in seconds."""
        ...

    def wait_until(self, moment: float) -> None:
        """Return once show time has reached `moment` (at once if it has passed)."""
        ...


class MonotonicClock:
    """Drives a live show.

    `wait_until` sleeps to 1.5 ms before the moment and yields the rest: a plain sleep overshoots by the
    scheduler's slack, a pure spin takes a core away from the generator.
    """

    SPIN = 0.0015

    def __init__(self) -> None:
        self._start = time.monotonic()

    def now(self) -> float:
        return time.monotonic() - self._start

    def wait_until(self, moment: float) -> None:
        remaining = moment - self.now()
        if remaining > self.SPIN:
            time.sleep(remaining - self.SPIN)
        while self.now() < moment:
            time.sleep(0)


class FixedStepClock:
    """Drives recording, replay and tests: time passes only by waiting for it."""

    def __init__(self) -> None:
        self._now = 0.0

    def now(self) -> float:
        return self._now

    def wait_until(self, moment: float) -> None:
        self._now = max(self._now, moment)


class WakingClock:
    """Seconds for deadlines: a gap between two looks at it counts as one second at most.

    Where all processes stand still for a while (SIGSTOP, a suspended machine, a frozen cgroup), nothing is late after
    it: every deadline goes on where it was. Look at it more often than once a second.
    """

    LONGEST_GAP = 1.0

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._source = now
        self._looked = now()
        self._lived = 0.0

    def __call__(self) -> float:
        """The seconds so far."""
        looked = self._source()
        self._lived += min(looked - self._looked, self.LONGEST_GAP)
        self._looked = looked
        return self._lived
