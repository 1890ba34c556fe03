"""Which network is on the wall, and how the next one takes over without a frame being lost.

The next network is made ready in the wings, on a thread: fetched, verified, its mapping loaded, its generator started
in a worker of its own. Here it is asked for pictures beside the one that is on. With its first picture the crossfade
begins; both go on dreaming until it is over, and then the old one is handed back to the wings to be closed. Its walk
goes on where the old one is, so that networks of one training melt into each other. Tried and left: handing the new
file to the running worker, which then gives no picture for the seconds of its loading.
"""

import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Protocol

from engine.dream.base import Floats, FrameSource, Pixels
from engine.params import Value
from engine.walk.base import Walk
from engine.walk.directions import DirectionOffset

_log = logging.getLogger(__name__)

Lookup = Callable[[str], Value]


@dataclass(frozen=True, slots=True)
class Moment:
    """What a network is asked with: show time and the step since the last in seconds, the artist's values."""

    now: float
    step: float
    lookup: Lookup
    controls: Floats
    max_fps: float


@dataclass(frozen=True, slots=True)
class Act:
    """A network at work: what people call it, its walk, its generator, its own directions. Display thread only."""

    name: str
    walk: Walk
    source: FrameSource
    offset: DirectionOffset = field(default_factory=DirectionOffset)

    def step(self, moment: Moment) -> Pixels | None:
        """Walk on, ask for a picture, and give the newest one there is."""
        self.source.max_fps = moment.max_fps
        latent = self.walk.advance(moment.step, moment.lookup)
        latent = self.offset.added(latent, moment.step, moment.lookup)
        self.source.submit(replace(latent, controls=moment.controls))
        dreamt = self.source.newest()
        return None if dreamt is None else dreamt.pixels

    def close(self) -> None:
        """End what both have begun; may take a while."""
        self.source.close()
        self.walk.close()


class Wings(Protocol):
    """Where the next network is made ready and the last one put away. Nothing here waits."""

    problem: str
    """Why no other network can come just now; empty where one can."""

    def offer(self) -> Act | None:
        """A network that is ready to be tried, its source started. Each is to be answered with `played` or `failed`."""
        ...

    def played(self) -> None:
        """The network that was offered is on the wall."""
        ...

    def failed(self, why: str) -> None:
        """The network that was offered gives no pictures."""
        ...

    def put_away(self, act: Act) -> None:
        """Close a network, some time."""
        ...


class Pictures(Protocol):
    """Where pictures go."""

    def push(self, frame: Pixels, now: float) -> None:
        """A frame of the network that is on."""
        ...

    def push_leaving(self, frame: Pixels, now: float) -> None:
        """A frame of the one before, while a turn lasts."""
        ...

    def turn(self, frame: Pixels, now: float, seconds: float) -> None:
        """Another network begins with this frame."""
        ...


class Stage:
    """The network that is on, the one that is to come, the one that is leaving. Display thread only."""

    def __init__(self, lead: Act, pictures: Pictures, wings: Wings | None = None, fade: float = 0.0) -> None:
        """`fade` is the length of a turn in seconds. Without `wings` the lead stays."""
        self.lead = lead
        self.turns = 0
        self._pictures = pictures
        self._wings = wings
        self._fade = fade
        self._next: Act | None = None
        self._leaving: Act | None = None
        self._over = 0.0

    @property
    def problem(self) -> str:
        """Why no other network can come just now."""
        return "" if self._wings is None else self._wings.problem

    def step(self, moment: Moment) -> bool:
        """Let every network here dream on; whether the lead gave a picture."""
        pixels = self.lead.step(moment)
        if pixels is not None:
            self._pictures.push(pixels, moment.now)
        if self._wings is not None:
            self._follow(self._wings, moment)
        return pixels is not None

    def close(self) -> None:
        """Close every network here."""
        for act in (self.lead, self._next, self._leaving):
            if act is not None:
                act.close()

    def _follow(self, wings: Wings, moment: Moment) -> None:
        if self._leaving is not None:
            self._leave(wings, self._leaving, moment)
        elif self._next is not None:
            self._rehearse(wings, self._next, moment)
        else:
            self._next = wings.offer()
            if self._next is not None:
                with suppress(KeyError, ValueError):  # a walk that cannot go on from there begins anew
                    self._next.walk.restore(self.lead.walk.state())

    def _rehearse(self, wings: Wings, coming: Act, moment: Moment) -> None:
        """Ask the next network for its first picture; with it, it is on."""
        pixels = coming.step(moment)
        if pixels is not None:
            _log.info("the network on the wall is %s", coming.name)
            self._pictures.turn(pixels, moment.now, self._fade)
            self._leaving, self.lead, self._next = self.lead, coming, None
            self._over = moment.now + self._fade
            self.turns += 1
            wings.played()
        elif coming.source.last_error:
            self._next = None
            wings.failed(coming.source.last_error)
            wings.put_away(coming)

    def _leave(self, wings: Wings, leaving: Act, moment: Moment) -> None:
        """Let the network before dream on until nothing of it is seen."""
        if moment.now >= self._over:
            self._leaving = None
            wings.put_away(leaving)
            return
        pixels = leaving.step(moment)
        if pixels is not None:
            self._pictures.push_leaving(pixels, moment.now)
