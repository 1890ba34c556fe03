"""The control server: one thread with its own asyncio loop, beside the display loop and never in its way."""

import asyncio
import socket
import threading

import structlog
import uvicorn

from engine.control.hub import Hub
from engine.control.listen import listen
from engine.control.security import Door
from engine.control.web import MESSAGE_SIZE, Web
from engine.errors import ReverieError

START_WITHIN = 10.0
CLOSE_WITHIN = 2.0
CUT_AFTER = 0.5
CONNECTIONS = 256
PING_INTERVAL = 15.0

log = structlog.get_logger(__name__)


class ControlServer:
    """Panel, WebSocket and JSON interface of one show. Raises ReverieError for a host that needs a token and has none.

    `port` None: 8700, or the next free one, and `notice` says so. `token` is required beyond loopback.
    """

    def __init__(self, hub: Hub, *, host: str = "127.0.0.1", port: int | None, token: str | None = None) -> None:
        self._door = Door(host, token)
        self._hub = hub
        self._host = host
        self._port = port
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None
        self.notice = ""
        self.url = ""

    def start(self) -> None:
        """Listen, then serve in a daemon thread; it is up when this returns. Raises ReverieError where it cannot."""
        listener, self.notice = listen(self._host, self._port)
        self.url = _url(self._host, listener.getsockname()[1])
        self._server = _Server(_configuration(self._hub, self._door))
        self._thread = threading.Thread(target=self._server.run, args=([listener],), name="control server", daemon=True)
        self._thread.start()
        if not self._server.ready.wait(START_WITHIN):
            raise ReverieError(f"panel: the web server did not start within {START_WITHIN:g} s; see the log")

    def close(self) -> None:
        """Say goodbye to every client and end the thread, in two seconds at most. Any thread; twice is fine."""
        if self._server is None or self._thread is None:
            return
        self._server.should_exit = True
        self._thread.join(CLOSE_WITHIN)
        if self._thread.is_alive():
            log.warning("the control server has not ended; leaving it behind")
        self._server = self._thread = None
        self._hub.watchers = 0


class _Server(uvicorn.Server):
    """uvicorn that says when it is up, and cuts off whoever has not left soon after the end."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        asyncio.get_running_loop().call_later(CUT_AFTER, self._cut)
        await super().shutdown(sockets)

    def _cut(self) -> None:
        for connection in list(self.server_state.connections):
            connection.transport.abort()


def _configuration(hub: Hub, door: Door) -> uvicorn.Config:
    return uvicorn.Config(
        Web(hub, door).application(door),
        loop="asyncio",
        http="h11",
        ws="websockets-sansio",
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
        limit_concurrency=CONNECTIONS,
        timeout_graceful_shutdown=1,
    )


def _url(host: str, port: int) -> str:
    shown = {"0.0.0.0": socket.gethostname(), "::": socket.gethostname()}.get(host, host)
    return f"http://[{shown}]:{port}/" if ":" in shown else f"http://{shown}:{port}/"
