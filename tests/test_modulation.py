"""Range map, curve, lag and the matrix."""

import math

import pytest

from engine.modulation import CURVES, Lag, Matrix, Route, range_map
from engine.signals import Signal, SignalBus


def signal(name: str, value: float) -> Signal:
    return Signal(name, value, "", 0.0, 1.0, 0.0, "live")


def test_range_map_clamps_and_may_run_backwards_or_logarithmically() -> None:
    assert range_map(22, 16, 28) == 0.5
    assert range_map(99, 16, 28) == 1.0
    assert range_map(16, 28, 16) == 1.0
    assert range_map(100, 1, 10000, log=True) == pytest.approx(0.5)
    assert range_map(0, 1, 10000, log=True) == 0.0


@pytest.mark.parametrize("curve", CURVES)
def test_curves_keep_the_ends_and_never_fall(curve: str) -> None:
    points = [CURVES[curve](i / 50) for i in range(51)]
    assert points[0] == 0.0
    assert points[-1] == pytest.approx(1.0)
    assert points == sorted(points)


def test_lag_reaches_63_percent_after_its_time_constant_at_any_frame_rate() -> None:
    for fps in (10, 60, 240):
        lag = Lag(attack=0.5, release=2.0)
        lag.step(0.0, 0.0)
        for _ in range(fps // 2):
            value = lag.step(1.0, 1 / fps)
        assert value == pytest.approx(1 - math.exp(-1))
        for _ in range(2 * fps):
            value = lag.step(0.0, 1 / fps)
        assert value == pytest.approx((1 - math.exp(-1)) * math.exp(-1))


def test_routes_to_one_target_add_up_and_depth_may_turn_one_round() -> None:
    bus = SignalBus()
    bus.publish(signal("hall.bass", 1.0))
    bus.publish(signal("hall.mid", 0.5))
    matrix = Matrix(
        [
            Route("hall.bass", "/walk/speed", output=(0.1, 0.6)),
            Route("hall.mid", "/walk/speed", depth=-1.0),
            Route("hall.absent", "/walk/style_mix"),
        ]
    )
    assert matrix.step(bus, 0.02) == {"/walk/speed": pytest.approx(0.1)}


def test_the_channels_own_range_stands_in_for_a_missing_in() -> None:
    assert Route("a.b", "/c", output=(0.0, 4.0)).shape(25.0, (20.0, 30.0)) == 2.0
