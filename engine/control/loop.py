"""One life of the web server: uvicorn with our own way of taking connections and of logging what goes wrong."""

import asyncio
import socket
from collections.abc import Callable

import uvicorn

from engine.control.accept import Acceptor
from engine.control.connections import Connection, Connections
from engine.control.descriptors import connections_allowed
from engine.control.hub import Hub
from engine.control.log_limit import LogLimit, OneLine
from engine.control.protocol import HttpProtocol, WebSocketProtocol
from engine.control.rate_limit import RateLimit
from engine.control.security import Door
from engine.control.token_check import TokenCheck
from engine.control.web import MESSAGE_SIZE, Web

WAITING = 32  # clients that connect faster than they may
CUT_AFTER = 0.5
PING_INTERVAL = 15.0
TICKS_A_SECOND = 10


class Loop(uvicorn.Server):
    """Serves until `should_exit`. `is_up` is called once clients are answered."""

    def __init__(self, hub: Hub, door: Door, is_up: Callable[[], None]) -> None:
        self._log_limit = LogLimit()
        self._rates = RateLimit()
        places = connections_allowed()
        self._waiting = min(WAITING, places // 4)
        self._connections = Connections(places - self._waiting)
        self._is_up = is_up
        self._acceptor: Acceptor | None = None
        tokens = TokenCheck(door, self._log_limit)
        web = Web(hub, tokens, self._connections.most)
        super().__init__(_configuration(web, door, tokens, self._rates))

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        with OneLine(self._log_limit):
            asyncio.get_running_loop().set_exception_handler(self._log_limit.asyncio_handler)
            try:
                await super().serve(sockets)
            finally:
                await self._leave_nothing()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """In place of uvicorn's, which has asyncio accept whatever comes."""
        (listener,) = sockets or []
        listener.setblocking(False)
        self.servers = []
        self._acceptor = Acceptor(
            listener, self._connections, self._protocol, self._rates, self._log_limit, self._waiting
        )
        self.started = True
        self._is_up()

    def _protocol(self, connection: Connection) -> HttpProtocol:
        return HttpProtocol(self.config, self.server_state, connection, self._connections, self._log_limit)

    async def on_tick(self, counter: int) -> bool:
        if counter % TICKS_A_SECOND == 0:
            self._log_limit.flush()
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Cuts off whoever has not left soon."""
        self._accept_no_more()
        asyncio.get_running_loop().call_later(CUT_AFTER, self._cut)
        await super().shutdown(sockets)

    async def _leave_nothing(self) -> None:
        """Also where this life ends by a fault: no socket and no count stays behind."""
        self._accept_no_more()
        self._cut()
        await asyncio.sleep(0)  # in which asyncio closes what was cut
        self._log_limit.flush(everything=True)

    def _accept_no_more(self) -> None:
        if self._acceptor is not None:
            self._acceptor.close()
            self._acceptor = None

    def _cut(self) -> None:
        for connection in list(self.server_state.connections):
            connection.transport.abort()


def _configuration(web: Web, door: Door, tokens: TokenCheck, rates: RateLimit) -> uvicorn.Config:
    return uvicorn.Config(
        web.application(door, tokens, rates),
        loop="asyncio",
        http=HttpProtocol,
        ws=WebSocketProtocol,
        ws_max_size=MESSAGE_SIZE,
        ws_ping_interval=PING_INTERVAL,
        ws_ping_timeout=PING_INTERVAL,
        ws_per_message_deflate=False,
        lifespan="off",
        log_config=None,
        log_level="error",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=1,
    )
