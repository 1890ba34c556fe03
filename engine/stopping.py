"""Whether somebody asked this program to end: a flag, set from the program's first line on and looked at between steps.

A handler that raises can do so in the middle of anything: of an import, of a `finally`, of a callback of C code that
swallows it. So handlers here only set the flag. A command that works in steps asks `requested` or calls `check`; one
that cannot calls `interrupt` first and has Python's own KeyboardInterrupt again.
"""

import os
import signal
from collections.abc import Callable, Iterable, Iterator
from types import FrameType
from typing import TypeVar

NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

STOPPED = 130  # the exit code of a command that was stopped before its work was done, as shells say it

T = TypeVar("T")
Handler = Callable[[int, FrameType | None], None]


class StoppedError(Exception):
    """The program was asked to end, and notices it between two steps."""


class Stop:
    """The flag of one program. `listen` and `interrupt` are for the main thread, the rest for any."""

    def __init__(self) -> None:
        self.requested = False
        self.numbers: list[int] = []

    def listen(self, handler: Handler | None = None) -> None:
        """From now on SIGINT, SIGTERM and SIGHUP set the flag, or call `handler`; SIGHUP not where it was ignored at
        the first call (nohup).
        """
        if not self.numbers:
            hangup = signal.getsignal(signal.SIGHUP) != signal.SIG_IGN
            self.numbers = [n for n in NUMBERS if n != signal.SIGHUP or hangup]
        for number in self.numbers:
            signal.signal(number, handler or self._handle)

    def interrupt(self) -> None:
        """After `listen`: SIGINT and SIGTERM raise KeyboardInterrupt again, at once where one has come already."""
        for number in (signal.SIGINT, signal.SIGTERM):
            if signal.getsignal(number) == self._handle:
                signal.signal(number, signal.default_int_handler)
        if self.requested:
            raise KeyboardInterrupt

    def check(self) -> None:
        """Raises StoppedError if the program was asked to end."""
        if self.requested:
            raise StoppedError

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self.requested and number == signal.SIGINT:  # a second Ctrl-C: whoever presses it does not want to wait
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
        self.requested = True


STOP = Stop()


def until_stopped(items: Iterable[T], stop: Stop = STOP) -> Iterator[T]:
    """The same items, until the program is asked to end."""
    for item in items:
        if stop.requested:
            return
        yield item
