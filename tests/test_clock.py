"""The clocks."""

import pytest

from engine.clock import WakingClock


class Source:
    def __init__(self) -> None:
        self.time = 500.0

    def __call__(self) -> float:
        return self.time


def test_a_waking_clock_counts_a_gap_as_a_second_at_most() -> None:
    source = Source()
    clock = WakingClock(source)
    seen = []
    for gap in (0.0, 0.25, 1.0, 30.0, 0.5, 3600.0, 0.0):
        source.time += gap
        seen.append(clock.now())
    assert seen == pytest.approx([0.0, 0.25, 1.25, 2.25, 2.75, 3.75, 3.75])


def test_a_waking_clock_begins_when_it_is_made() -> None:
    source = Source()
    clock = WakingClock(source)
    source.time += 0.5
    assert clock.now() == 0.5
