"""How often one client may ask. Each kind of request has a budget of its own, so that none starves another:
whoever floods the parameter list may still be asked how the show is.
"""

import time
from collections.abc import Callable

from engine.control.bucket import TokenBucket

# A second, and at once. One load of the panel is about twenty files and one socket.
RATES = {
    "connection": (60.0, 300.0),
    "file": (50.0, 300.0),
    "health": (50.0, 100.0),
    "read": (40.0, 100.0),
    "change": (60.0, 120.0),
    "socket": (10.0, 80.0),
}
CLIENTS = 1024  # budgets kept; the one unused for longest is forgotten


class RateLimit:
    """Budgets by client and kind. Control thread only."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._buckets: dict[tuple[str, str], TokenBucket] = {}

    def wait(self, client: str, kind: str) -> float:
        """0 where one more is admitted, else the seconds until it would be."""
        now = self._now()
        bucket = self._buckets.pop((client, kind), None) or TokenBucket(*RATES[kind], now)
        self._buckets[client, kind] = bucket  # at the end: the first is the one unused for longest
        if len(self._buckets) > CLIENTS:
            del self._buckets[next(iter(self._buckets))]
        return 0.0 if bucket.take(now) else bucket.wait


def kind_of(kind: str, method: str, path: str) -> str:
    """Which budget a request is counted against. `kind` is the ASGI scope's type."""
    if kind == "websocket":
        return "socket"
    if path in ("/healthz", "/readyz"):
        return "health"
    if path.startswith("/api/") or path == "/preview.jpg":
        return "read" if method in ("GET", "HEAD") else "change"
    return "file"
