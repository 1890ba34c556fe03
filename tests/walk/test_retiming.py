"""Tables between place and distance, and the profile of speed."""

import numpy as np
import pytest

from engine.walk.base import Floats
from engine.walk.retiming import EVEN_IN_Z, SLOWEST, Retiming, measured, remaining

STEPS = 128


def table(points: np.ndarray) -> Retiming:
    """Of points [STEPS + 1, …]."""
    parts = measured(lambda places: points[np.round(places * STEPS).astype(int)].astype(np.float32), lambda x: x, STEPS)
    while True:
        try:
            next(parts)
        except StopIteration as done:
            return done.value


def test_share_and_place_are_each_others_reverse() -> None:
    retiming = Retiming(np.random.default_rng(3).uniform(0.2, 3, 40))
    for share in np.linspace(0, 1, 57):
        assert retiming.share(retiming.place(share)) == pytest.approx(share, abs=1e-12)
    assert (retiming.place(0), retiming.place(1), retiming.share(0), retiming.share(1)) == (0, 1, 0, 1)


def test_even_distances_change_nothing() -> None:
    for share in np.linspace(0, 1, 11):
        assert EVEN_IN_Z.place(share) == pytest.approx(share)
        assert Retiming(np.full(17, 0.3)).place(share) == pytest.approx(share)


def test_a_line_with_a_fast_stretch_is_run_at_an_even_speed() -> None:
    places = np.linspace(0, 1, STEPS + 1)
    line = np.tanh(6 * (places - 0.4))[:, None, None] * np.ones((1, 3, 4))
    retiming = table(line)
    at = np.interp([retiming.place(share) for share in np.linspace(0, 1, 41)], places, line[:, 0, 0])
    steps = np.diff(at)[3:-3]  # at both ends it hardly changes at all, and there is a slowest speed
    assert steps.max() / steps.min() < 1.1
    uneven = np.diff(np.interp(np.linspace(0, 1, 41), places, line[:, 0, 0]))[3:-3]
    assert uneven.max() / uneven.min() > 10


def test_what_does_not_change_is_passed_in_z() -> None:
    retiming = table(np.ones((STEPS + 1, 5)))
    assert retiming.place(0.3) == pytest.approx(0.3)


def test_a_stretch_without_change_is_no_jump() -> None:
    distances = np.ones(64)
    distances[20:40] = 0
    retiming = Retiming(distances)
    places = [retiming.place(share) for share in np.linspace(0, 1, 2001)]
    assert np.diff(places).max() < 1.1 / 2000 / SLOWEST


def test_every_point_is_measured_once() -> None:
    seen: list[float] = []

    def points(places: np.ndarray) -> Floats:
        seen.extend(places)
        return places[:, None].astype(np.float32)

    list(measured(points, lambda x: x, STEPS))
    np.testing.assert_allclose(seen, np.linspace(0, 1, STEPS + 1))


@pytest.mark.parametrize("ramp", [0.02, 0.25, 0.5])
def test_speed_rises_stays_and_falls(ramp: float) -> None:
    clock = np.linspace(0, 1, 4001)
    speed = -np.diff([remaining(at, ramp) for at in clock]) * 4000
    middle = (clock[1:] + clock[:-1]) / 2
    np.testing.assert_allclose(speed, np.interp(np.minimum(middle, 1 - middle), [0, ramp], [0, 1]), atol=0.11)
    np.testing.assert_allclose(speed, speed[::-1], atol=1e-6)
    np.testing.assert_allclose(speed[(middle > ramp) & (middle < 1 - ramp)], 1, atol=1e-6)
    assert np.abs(np.diff(speed)).max() < 2 / ramp / 4000, "no step in speed"
    assert (remaining(0, ramp), remaining(1, ramp)) == (pytest.approx(1 - ramp), 0)
