"""The bus keeps the newest."""

from engine.signals import Signal, SignalBus


def test_newest_wins() -> None:
    bus = SignalBus()
    for i in range(20):
        bus.publish(Signal("air.light", float(i), "lx", 0, 1000, 0.0, "live"))
    newest = bus.get("air.light")
    assert newest is not None
    assert newest.value == 19
    assert bus.get("air.nothing") is None
    assert [signal.name for signal in bus] == ["air.light"]
