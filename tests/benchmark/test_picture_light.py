"""Swings of light that are known."""

import numpy as np
import pytest

from engine.benchmark.light import Light, largest_swing, largest_swing_outside

FPS = 10


def measured(levels: list[float], phases: list[str] | None = None) -> dict[str, float | None]:
    light = Light(FPS)
    for level, phase in zip(levels, phases or [""] * len(levels), strict=True):
        light.see(np.full((9, 16), level, np.float32), phase)
    return light.figures()


def test_a_step_swings_by_its_height() -> None:
    found = measured([0.3] * 100 + [0.6] * 100)
    assert found["light_swing_5s"] == found["light_swing_5s_outside_passages"] == 0.3
    assert found["mean_light"] == 0.45
    assert found["mean_light_spread"] == 0.15


def test_a_slow_fade_swings_by_what_five_seconds_have_of_it() -> None:
    assert measured(list(np.linspace(0, 1, 201)))["light_swing_5s"] == pytest.approx(0.25, abs=1e-3)


def test_a_flash_counts_in_full_whichever_way_it_goes() -> None:
    levels = [0.5] * 100
    levels[40], levels[60] = 0.9, 0.2
    assert measured(levels)["light_swing_5s"] == pytest.approx(0.7, abs=1e-3)


def test_passages_are_left_out_and_so_is_the_step_across_one() -> None:
    levels = [0.3] * 60 + list(np.linspace(0.3, 0.8, 20)) + [0.8] * 30 + [0.7] * 30
    phases = ["hold"] * 60 + ["passage"] * 20 + ["hold"] * 60
    found = measured(levels, phases)
    assert found["light_swing_5s"] == 0.5
    assert found["light_swing_5s_outside_passages"] == 0.1


def test_nothing_outside_passages_is_no_figure() -> None:
    assert measured([0.1, 0.9], ["passage"] * 2)["light_swing_5s_outside_passages"] is None


def test_a_series_shorter_than_the_window_is_one_window() -> None:
    assert largest_swing(np.array([0.2, 0.5, 0.1]), 50) == pytest.approx(0.4)
    assert np.isnan(largest_swing_outside(np.array([]), [], 50, "passage"))
