"""Each time flashes are limited: a line in the log when it begins and when it is over, and how often that was."""

import structlog

from engine.render.limit_meter import Limits

log = structlog.get_logger(__name__)


class FlashLog:
    """Told now and then what was limited since. Display thread only."""

    def __init__(self) -> None:
        self.engagements = 0
        self.newest = Limits()
        self._since = 0.0
        self._most = Limits()

    def note(self, limits: Limits, now: float) -> None:
        """`now` is display time in seconds."""
        if limits.engaged and not self.newest.engaged:
            self.engagements += 1
            self._since, self._most = now, limits
            log.warning("flashes are limited", tiles=limits.limited, of=limits.cells, per_second=_shown(limits))
        elif self.newest.engaged and not limits.engaged:
            most, seconds = self._most, round(now - self._since, 1)
            log.info("no flashes to limit any more", seconds=seconds, tiles=most.limited, per_second=_shown(most))
        self._most = max(self._most, limits, key=lambda each: (each.limited, each.transitions))
        self.newest = limits

    def report(self) -> dict[str, float]:
        """For health: tiles limited just now, of how many, transitions per second they wanted, engagements so far."""
        limits = self.newest
        return {
            "limited_tiles": limits.limited,
            "tiles": limits.cells,
            "transitions_per_s": _shown(limits),
            "engagements": self.engagements,
        }


def _shown(limits: Limits) -> float:
    return round(limits.transitions, 1)
