"""Everyone who has a panel open, and how many may."""

from starlette.websockets import WebSocket

from engine.control.desk import Desk
from engine.control.feed import Feed
from engine.control.hub import Hub
from engine.control.security import Door
from engine.control.session import Session, State

CLIENTS = 32


class Roster:
    """Serves every WebSocket client and keeps `hub.watchers` true. Control thread only."""

    def __init__(self, hub: Hub, desk: Desk, door: Door, limit: int = CLIENTS) -> None:
        self._hub = hub
        self._desk = desk
        self._door = door
        self._limit = limit
        self._sessions: set[Session] = set()

    async def serve(self, socket: WebSocket) -> None:
        """One client, until it is closed."""
        session = Session(socket, self._desk, Feed(self._hub), self._door.admits, self._count)
        full = len(self._sessions) >= self._limit
        self._sessions.add(session)
        try:
            await session.serve(full=full, token_needed=not self._door.admits_headers(socket.headers))
        finally:
            self._sessions.discard(session)

    def _count(self) -> None:
        self._hub.watchers = sum(session.state is State.OPEN for session in self._sessions)
