"""The bus keeps the newest and a bounded past."""

from engine.signals import HISTORY, Signal, SignalBus


def test_newest_wins_and_history_is_bounded() -> None:
    bus = SignalBus()
    for i in range(HISTORY * 2):
        bus.publish(Signal("air.light", float(i), "lx", 0, 1000, 0.0, "live"))
    newest = bus.get("air.light")
    assert newest is not None
    assert newest.value == HISTORY * 2 - 1
    assert len(bus.history("air.light")) == HISTORY
    assert bus.get("air.nothing") is None
    assert [signal.name for signal in bus] == ["air.light"]
