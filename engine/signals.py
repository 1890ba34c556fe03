"""The signal bus: what every sensor channel says now, how old that is, and how good."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Signal:
    """One channel at one moment. `age`: seconds since it was measured; `quality`: live, stale, fallback, simulated."""

    name: str
    value: float
    unit: str
    low: float
    high: float
    age: float
    quality: str


class SignalBus:
    """Newest signal per name, `sensor.channel`, Display thread only."""

    def __init__(self) -> None:
        self._newest: dict[str, Signal] = {}

    def publish(self, signal: Signal) -> None:
        """Replace what is known of one channel."""
        self._newest[signal.name] = signal

    def get(self, name: str) -> Signal | None:
        """The newest signal of that name, or None where nothing has been published."""
        return self._newest.get(name)

    def snapshot(self) -> Mapping[str, Signal]:
        """All newest signals, safe to hand to another thread."""
        return dict(self._newest)

    def __iter__(self) -> Iterator[Signal]:
        return iter(list(self._newest.values()))
