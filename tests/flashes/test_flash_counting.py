"""Counts over sliding seconds, and series that do not grow."""

import numpy as np
import pytest

from engine.flashes.counting import SLOT, Counter
from engine.flashes.series import MOST, Reading, Series
from engine.flashes.worst import APART, WorstSecond

YES, NO = np.array([True]), np.array([False])


def test_a_second_holds_what_came_later_than_a_second_ago() -> None:
    counter, counts = Counter((1,)), []
    for index in range(60):
        counter.add(YES if index % 5 == 0 else NO, index / 30)  # six in a second
        counts.append(int(counter.counts[0]))
    assert counts[:26:5] == [1, 2, 3, 4, 5, 6]
    assert max(counts) == 6
    assert counter.peaks[0] == 6


@pytest.mark.parametrize("seed", range(3))
def test_counts_are_those_of_the_times_alone(seed: int) -> None:
    chance = np.random.default_rng(seed)
    times = np.cumsum(chance.uniform(0.005, 0.2, 200))
    found = chance.random((200, 4)) < 0.5
    counter = Counter((4,))
    for index, time in enumerate(times):
        counter.add(found[index], float(time))
        expected = found[(times > time - 1) & (times <= time)].sum(axis=0)
        assert counter.counts.tolist() == expected.tolist()


def test_frames_that_are_next_to_no_time_apart_are_counted_and_kept_together() -> None:
    counter, worst = Counter((1,)), WorstSecond()
    for index in range(20_000):
        counter.add(YES if index % 100 == 0 else NO, index * 1e-4)
        worst.see(np.zeros((1, 1, 3), np.uint8), index * 1e-4, index)
    assert 100 <= counter.counts[0] <= 101
    assert len(counter._past) <= 1 + 1 / SLOT
    assert 100 <= len(worst.moments) <= 1 + 1 / APART


def test_a_pause_ends_what_lasts() -> None:
    counter = Counter((1,))
    for index in range(12):
        counter.add(YES, index / 4)
    assert counter.lasting(11 / 4) == [20]  # since the fourth, at 0.75 s
    counter.add(NO, 3.6)
    assert counter.lasting(3.6) == [0]


def test_a_series_keeps_its_peaks_and_its_size() -> None:
    series = Series()
    for index in range(50_000):
        series.add(Reading(index / 10, 7.0 if index == 31_234 else 1.0, 0.0, index / 1e5))
    assert len(series.readings) <= MOST
    (peak,) = (reading for reading in series.readings if reading.general == 7.0)
    assert peak.time == pytest.approx(3123.4, abs=5)
    assert series.readings[-1].extended == pytest.approx(0.5, abs=1e-4)
    times = [reading.time for reading in series.readings]
    assert times == sorted(times)
