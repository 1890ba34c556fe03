"""A registry followed on a thread of its own: looked at, fetched from, the next network made ready, the last put away.

Whatever here takes long, takes long here: the display thread reads one slot. A registry that is gone is one line when
it is lost and one when it is back, and changes nothing on the wall.
"""

import logging
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import Generic, Protocol, TypeVar

from models.feed.entries import Entry
from models.feed.errors import FeedError
from models.feed.feed import Feed, Prepare

FAREWELL = 5.0  # seconds `close` waits for a look that is under way
LONGEST_PAUSE = 60.0  # seconds between looks at a registry that is gone: the first pause is doubled up to this

_log = logging.getLogger(__name__)


class Closable(Protocol):
    """Something to be put away."""

    def close(self) -> None:
        """Release it; may take a while."""
        ...


T = TypeVar("T")


class Follower(Generic[T]):
    """Offers what is made of the newest network, one at a time. The display thread's methods are `offer`, `played`,
    `failed`, `put_away` and `problem`; they never wait.
    """

    def __init__(
        self, feed: Feed, on: Entry | None, prepare: Prepare[T], discard: Callable[[T], None], every: float
    ) -> None:
        """`on` is what the wall shows at the start. `prepare` makes of a file what is offered, on this thread, and may
        raise anything; `discard` closes an offer nobody took. `every` is in seconds.
        """
        self.problem = ""
        self._feed = feed
        self._prepare = prepare
        self._discard = discard
        self._every = self._pause = every
        self._on = on
        self._coming: Entry | None = None
        self._offer: T | None = None
        self._woken = Event()
        self._stopped = False
        self._done_with: SimpleQueue[Closable] = SimpleQueue()
        self._thread = Thread(target=self._work, name="follow", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def close(self) -> None:
        """End; a look that hangs is left behind."""
        self._stopped = True
        self._woken.set()
        if self._thread.is_alive():
            self._thread.join(FAREWELL)

    def offer(self) -> T | None:
        """What is ready to be tried, once."""
        offer, self._offer = self._offer, None
        return offer

    def played(self) -> None:
        """The offer is on the wall."""
        self._on, self._coming = self._coming, None

    def failed(self, why: str) -> None:
        """The offer was of no use, and is not made again."""
        assert self._coming is not None
        self._feed.refuse(self._coming, why)
        self._coming = None

    def put_away(self, thing: Closable) -> None:
        """Close something, soon."""
        self._done_with.put(thing)
        self._woken.set()

    def _work(self) -> None:
        remembered: Entry | None = None
        while not self._stopped:
            self._woken.wait(self._pause)
            self._woken.clear()
            self._close_what_is_done_with()
            if self._coming is None and not self._stopped:
                if self._on is not remembered and self._on is not None:
                    self._remember(self._on)
                    remembered = self._on
                self._look()
        self._close_what_is_done_with()
        left = self.offer()
        if left is not None:
            self._discard(left)

    def _look(self) -> None:
        try:
            found = self._feed.newest(self._on, self._prepare)
        except FeedError as error:
            if not self.problem:
                _log.warning("%s; the wall stays as it is", error)
            self.problem = str(error)
            self._pause = max(self._every, min(2 * self._pause, LONGEST_PAUSE))
            return
        self._pause = self._every
        if self.problem:
            self.problem = ""
            _log.warning("%s can be reached again", self._feed.registry.place)
        if found is not None:
            self._coming, offer = found
            self._offer = offer

    def _remember(self, entry: Entry) -> None:
        try:
            self._feed.remember(entry)
        except FeedError as error:
            _log.warning("%s; without the registry the next start will not know what was on", error)

    def _close_what_is_done_with(self) -> None:
        with suppress(Empty):
            while True:
                self._done_with.get_nowait().close()
