"""Commands from other threads to the display loop: bounded, the newest value of an address wins."""

from collections import OrderedDict
from threading import Lock

LIMIT = 4096


class CommandQueue:
    """What the artist asked for and the display loop has not yet taken. Any thread may submit."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._pending: OrderedDict[str, object] = OrderedDict()
        self._lock = Lock()

    def submit(self, address: str, value: object) -> None:
        """Ask for a value. A newer one replaces a pending one; past the limit the oldest address is dropped."""
        with self._lock:
            self._pending.pop(address, None)
            self._pending[address] = value
            if len(self._pending) > self._limit:
                self._pending.popitem(last=False)

    def take(self) -> list[tuple[str, object]]:
        """Everything pending, oldest first; the queue is empty afterwards."""
        with self._lock:
            taken = list(self._pending.items())
            self._pending.clear()
        return taken
