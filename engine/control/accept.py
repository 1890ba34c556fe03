"""Taking connections from the listening socket.

asyncio's own servers accept as many as are waiting before they look at the first, and when descriptors run out they
try again in the same breath and log a traceback each time.

A client that connects faster than its budget waits, unread, until it has some again. Whoever waits for answers is thus
slowed down without noticing; whoever does not is turned away once the waiting room is full.
"""

import asyncio
import socket
from collections import deque
from collections.abc import Callable

from engine.control.connections import Connection, Connections, client_address
from engine.control.log_limit import LogLimit
from engine.control.rate_limit import RateLimit

AT_ONCE = 8  # accepted before clients already here get their turn
PAUSE = 0.2  # seconds without accepting after the system refused
LOOK_EVERY = 0.05  # seconds between looks at who waits


class Acceptor:
    """Accepts into `connections` and hands each over to a protocol. Control thread only."""

    def __init__(
        self,
        listener: socket.socket,
        connections: Connections,
        protocol: Callable[[Connection], asyncio.Protocol],
        rates: RateLimit,
        limit: LogLimit,
        waiting: int,
    ) -> None:
        """`waiting`: how many clients may wait for their budget, besides `connections`."""
        self._listener = listener
        self._connections = connections
        self._protocol = protocol
        self._rates = rates
        self._log_limit = limit
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[None]] = set()
        self._most_waiting = waiting
        self._waiting: deque[tuple[socket.socket, str]] = deque()
        self._pause: asyncio.TimerHandle | None = None
        self._look: asyncio.TimerHandle | None = None
        self._loop.add_reader(listener, self._accept_some)

    def close(self) -> None:
        """Accept no more."""
        self._loop.remove_reader(self._listener)
        for timer in (self._pause, self._look):
            if timer is not None:
                timer.cancel()
        for client, _ in self._waiting:
            client.close()
        self._waiting.clear()

    def _accept_some(self) -> None:
        for _ in range(AT_ONCE):
            try:
                client, peer = self._listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                self._pause_after(error)
                return
            client.setblocking(False)
            self._admit(client, client_address(str(peer[0])))

    def _admit(self, client: socket.socket, address: str) -> None:
        if not self._rates.wait(address, "connection"):
            self._take(client, address)
        elif len(self._waiting) < self._most_waiting:
            self._waiting.append((client, address))
            self._look = self._look or self._loop.call_later(LOOK_EVERY, self._look_again)
        else:
            client.close()
            self._log_limit.say(f"connections {address}", f"panel: {address} connects too often; some are turned away")

    def _look_again(self) -> None:
        self._look = None
        for client, address in [self._waiting.popleft() for _ in range(len(self._waiting))]:
            self._admit(client, address)

    def _pause_after(self, error: OSError) -> None:
        """Out of descriptors or memory. The socket stays readable, so not to pause would be to spin."""
        self._log_limit.say("accept", f"panel: a client cannot be taken ({error.strerror}); dropping one that is idle")
        self._connections.make_room()
        self._loop.remove_reader(self._listener)
        self._pause = self._loop.call_later(PAUSE, self._loop.add_reader, self._listener, self._accept_some)

    def _take(self, client: socket.socket, address: str) -> None:
        connection = self._connections.enter(address)
        if connection is None:
            self._log_limit.say("full", "panel: every place is taken by an open panel; a client was turned away")
            client.close()
            return
        task = self._loop.create_task(self._hand_over(client, connection))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _hand_over(self, client: socket.socket, connection: Connection) -> None:
        try:
            await self._loop.connect_accepted_socket(lambda: self._protocol(connection), client)
        except OSError as error:  # gone again already
            self._connections.leave(connection)
            client.close()
            self._log_limit.say("hand over", f"panel: a client was lost while it connected ({error.strerror})")
