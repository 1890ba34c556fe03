"""Judging the tokens that clients bring, slowly where they are wrong.

A wrong one is answered late, and few of one client wait at a time; what comes beyond them is not even looked at, so
that a client gets DELAYED_EACH / DELAY guesses a second. A client that has shown the right token lately is always
heard: guesses from its own address, through a proxy perhaps, do not lock it out. Where many addresses guess at once,
wrong ones are turned away without delay, and right ones are heard: delays must not hold every connection.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from enum import Enum

from engine.control.log_limit import LogLimit
from engine.control.security import Door

DELAY = 0.5
DELAYED_EACH = 4
DELAYED_IN_ALL = 32
REMEMBERED = 600.0
CLIENTS = 256  # remembered at most


class Verdict(Enum):
    """What was found."""

    RIGHT = "right"
    WRONG = "wrong"
    BUSY = "too many wrong ones are waiting"


class TokenCheck:
    """Judges for one server. Control thread only."""

    def __init__(
        self,
        door: Door,
        limit: LogLimit,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._door = door
        self._log_limit = limit
        self._now = now
        self._sleep = sleep
        self._delayed: Counter[str] = Counter()
        self._right: dict[str, float] = {}

    async def judge(self, client: str, token: object) -> Verdict:
        """WRONG comes after a delay. `client` is its address."""
        busy = self._delayed[client] >= DELAYED_EACH
        if busy and not self._known(client):
            return Verdict.BUSY
        if self._door.admits(token):
            self._remember(client)
            return Verdict.RIGHT
        self._log_limit.say(f"token {client}", f"panel: wrong token from {client}")
        if busy or self._delayed.total() >= DELAYED_IN_ALL:
            return Verdict.BUSY
        self._delayed[client] += 1
        try:
            await self._sleep(DELAY)
        finally:
            self._delayed[client] -= 1
            if not self._delayed[client]:
                del self._delayed[client]
        return Verdict.WRONG

    def _known(self, client: str) -> bool:
        return self._now() - self._right.get(client, float("-inf")) < REMEMBERED

    def _remember(self, client: str) -> None:
        self._right.pop(client, None)
        self._right[client] = self._now()
        if len(self._right) > CLIENTS:
            del self._right[next(iter(self._right))]
