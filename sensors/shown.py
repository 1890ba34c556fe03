"""One channel as the show sees it: the live value or its stand-in, and never a jump from one to the other."""

import math

from sensors.channel import Channel
from sensors.fallback import EASE, EaseTo, Hold, Simulate, between


class Shown:
    """Follows one channel through loss and return, in show time."""

    def __init__(self, channel: Channel, fallback: Simulate | EaseTo | Hold) -> None:
        self._channel = channel
        self._fallback = fallback
        self._last: float | None = None
        self._start: float | None = None
        self._away = False
        self._lost_at = -math.inf
        self._back_at = -math.inf

    def value(self, live: float | None, now: float) -> float:
        """The value to show at `now`; `live` is None while there is no live one."""
        if live is None and not self._away:
            self._away, self._lost_at, self._start = True, now, self._last
        elif live is not None and self._away:
            self._away, self._back_at = False, now
        self._last = self._stand_in(now) if live is None else self._follow(live, now)
        return self._last

    def _stand_in(self, now: float) -> float:
        return self._fallback.value(self._channel, self._start, now - self._lost_at, now)

    def _follow(self, live: float, now: float) -> float:
        back = now - self._back_at
        return live if back >= EASE else between(self._stand_in(now), live, back, EASE)
