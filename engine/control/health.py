"""How the show is, judged at the moment somebody asks.

The display loop reports its figures itself, so a loop that hangs leaves a report behind that says all is well. Only
the age of the newest presented frame tells: it is compared with the clock here, for the panel and for watchdogs alike.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from engine.control.hub import Hub

STALE_AFTER = 2.0  # seconds without a presented frame


@dataclass(frozen=True, slots=True)
class Health:
    """The body of an answer, and what its HTTP status is to say."""

    body: Mapping[str, object]
    showing: bool  # there is a display, and frames reach it

    @property
    def live_status(self) -> int:
        """For a watchdog: restart the show unless it is 200."""
        return 200 if self.showing else 503

    @property
    def ready_status(self) -> int:
        """For an opening checklist: 200 only where nothing at all is wrong."""
        return 200 if self.showing and self.body["status"] == "ok" else 503


def judge(hub: Hub, now: float) -> Health:
    """The show's own report and what the clock says of it. `now` is time.monotonic(). Any thread."""
    presented_at, no_display, report = hub.presented_at, hub.no_display, hub.health
    if presented_at is None:
        return Health(_body(report, "starting", no_display) | {"fps": 0.0, "frame_age_s": None}, False)
    age = max(0.0, now - presented_at)
    aged = {"frame_age_s": round(age, 2)}
    if age > STALE_AFTER:
        silence = f"no frame for {age:.0f} s"
        display = f"{no_display}; {silence}" if no_display else silence
        return Health(_body(report, "stalled", display) | {"fps": 0.0} | aged, False)
    status = "degraded" if no_display else report.get("status", "starting")
    return Health(_body(report, status, no_display) | aged, not no_display)


def _body(report: Mapping[str, object], status: object, display: str) -> dict[str, object]:
    reported = report.get("problems")
    problems = dict(reported) if isinstance(reported, Mapping) else {}
    if display:
        problems["display"] = display
    return {**report, "status": status, "problems": problems}
