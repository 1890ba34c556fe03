"""One WebSocket client, from its arrival to its end, as an explicit state machine.

    ARRIVED ──► ASKED ──► OPEN ──► CLOSED        ASKED is skipped where no token is needed or a header brought it;
       └──────────┴────────────────► CLOSED      every state may end.

Two tasks serve an open client: one takes its messages, one sends what its Feed has due. The first to end ends the
other. Nothing is queued for sending, so a client costs at most one message beyond the socket's buffers.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from enum import Enum
from typing import NoReturn

from starlette.websockets import WebSocket, WebSocketDisconnect

from engine.control.bucket import TokenBucket
from engine.control.desk import Desk
from engine.control.feed import Feed
from engine.control.token_check import Verdict
from engine.control.wire import MalformedError, decode, encode

MESSAGES_PER_SECOND = 200.0
MESSAGE_BURST = 400.0
TICK = 0.025
TOKEN_WITHIN = 10.0
SEND_WITHIN = 15.0
CLOSE_WITHIN = 1.0
REFUSALS_KEPT = 64

POLICY_VIOLATION = 1008
TRY_AGAIN_LATER = 1013
TOKEN_REFUSED = 4401


class State(Enum):
    """Where a connection is in its life."""

    ARRIVED = "new"
    ASKED = "asked for its token"
    OPEN = "open"
    CLOSED = "closed"


_LEGAL = {
    State.ARRIVED: {State.ASKED, State.OPEN, State.CLOSED},
    State.ASKED: {State.OPEN, State.CLOSED},
    State.OPEN: {State.CLOSED},
    State.CLOSED: set[State](),
}


class RejectedError(Exception):
    """This client is to be closed with a WebSocket code and a reason."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(code, reason)
        self.code = code
        self.reason = reason


class Session:
    """Serves one client. `judge` judges a token; `moved` is called after every change of state."""

    def __init__(
        self,
        socket: WebSocket,
        desk: Desk,
        feed: Feed,
        judge: Callable[[object], Awaitable[Verdict]],
        moved: Callable[[], None],
    ) -> None:
        self._socket = socket
        self._desk = desk
        self._feed = feed
        self._judge = judge
        self._moved = moved
        self._refused: dict[str, str] = {}
        self._error = ""
        self.state = State.ARRIVED

    def _move(self, state: State) -> None:
        if state not in _LEGAL[self.state]:
            raise RuntimeError(f"a panel connection that is {self.state.value} cannot become {state.value}")
        self.state = state
        self._moved()

    async def serve(self, *, full: Callable[[], bool], token_needed: bool) -> None:
        """Run from handshake to close; nothing a client does raises. Where it is `full`, turn it away kindly."""
        try:
            await self._socket.accept()
            if token_needed:
                await self._ask_token()
            if full():
                raise RejectedError(TRY_AGAIN_LATER, "too many panels are open")
            self._move(State.OPEN)
            await self._converse()
        except RejectedError as rejection:
            await self._close(rejection)
        except (WebSocketDisconnect, TimeoutError):
            pass  # it left, or stopped reading: either way it is closed
        finally:
            self._move(State.CLOSED)

    async def _ask_token(self) -> None:
        self._move(State.ASKED)
        await self._socket.send_text(encode({"ask_token": True}))
        async with asyncio.timeout(TOKEN_WITHIN):
            message = await self._next()
        verdict = await self._judge(_token_in(message))
        if verdict is Verdict.BUSY:
            raise RejectedError(TRY_AGAIN_LATER, "too many wrong tokens")
        if verdict is Verdict.WRONG:
            raise RejectedError(TOKEN_REFUSED, "wrong token")

    async def _converse(self) -> None:
        tasks = (asyncio.create_task(self._receive()), asyncio.create_task(self._send()))
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _next(self) -> str | bytes:
        """The next message. Raises WebSocketDisconnect when the client has left."""
        event = await self._socket.receive()
        if event["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(event.get("code", 1006))
        return event.get("text") or event.get("bytes") or ""

    async def _receive(self) -> NoReturn:
        bucket = TokenBucket(MESSAGES_PER_SECOND, MESSAGE_BURST, time.monotonic())
        while True:
            message = await self._next()
            if not bucket.take(time.monotonic()):
                raise RejectedError(POLICY_VIOLATION, "too many messages")
            self._handle(message)

    def _handle(self, text: str | bytes) -> None:
        try:
            changes = decode(text).get("set")
        except MalformedError as error:
            self._error = str(error)
            return
        if not isinstance(changes, dict):
            self._error = 'the message says nothing known; send {"set": {address: value}}'
            return
        self._refused.update(self._desk.ask(changes))
        for address in list(self._refused)[:-REFUSALS_KEPT]:
            del self._refused[address]

    async def _send(self) -> NoReturn:
        while True:
            for reply in self._take_replies():
                await self._deliver(reply)
            for message in self._feed.due(time.monotonic()):
                await self._deliver(message)
            await asyncio.sleep(TICK)

    def _take_replies(self) -> list[str]:
        replies = [encode({"refused": self._refused})] if self._refused else []
        if self._error:
            replies.append(encode({"error": self._error}))
        self._refused, self._error = {}, ""
        return replies

    async def _deliver(self, message: str | bytes) -> None:
        async with asyncio.timeout(SEND_WITHIN):
            await (self._socket.send_text(message) if isinstance(message, str) else self._socket.send_bytes(message))

    async def _close(self, rejection: RejectedError) -> None:
        try:
            async with asyncio.timeout(CLOSE_WITHIN):
                await self._socket.close(rejection.code, rejection.reason)
        except (WebSocketDisconnect, TimeoutError):
            pass  # gone before it could be told


def _token_in(message: str | bytes) -> object:
    try:
        return decode(message).get("token")
    except MalformedError:
        return None
