"""uvicorn's two protocols with deadlines: a client that owes us something owes it for a few seconds only.

uvicorn itself waits for the rest of a request for ever, so a few hundred half requests would fill the server.
"""

import asyncio
import time
from typing import Any

import h11
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.frames import Frame

from engine.control.bucket import TokenBucket
from engine.control.connections import Connection, Connections
from engine.control.log_limit import LogLimit

WITHIN = {
    "idle": 5.0,  # the first byte of a request
    "head": 5.0,  # the rest of its headers, however it trickles
    "body": 10.0,
    "answer": 30.0,  # our part: the answer, and the client's taking it
}
READ_IN_VAIN = 256 * 1024  # bytes of a request that come after its answer
FRAMES_A_SECOND = 20.0  # of a WebSocket, besides messages: pings, pongs and pieces of messages
FRAME_BURST = 200.0


class HttpProtocol(H11Protocol):
    """One connection, until it ends or becomes a WebSocket."""

    def __init__(
        self, config: Config, state: ServerState, connection: Connection, connections: Connections, limit: LogLimit
    ) -> None:
        super().__init__(config, state, {"connection": connection, "connections": connections})
        self._connection = connection
        self._connections = connections
        self._log_limit = limit
        self._watched: tuple[str, object] = ("", None)
        self._deadline: asyncio.TimerHandle | None = None
        self._in_vain = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._connection.transport = transport
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._unwatch()
        self._connections.leave(self._connection)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()
        if self._watched[0] == "body" and self.cycle.response_complete:
            self._in_vain += len(data)
            if self._in_vain > READ_IN_VAIN:  # to close at the first byte would cost honest clients the answer
                self.transport.abort()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._watch()

    def _watch(self) -> None:
        """Set the deadline that fits what is awaited now; one already running for the same goes on."""
        if self.transport.get_protocol() is not self:  # it has become a WebSocket
            self._unwatch()
            return
        watched = (self._awaited(), self.cycle)
        if watched != self._watched:
            self._unwatch()
            self._watched = watched
            self._deadline = self.loop.call_later(WITHIN[watched[0]], self._expire)
            self._connections.touch(self._connection)

    def _awaited(self) -> str:
        if self.transport.get_write_buffer_size():
            return "answer"
        if self.conn.their_state is h11.SEND_BODY:
            return "body"
        if self.conn.their_state is h11.IDLE:
            return "head" if self.conn.trailing_data[0] else "idle"
        return "answer"

    def _unwatch(self) -> None:
        self._watched = ("", None)
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _expire(self) -> None:
        awaited = self._watched[0]
        if awaited in ("head", "body"):
            where = self._connection.address
            self._log_limit.say(
                f"half {where}", f"panel: {where} sent half a request; closed after {WITHIN[awaited]:g} s"
            )
        if awaited in ("head", "body") or self.transport.get_write_buffer_size():
            self.transport.abort()
        else:
            self.transport.close()


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """The same connection after its handshake; who is served when is the session's business."""

    def __init__(self, config: Config, server_state: ServerState, app_state: dict[str, Any]) -> None:
        super().__init__(config, server_state, app_state)
        self._connection: Connection = app_state["connection"]
        self._connections: Connections = app_state["connections"]
        self._frames = TokenBucket(FRAMES_A_SECOND, FRAME_BURST, time.monotonic())

    def handle_ping(self) -> None:
        if self._may_go_on():
            super().handle_ping()

    def handle_pong(self, event: Frame) -> None:
        if self._may_go_on():
            super().handle_pong(event)

    def handle_cont(self, event: Frame) -> None:
        if self._may_go_on():
            super().handle_cont(event)

    def _may_go_on(self) -> bool:
        """The session counts messages only; what never becomes one is counted here."""
        if self._frames.take(time.monotonic()):
            return True
        self.transport.abort()
        return False

    async def send(self, message: Any) -> None:
        await super().send(message)
        if self.initial_response is not None and self.close_sent:
            self.handshake_complete = True  # a refusal with a status ends it too; uvicorn would log an error of ours

    def connection_lost(self, exc: Exception | None) -> None:
        self._connections.leave(self._connection)
        super().connection_lost(exc)
