"""Keeping a generator alive: the frame source over workers that may die, hang or refuse at any moment."""

import logging
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from engine.clock import WakingClock
from engine.dream.activity import Activity
from engine.dream.base import DreamFrame, Floats, Latent, message_of

FIRST_DELAY = 0.5
LONGEST_DELAY = 10.0
HEALTHY = 30.0  # seconds of frames after which earlier failures are forgotten
LOADING = 60.0  # seconds the first frame may take
REHEARSING = 600.0  # the same where the machine is busy with another network and nobody waits
SILENCE = 20.0  # seconds without a sign of work before the first frame, however long that may take
LOOK_EVERY = 1.0  # seconds between looks for such a sign
HANGING = 10.0  # seconds without a frame, at least, before a worker counts as hung
SLOWEST_FPS = 0.05
FAREWELL = 5.0  # seconds `close` waits for the worker to end

_log = logging.getLogger(__name__)


class Life(Protocol):
    """One worker from its start to its end. Display thread only; nothing here waits but `close`."""

    max_fps: float

    @property
    def rejected(self) -> int:
        """Frames it threw away."""
        ...

    def put(self, number: int, message: Floats) -> None:
        """Hand over a latent, as `message_of` makes it, with its number."""
        ...

    def take(self, after: int) -> DreamFrame | None:
        """The newest frame if its sequence, counted from 1 in each life, is later than `after`."""
        ...

    def running(self) -> bool:
        """Whether it may still give frames."""
        ...

    def about(self) -> str:
        """What it is, in a few words; empty until it has loaded its network."""
        ...

    def activity(self) -> Activity | None:
        """What stays the same only while it does nothing; None where that cannot be known."""
        ...

    def reason(self) -> str:
        """Why it ended, one sentence."""
        ...

    def kill(self, reason: str) -> None:
        """End it; `running` turns false soon. Repeating this does no harm."""
        ...

    def close(self, timeout: float) -> None:
        """Kill it if need be, wait at most `timeout` seconds for the end, release everything."""
        ...


@dataclass(slots=True)
class _Term:
    """A life in office. Times are the source's clock."""

    life: Life
    patience: float
    active_at: float  # when its activity was last seen to change
    look_at: float = 0.0
    activity: Activity | None = None
    taken: int = 0
    delivering_since: float | None = None
    asked_at: float | None = None  # the first latent since the last frame


class SupervisedSource:
    """FrameSource over one worker after another.

    A worker that ends is replaced after FIRST_DELAY seconds, doubled with each failure up to LONGEST_DELAY, and given
    the latest latent. An outage is logged once when it begins and once when frames come again, whatever happens
    between.
    """

    def __init__(
        self,
        begin: Callable[[float], Life],
        max_fps: float,
        now: Callable[[], float] | None = None,
        loading: float = LOADING,
    ) -> None:
        """`begin(max_fps)` starts a worker without waiting for it, or raises OSError. `now` is a clock in seconds, by
        default one that does not count pauses of the whole machine. `loading` is the patience with a first frame.
        """
        self._begin = begin
        self._now = now or WakingClock().now
        self._loading = loading
        self._max_fps = max(max_fps, SLOWEST_FPS)
        self._term: _Term | None = None
        self._message: Floats | None = None
        self._number = 0
        self._begun = 0
        self._begin_at = math.inf
        self._delay = FIRST_DELAY
        self._outage = False
        self._earlier_frames = 0
        self._earlier_rejected = 0
        self.last_error = ""

    @property
    def frames(self) -> int:
        return self._earlier_frames + (self._term.taken if self._term else 0)

    @property
    def restarts(self) -> int:
        return max(0, self._begun - 1)

    @property
    def rejected(self) -> int:
        return self._earlier_rejected + (self._term.life.rejected if self._term else 0)

    @property
    def alive(self) -> bool:
        return self._term is not None and not self._outage

    @property
    def max_fps(self) -> float:
        return self._max_fps

    @max_fps.setter
    def max_fps(self, fps: float) -> None:
        self._max_fps = max(fps, SLOWEST_FPS)
        if self._term:
            self._term.life.max_fps = self._max_fps

    def describe(self) -> str:
        about = self._term.life.about() if self._term else ""
        return about or ("no generator" if self._term is None else "generator loading")

    def start(self) -> None:
        if self._term is None:
            self._begin_at = self._now()
            self._mind()

    def close(self) -> None:
        self._begin_at = math.inf
        if self._term:
            self._retire(self._term, FAREWELL)

    def submit(self, latent: Latent) -> int:
        self._message = message_of(latent)
        self._number += 1
        if self._term:
            self._ask(self._term, self._message)
        return self._number

    def newest(self) -> DreamFrame | None:
        frame = self._collect(self._term) if self._term else None
        self._mind()
        return frame

    def _ask(self, term: _Term, message: Floats) -> None:
        term.life.put(self._number, message)
        if term.asked_at is None:
            term.asked_at = self._now()

    def _collect(self, term: _Term) -> DreamFrame | None:
        frame = term.life.take(term.taken)
        if frame is None:
            return None
        term.taken = frame.sequence
        term.asked_at = None
        term.patience = max(HANGING, 5 * frame.seconds, 3 / self._max_fps)
        if term.delivering_since is None:
            term.delivering_since = self._now()
            self._delivered()
        return replace(frame, sequence=self._earlier_frames + frame.sequence)

    def _delivered(self) -> None:
        if self._outage:
            self._outage = False
            _log.warning("the generator is back: %s", self.describe())

    def _mind(self) -> None:
        """Replace what has ended, end what hangs."""
        term, now = self._term, self._now()
        if term is None:
            if now >= self._begin_at:
                self._succeed()
        elif not term.life.running():
            self._fail(term.life.reason())
            self._retire(term, 0)
        elif term.asked_at is not None and now - term.asked_at > term.patience:
            term.life.kill(f"the generator gave no frame for {term.patience:.0f} s")
        elif term.asked_at is not None and term.delivering_since is None and _is_silent(term, now):
            step = term.activity.step if term.activity else "loading"
            term.life.kill(f"the generator did nothing for {SILENCE:.0f} s while {step}")
        elif term.delivering_since is not None and now - term.delivering_since > HEALTHY:
            self._delay = FIRST_DELAY

    def _succeed(self) -> None:
        try:
            life = self._begin(self._max_fps)
        except OSError as error:
            self._fail(f"the generator could not be started: {error}")
            return
        self._begun += 1
        self._term = _Term(life, patience=self._loading, active_at=self._now())
        if self._message is not None:
            self._ask(self._term, self._message)

    def _fail(self, reason: str) -> None:
        self.last_error = reason
        if not self._outage:
            self._outage = True
            _log.warning("%s; trying again until it works", reason)
        self._begin_at = self._now() + self._delay
        self._delay = min(2 * self._delay, LONGEST_DELAY)

    def _retire(self, term: _Term, timeout: float) -> None:
        self._earlier_rejected += term.life.rejected
        self._earlier_frames += term.taken
        self._term = None
        term.life.close(timeout)


def _is_silent(term: _Term, now: float) -> bool:
    """Whether a worker has shown no sign of work for SILENCE seconds, in which a slow one would have."""
    if now >= term.look_at:
        term.look_at = now + LOOK_EVERY
        activity = term.life.activity()
        if activity is None or activity != term.activity:
            term.activity, term.active_at = activity, now
    return now - term.active_at > SILENCE
