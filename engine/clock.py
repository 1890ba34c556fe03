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
    """Seconds for deadlines: a gap between two looks counts as LONGEST_GAP at most. For one thread that looks often.

    A whole machine may be paused, by SIGSTOP to all its processes, a suspended virtual machine or a frozen cgroup,
    while the monotonic clock runs on. On waking, everything seems to have missed its deadline that had no chance to
    meet it: a generator would be killed for a silence in which nobody could speak.
    """

    LONGEST_GAP = 1.0

    def __init__(self, source: Callable[[], float] = time.monotonic) -> None:
        self._source = source
        self._seen = source()
        self._now = 0.0

    def now(self) -> float:
        """Seconds awake."""
        seen = self._source()
        self._now += min(seen - self._seen, self.LONGEST_GAP)
        self._seen = seen
        return self._now
