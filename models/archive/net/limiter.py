"""Politeness towards one host: so many connections, so many requests a second, and rest where it asks for rest."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from models.archive.net.failure import Sleep, TransientError
from models.archive.net.hosts import Pace


class Limiter:
    """A token bucket that holds one token, on monotonic time. Used from one event loop."""

    def __init__(
        self, pace: Pace, longest_wait: float, clock: Callable[[], float] = time.monotonic, sleep: Sleep = asyncio.sleep
    ) -> None:
        self._connections = asyncio.Semaphore(pace.connections)
        self._queue = asyncio.Lock()
        self._gap = 1.0 / pace.rate
        self._longest_wait = longest_wait
        self._clock = clock
        self._sleep = sleep
        self._next = self._rest = clock()

    def rest(self, seconds: float) -> None:
        """Ask nothing for so long."""
        self._rest = max(self._rest, self._clock() + seconds)

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """One request, from its beginning to its last byte. Raises TransientError where the host wants more rest than
        we wait for.
        """
        async with self._connections:
            async with self._queue:
                await self._wait()
            yield

    async def _wait(self) -> None:
        while (wait := max(self._next, self._rest) - self._clock()) > 0:
            if self._rest - self._clock() > self._longest_wait:
                raise TransientError("rate limited", f"the server asks for {wait:.0f} s of rest", again=False)
            await self._sleep(wait)
        self._next = self._clock() + self._gap
