"""What a technician asks first: is it running, how fast, and what is missing."""

from collections.abc import Mapping

from engine.clock import Clock, WakingClock
from engine.pacing import Intervals

DREAM_SILENCE = 10.0  # seconds without a generated frame before the show counts as degraded


class Health:
    """Counts frames and sums up the state of a running show. Display thread only."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._awake = WakingClock(clock.now)  # a pause of the whole machine is no silence of the generator
        self._last_dream = self._awake.now()
        self.presented = Intervals()
        self.dreamt = Intervals()

    def presented_frame(self) -> None:
        """One frame reached the outputs."""
        self._awake.now()
        self.presented.tick(self._clock.now())

    def dream_frame(self) -> None:
        """One frame came from the generator."""
        self._last_dream = self._awake.now()
        self.dreamt.tick(self._clock.now())

    @property
    def uptime(self) -> float:
        """Seconds since the show began."""
        return self._clock.now()

    def report(self, sensors: Mapping[str, object], problems: Mapping[str, str], **more: object) -> dict[str, object]:
        """The answer of /healthz. `problems` names what is broken now; rates are per second, times in milliseconds."""
        now = self.uptime
        wrong = dict(problems)
        silence = self._awake.now() - self._last_dream
        if silence > DREAM_SILENCE:
            wrong.setdefault("dream", f"no generated frame for {silence:.0f} s")
        return {
            "status": "degraded" if wrong else "ok",
            "problems": wrong,
            "uptime_s": round(now, 1),
            "presented_frames": self.presented.count,
            "dream_frames": self.dreamt.count,
            "fps": round(self.presented.rate(now), 2),
            "dream_fps": round(self.dreamt.rate(now), 2),
            "frame_p50_ms": round(1000 * self.presented.percentile(50), 2),
            "frame_p99_ms": round(1000 * self.presented.percentile(99), 2),
            "sensors": dict(sensors),
            **more,
        }
