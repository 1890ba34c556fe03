"""Each time flashes are limited: a line in the log when it begins and when it is over, and how often that was."""

from collections.abc import Callable
from math import inf

import structlog

from engine.render.limit_meter import Limits

EVERY = 0.4  # seconds between two looks at least

log = structlog.get_logger(__name__)


class FlashLog:
    """Looks now and then what was limited since. Display thread only."""

    def __init__(self, read: Callable[[], Limits]) -> None:
        """`read` is Renderer.limits."""
        self._read = read
        self._newest = self._most = Limits()
        self._looked_at, self._since = -inf, 0.0
        self._engagements = 0

    def look(self, now: float) -> None:
        """Read and log, where it is time. `now` is display time in seconds."""
        if now - self._looked_at < EVERY:
            return
        self._looked_at = now
        self._take(now)

    def finish(self, now: float) -> None:
        """The last look. Answers come with the next question, so there are two of them."""
        self._take(now)
        self._take(now)
        if self._newest.engaged:
            self._end(now)

    def report(self) -> dict[str, float]:
        """For health: tiles limited just now, of how many, transitions per second they wanted, engagements so far."""
        limits = self._newest
        return {
            "limited_tiles": limits.limited,
            "tiles": limits.cells,
            "transitions_per_s": round(limits.transitions, 1),
            "engagements": self._engagements,
        }

    def _take(self, now: float) -> None:
        before, self._newest = self._newest, self._read()
        if self._newest.engaged and not before.engaged:
            self._begin(now)
        elif before.engaged and not self._newest.engaged:
            self._end(now)
        self._most = max(self._most, self._newest, key=lambda limits: (limits.limited, limits.transitions))

    def _begin(self, now: float) -> None:
        self._engagements += 1
        self._since, self._most = now, self._newest
        log.warning("flashes are limited", **_figures(self._newest))

    def _end(self, now: float) -> None:
        log.info("no flashes to limit any more", seconds=round(now - self._since, 1), **_figures(self._most))


def _figures(limits: Limits) -> dict[str, object]:
    return {"tiles": f"{limits.limited} of {limits.cells}", "transitions_per_s": round(limits.transitions, 1)}
