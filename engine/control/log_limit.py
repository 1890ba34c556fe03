"""Log lines that strangers can cause: one of a kind a minute, with a count of what came in between.

No line quotes more than a sentence, and none carries a traceback: a flood must not fill the disk.
"""

import asyncio
import logging
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog

from engine.errors import printable

INTERVAL = 60.0
KINDS = 64  # kept apart; what comes beyond is counted as one
LENGTH = 300
LIBRARIES = ("uvicorn.error", "asyncio")

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Kind:
    sentence: str
    since: float
    more: int = 0


class LogLimit:
    """Says each kind of thing at once, and then at most every INTERVAL seconds. Control thread only."""

    def __init__(self, now: Callable[[], float] = time.monotonic, write: Callable[[str], object] | None = None) -> None:
        self._now = now
        self._write = write or _warn
        self._kinds: dict[str, _Kind] = {}

    def say(self, kind: str, sentence: str) -> None:
        """Log a sentence, or count it where one of its kind was logged lately."""
        sentence = " ".join(printable(sentence).split())  # it may quote a stranger
        if kind not in self._kinds and len(self._kinds) >= KINDS:
            kind, sentence = "", "panel: more of such, from more clients"
        known = self._kinds.get(kind)
        if known is not None:
            known.sentence = sentence
            known.more += 1
            return
        self._kinds[kind] = _Kind(sentence, self._now())
        self._write(sentence[:LENGTH])

    def flush(self, *, everything: bool = False) -> None:
        """Log what was counted where its interval is over, and forget what has ended. Call now and then."""
        now = self._now()
        for name, kind in list(self._kinds.items()):
            if not everything and now - kind.since < INTERVAL:
                continue
            if not kind.more:
                del self._kinds[name]
                continue
            self._write(f"{kind.sentence[:LENGTH]} ({kind.more} more in {now - kind.since:.0f} s)")
            kind.since, kind.more = now, 0

    def asyncio_handler(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """For `loop.set_exception_handler`."""
        message, error = str(context["message"]), context.get("exception")
        self.say(f"asyncio {message} {type(error).__name__}", f"panel: {message}{_named(error)}")


class OneLine(logging.Filter):
    """Turns what the server's libraries log into such lines, while it is installed."""

    def __init__(self, limit: LogLimit) -> None:
        super().__init__()
        self._limit = limit

    def __enter__(self) -> "OneLine":
        for name in LIBRARIES:
            logging.getLogger(name).addFilter(self)
        return self

    def __exit__(self, *_: object) -> None:
        for name in LIBRARIES:
            logging.getLogger(name).removeFilter(self)

    def filter(self, record: logging.LogRecord) -> bool:
        """Never lets the record itself through."""
        error = record.exc_info[1] if record.exc_info else None
        kind = f"{record.name} {record.msg} {type(error).__name__}"
        self._limit.say(kind[:LENGTH], f"panel: {record.getMessage().strip()}{_named(error)}")
        return False


def _warn(sentence: str) -> None:
    log.warning(sentence)


def _named(error: object) -> str:
    """An error in half a line: its type, what it says, and where it was raised."""
    if not isinstance(error, BaseException):
        return ""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" at {frames[-1].filename.rpartition('/')[2]}:{frames[-1].lineno}" if frames else ""
    return f" ({type(error).__name__}: {str(error)[:120]}{where})"
