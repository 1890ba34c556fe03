"""What takes long to work out for each leg of a walk, worked out ahead on a thread, or at once.

The thread pauses after each part, and keeps the priority of its process: with a lower one it could lose its core while
it holds the interpreter's lock, and the display would wait for both.
"""

import logging
import time
from collections.abc import Callable, Generator, Iterator
from threading import Event, Thread
from typing import Generic, TypeVar

AHEAD = 2  # legs after the one the walk is on
REST = 2.0  # pause after each part, in times of what it took: the display and the generator share the cores
FAREWELL = 5.0  # seconds `close` waits for the part that is under way

_log = logging.getLogger(__name__)

T = TypeVar("T")


class Ahead(Generic[T]):
    """A value for each leg, a pure function of its number, so that it does not matter when it is made.

    Until `start` a value is made when it is asked for; from then on by a thread, and `at` never waits. One thread at a
    time may call `start`, `at` and `close`.
    """

    def __init__(self, make: Callable[[int], Generator[None, None, T]]) -> None:
        """`make` works in short parts: it yields after each and returns the value."""
        self._make = make
        self._made: dict[int, T] = {}
        self._leg = -1  # the one the thread is to care for
        self._woken, self._stop = Event(), Event()
        self._live = False
        self._thread = Thread(target=self._work, name="walk", daemon=True)

    def start(self) -> None:
        """Leave the making to a thread from the next `at` on: which leg comes first may still change."""
        self._live = True

    def close(self) -> None:
        """End the thread, if there is one. Safe to call twice."""
        self._stop.set()
        self._woken.set()
        if self._thread.is_alive():
            self._thread.join(FAREWELL)

    def at(self, leg: int) -> T | None:
        """The value of the leg the walk is on; None where the thread has not made it yet, or could not."""
        if not self._live:
            if leg not in self._made:
                self._made = {leg: _at_once(self._make(leg))}
        elif leg != self._leg:
            self._leg = leg
            self._woken.set()
            if self._thread.ident is None:
                self._thread.start()
        return self._made.get(leg)

    def _work(self) -> None:
        try:
            while True:
                self._woken.wait()
                self._woken.clear()  # first: what is said after this is heard in the next round
                if self._stop.is_set():
                    return
                self._catch_up(self._leg)
        except Exception as error:  # noqa: BLE001 - a plug-in's network may fail in any way, and none may stop the show
            _log.warning("the walk goes on without what is worked out ahead: %s: %s", type(error).__name__, error)

    def _catch_up(self, leg: int) -> None:
        """Make what is missing from a leg on, while that is the one the walk is on, and forget what lies behind."""
        wanted = range(leg, leg + AHEAD + 1)
        self._made = {index: value for index, value in self._made.items() if index in wanted}
        for index in wanted:
            if index not in self._made and leg == self._leg:
                for value in self._paced(self._make(index)):
                    self._made = self._made | {index: value}

    def _paced(self, parts: Generator[None, None, T]) -> Iterator[T]:
        """The value, pausing after each part; nothing where the thread is to end."""
        while True:
            began = time.perf_counter()
            try:
                next(parts)
            except StopIteration as done:
                yield done.value
                return
            if self._stop.wait(REST * (time.perf_counter() - began)):
                return


def _at_once(parts: Generator[None, None, T]) -> T:
    while True:
        try:
            next(parts)
        except StopIteration as done:
            value: T = done.value
            return value
