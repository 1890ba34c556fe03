"""Correlations and rates of change of series that are known."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from engine.benchmark.change import Change, change, correlation, steady_share
from engine.benchmark.luma import Picture

FPS = 10
SHAPE = (9, 16)
PATTERN = np.random.default_rng(4).uniform(0.2, 0.6, SHAPE).astype(np.float32)


def measured(picture: Callable[[int], Picture], frames: int, phase: Callable[[int], str] = lambda i: "") -> Any:
    measuring = Change(FPS)
    for index in range(frames):
        measuring.see(index, picture(index), phase(index))
    return measuring.figures()


def test_a_still_series_correlates_and_does_not_change() -> None:
    found = measured(lambda i: PATTERN, 150)
    assert [found[f"correlation_{lag}s"] for lag in (1, 3, 10)] == [1, 1, 1]
    assert found["phases"]["walk"]["change_per_s"] == 0


def test_unrelated_pictures_do_not_correlate() -> None:
    pictures = np.random.default_rng(5).uniform(0, 1, (150, 90, 160)).astype(np.float32)
    found = measured(lambda i: pictures[i], 150)
    assert abs(found["correlation_1s"]) < 0.02
    assert found["phases"]["walk"]["change_per_s"] == pytest.approx(1 / 3, abs=0.01)


def test_brightness_and_contrast_leave_the_correlation() -> None:
    assert correlation(PATTERN, 0.3 * PATTERN + 0.5) == pytest.approx(1)
    assert correlation(PATTERN, 1 - PATTERN) == pytest.approx(-1)
    assert np.isnan(correlation(PATTERN, np.full(SHAPE, 0.5, np.float32)))


def test_the_rate_is_that_of_a_fade() -> None:
    found = measured(lambda i: PATTERN + np.float32(0.03 * i / FPS), 100)
    assert found["phases"]["walk"] == {
        "seconds": 9.0,
        "change_per_s": 0.03,
        "change_spread": 0.0,
        "within_25_percent": 1.0,
    }
    assert change(PATTERN, PATTERN + np.float32(0.25)) == pytest.approx(0.25)


def test_each_phase_has_its_own_rate_without_its_ramps() -> None:
    speeds = {"hold": 0.01, "passage": 0.05}

    def phase(index: int) -> str:
        return "hold" if index // 100 % 2 == 0 else "passage"

    def speed(index: int) -> float:
        """Slower in the two seconds at each end of a phase, except where the recording begins and ends."""
        ramp = min(index % 100, 99 - index % 100) < 20 and 20 < index < 380
        return speeds[phase(index)] / (2 if ramp else 1)

    level = np.cumsum([speed(i) / FPS for i in range(400)])
    found = measured(lambda i: PATTERN + np.float32(level[i]), 400, phase)
    assert set(found["phases"]) == set(speeds)
    for name, speed in speeds.items():
        part = found["phases"][name]
        assert part["change_per_s"] == pytest.approx(speed, abs=1e-4)
        assert part["change_spread"] == pytest.approx(0, abs=5e-4), "a walk in its ramps is half as fast"
        assert part["seconds"] == pytest.approx(12, abs=0.9)


def test_steady_is_what_stays_within_a_quarter_of_the_mean() -> None:
    assert steady_share([1.0, 1.2, 0.8, 1.0]) == 1
    assert steady_share([1.0, 1.0, 0.5, 1.5]) == 0.5
    assert np.isnan(steady_share([]))


def test_a_series_shorter_than_a_lag_has_no_figure_for_it() -> None:
    found = measured(lambda i: PATTERN, 35)
    assert found["correlation_3s"] == 1
    assert found["correlation_10s"] is None
    assert measured(lambda i: PATTERN, 5)["phases"] == {}
