"""What one client has been shown, and what it is to see next.

There is no queue: the newest state stands on the hub, and each client asks for what is new whenever its previous
message has gone out. A slow client therefore skips states instead of collecting them, and costs one message of memory.
"""

from collections.abc import Iterator, Mapping

from engine.control.bucket import Pace
from engine.control.health import judge
from engine.control.hub import Hub
from engine.control.wire import declaration, encode, reading, short
from engine.params import Snapshot, Value

VALUES_INTERVAL = 1 / 20
SIGNALS_INTERVAL = 1 / 15
PREVIEW_INTERVAL = 1 / 12
HEALTH_INTERVAL = 1.0


class Feed:
    """Messages for one client, newest state only. Control thread only."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._revision: int | None = None
        self._snapshot: Snapshot | None = None
        self._values: dict[str, Value] = {}
        self._effective: dict[str, Value] = {}
        self._sequence = 0
        self._values_pace = Pace(VALUES_INTERVAL)
        self._signals_pace = Pace(SIGNALS_INTERVAL)
        self._preview_pace = Pace(PREVIEW_INTERVAL)
        self._health_pace = Pace(HEALTH_INTERVAL)

    def due(self, now: float) -> Iterator[str | bytes]:
        """Messages to send at monotonic time `now`, each made only when the one before has been taken."""
        yield from self._tree()
        if self._values_pace.due(now):
            yield from self._changes()
        if self._health_pace.due(now):
            yield encode({"health": judge(self._hub, now).body})
        if self._hub.signals and self._signals_pace.due(now):
            yield encode({"signals": {name: reading(signal) for name, signal in self._hub.signals.items()}})
        if self._hub.preview.sequence != self._sequence and self._preview_pace.due(now):
            yield from self._preview()

    def _tree(self) -> Iterator[str]:
        if self._revision == self._hub.revision:
            return
        self._revision = self._hub.revision
        self._snapshot = None
        self._values, self._effective = {}, {}
        parameters = [declaration(parameter) for parameter in self._hub.parameters]
        yield encode({"tree": {"title": self._hub.title, "revision": self._revision, "parameters": parameters}})

    def _changes(self) -> Iterator[str]:
        snapshot = self._hub.snapshot
        if snapshot is self._snapshot:
            return
        self._snapshot = snapshot
        values = _newer(self._values, snapshot.values)
        effective = _newer(self._effective, {a: short(value) for a, value in snapshot.effective.items()})
        if values or effective:
            yield encode({"values": values, "effective": effective})

    def _preview(self) -> Iterator[bytes]:
        preview = self._hub.preview
        self._sequence = preview.sequence
        if preview.jpeg:
            yield preview.jpeg


def _newer(shown: dict[str, Value], current: Mapping[str, Value]) -> dict[str, Value]:
    """What in `current` differs from `shown`, which is brought up to date."""
    changed = {address: value for address, value in current.items() if shown.get(address) != value}
    shown.update(changed)
    return changed
