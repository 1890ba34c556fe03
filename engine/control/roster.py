"""Everyone who has a panel open or is about to, and how many may."""

from functools import partial

from starlette.websockets import WebSocket

from engine.control.connections import Connection, Connections, first_to_go
from engine.control.desk import Desk
from engine.control.feed import Feed
from engine.control.guard import client_of
from engine.control.hub import Hub
from engine.control.session import Session, State
from engine.control.token_check import TokenCheck

PANELS = 32
WAITING = 16


class Roster:
    """Serves every WebSocket client and keeps `hub.watchers` true. Control thread only.

    Who has shown no token yet is in a waiting room, where the first to go makes room for the next: it takes no open
    panel's place, and a client that answers at once is never pushed out by those that do not.
    """

    def __init__(self, hub: Hub, desk: Desk, tokens: TokenCheck, places: int) -> None:
        """`places`: connections the server can hold; panels leave some of them to others."""
        self._hub = hub
        self._desk = desk
        self._tokens = tokens
        self._panels = max(1, min(PANELS, places * 3 // 4))
        self._waits = max(1, min(WAITING, places // 4))
        self._waiting: dict[Connection, None] = {}
        self._sessions: set[Session] = set()

    async def serve(self, socket: WebSocket) -> None:
        """One client, until it is closed."""
        connection, connections = socket.state.connection, socket.state.connections
        judge = partial(self._tokens.judge, client_of(socket.scope))
        session = Session(socket, self._desk, Feed(self._hub), judge, lambda: self._moved(session, connection))
        self._enter(connection, connections)
        self._sessions.add(session)
        try:
            await session.serve(full=self._full, token_needed=not socket.state.admitted)
        finally:
            self._sessions.discard(session)

    def _enter(self, connection: Connection, connections: Connections) -> None:
        if len(self._waiting) >= self._waits and (gone := first_to_go(self._waiting)):
            del self._waiting[gone]
            connections.drop(gone)
        self._waiting[connection] = None

    def _full(self) -> bool:
        return self._open() >= self._panels

    def _open(self) -> int:
        return sum(session.state is State.OPEN for session in self._sessions)

    def _moved(self, session: Session, connection: Connection) -> None:
        connection.kept = session.state is State.OPEN
        if session.state in (State.OPEN, State.CLOSED):
            self._waiting.pop(connection, None)
        self._hub.watchers = self._open()
