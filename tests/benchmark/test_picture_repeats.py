"""Pictures that come back, in series that are known."""

import numpy as np
import pytest

from engine.benchmark import repeats
from engine.benchmark.luma import Picture
from engine.benchmark.repeats import Repeats, most_similar


def pictures(count: int) -> Picture:
    return np.random.default_rng(7).uniform(0, 1, (count, 200)).astype(np.float32)


def by_hand(series: Picture, apart: int) -> tuple[float, int, int]:
    r = np.corrcoef(series)
    pairs = [(float(r[i, j]), i, j) for i in range(len(r)) for j in range(i + apart + 1, len(r))]
    return max(pairs)


@pytest.mark.parametrize("block", [1, 7, 512])
def test_it_finds_the_pair_that_correlates_most(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repeats, "BLOCK", block)
    series = pictures(60)
    for apart in (0, 20, 58):
        found, expected = most_similar(series, apart), by_hand(series, apart)
        assert found is not None
        assert found[1:] == expected[1:]
        assert found[0] == pytest.approx(expected[0], abs=1e-5)


def test_a_picture_that_comes_back_is_found_whatever_its_light() -> None:
    series = pictures(50)
    series[42] = 0.4 * series[5] + 0.1
    found = most_similar(series, 20)
    assert found is not None
    assert found[1:] == (5, 42)
    assert found[0] == pytest.approx(1)


def test_one_that_stays_for_less_than_the_time_is_none() -> None:
    series = pictures(50)
    series[10:20] = series[10]
    found = most_similar(series, 10)
    assert found is not None
    assert found[0] < 0.5
    assert most_similar(series, 49) is None
    assert most_similar(np.zeros((0, 5), np.float32), 10) is None


def test_moments_are_in_seconds_and_a_black_wall_is_no_repeat() -> None:
    measuring = Repeats(fps=4)
    frames = np.random.default_rng(8).uniform(0, 1, (300, 36, 64)).astype(np.float32)
    frames[280] = frames[20]
    frames[::2][[50, 149]] = 0.3
    for index, frame in enumerate(frames):
        measuring.see(index, frame, 3 + index / 4)
    assert measuring.figures() == {"largest_repeat": 1.0, "largest_repeat_at_s": [8.0, 73.0]}


def test_a_short_recording_has_no_figure() -> None:
    measuring = Repeats(fps=4)
    measuring.see(0, np.ones((36, 64), np.float32), 3.0)
    assert measuring.figures() == {"largest_repeat": None, "largest_repeat_at_s": None}
