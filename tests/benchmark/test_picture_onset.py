"""Drums that are seen, and such that are not."""

import numpy as np
import pytest

from engine.benchmark.onset import Onset, Series, best_lag, detrended

FPS = 30
FRAMES = 1800
NUMBERS = np.random.default_rng(6)
GRAIN = NUMBERS.normal(0, 0.05, (36, 64)).astype(np.float32)


def beats(seed: int) -> Series:
    """A pulse that dies away, at uneven times: about two a second."""
    struck = np.random.default_rng(seed).random(FRAMES) < 2 / FPS
    level = np.zeros(FRAMES)
    for index in range(1, FRAMES):
        level[index] = max(float(struck[index]), 0.75 * level[index - 1])
    return level


def figures(onset: Series, speed: Series, signal: str | None = "hall.onset") -> dict[str, str | float | None]:
    """Of a picture that gets brighter and darker in turns, by `speed` from frame to frame."""
    measuring = Onset(FPS, signal)
    level = 0.5 + np.cumsum(speed * np.where(np.arange(FRAMES) % 2, 1, -1))
    for value, heard in zip(level, onset, strict=True):
        measuring.see(GRAIN + np.float32(value), float(heard))
    return measuring.figures()


@pytest.mark.parametrize(("late", "milliseconds"), [(0, 0), (1, 33), (3, 100)])
def test_an_onset_that_drives_motion_is_seen_with_its_lag(late: int, milliseconds: int) -> None:
    onset = beats(1)
    found = figures(onset, 0.01 + 0.05 * np.roll(onset, late))
    assert found["onset_motion_r"] == pytest.approx(1, abs=0.01)
    assert found["onset_lag_ms"] == milliseconds
    assert found["onset_signal"] == "hall.onset"


def test_motion_that_comes_later_than_a_tenth_of_a_second_is_no_answer() -> None:
    onset = beats(1)
    found = figures(onset, 0.01 + 0.05 * np.roll(onset, 12))["onset_motion_r"]
    assert isinstance(found, float)
    assert found < 0.2


def test_an_onset_that_has_nothing_to_do_with_motion_is_not_seen() -> None:
    found = figures(beats(1), 0.01 + 0.05 * beats(2))["onset_motion_r"]
    assert isinstance(found, float)
    assert abs(found) < 0.15


def test_two_slow_tides_are_no_answer() -> None:
    tide = 0.5 + 0.5 * np.sin(np.arange(FRAMES) / FPS / 60 * 2 * np.pi)
    onset, speed = tide + beats(1), 0.01 + 0.05 * (tide + beats(2))
    assert np.corrcoef(onset, speed)[0, 1] > 0.5
    found = figures(onset, speed)["onset_motion_r"]
    assert isinstance(found, float)
    assert abs(found) < 0.15


def test_without_sound_or_motion_there_is_no_figure() -> None:
    still = np.zeros(FRAMES)
    assert figures(beats(1), still)["onset_motion_r"] is None
    assert figures(still, 0.05 * beats(1))["onset_motion_r"] is None
    deaf = figures(still, 0.05 * beats(1), signal=None)
    assert deaf == {"onset_signal": None, "onset_motion_r": None, "onset_lag_ms": None}
    assert Onset(FPS, "hall.onset").figures()["onset_motion_r"] is None


def test_the_trend_is_the_moving_mean() -> None:
    np.testing.assert_allclose(detrended(np.full(50, 3.0), 8), 0, atol=1e-12)
    middle = detrended(np.arange(50.0), 9)[4:-4]
    np.testing.assert_allclose(middle, 0, atol=1e-12)
    assert detrended(np.array([1.0, 2.0]), 60).tolist() == [-0.5, 0.5]
    assert best_lag(np.array([1.0]), np.array([1.0]), 3) is None
