"""What is worked out ahead is what would be worked out at once, and nobody waits for it."""

import logging
from collections.abc import Generator, Iterator
from threading import Event

import pytest

from engine.walk.ahead import AHEAD, Ahead
from tests.sensors.waiting import eventually


class Squares:
    """Makes the squares of legs, in three parts, and waits for leave before each where it is told to."""

    def __init__(self, held: bool = False) -> None:
        self.leave = Event()
        self.begun: list[int] = []
        self.finished: list[int] = []
        if not held:
            self.leave.set()

    def make(self, leg: int) -> Generator[None, None, int]:
        self.begun.append(leg)
        for _ in range(3):
            self.leave.wait()
            yield
        self.finished.append(leg)
        return leg * leg


@pytest.fixture
def squares() -> Squares:
    return Squares()


@pytest.fixture
def live(squares: Squares) -> Iterator[Ahead[int]]:
    ahead = Ahead(squares.make)
    ahead.start()
    yield ahead
    squares.leave.set()
    ahead.close()


def test_without_a_thread_a_value_is_made_once_when_it_is_asked_for(squares: Squares) -> None:
    ahead = Ahead(squares.make)
    assert [ahead.at(7), ahead.at(7), ahead.at(8)] == [49, 49, 64]
    assert squares.finished == [7, 8]


def test_a_thread_makes_this_leg_and_the_next_ones(live: Ahead[int], squares: Squares) -> None:
    squares.leave.clear()
    assert live.at(5) is None
    squares.leave.set()
    eventually("values", lambda: len(squares.finished) == AHEAD + 1 and live.at(5) is not None)
    assert squares.finished == [5, 6, 7]
    assert live.at(5) == 25
    assert live.at(6) == 36, "it was there before the leg began"
    eventually("the one after", lambda: squares.finished == [5, 6, 7, 8])


def test_only_the_legs_ahead_are_kept(live: Ahead[int], squares: Squares) -> None:
    live.at(0)
    for leg in range(1, 20):
        eventually("value", lambda leg=leg: live.at(leg) == leg * leg)
    eventually("the last", lambda: squares.finished[-1] == 19 + AHEAD)
    assert len(live._made) <= 2 * AHEAD + 1


def test_who_asks_never_waits_for_the_thread(live: Ahead[int], squares: Squares) -> None:
    squares.leave.clear()
    assert [live.at(leg) for leg in range(100)] == [None] * 100
    squares.leave.set()
    eventually("the leg it is on", lambda: live.at(99) == 99 * 99)


def test_closing_ends_the_thread_between_two_parts(live: Ahead[int], squares: Squares) -> None:
    squares.leave.clear()
    live.at(3)
    eventually("a beginning", lambda: squares.begun)
    live._stop.set()
    squares.leave.set()
    live.close()
    assert not live._thread.is_alive()
    assert squares.finished == []
    live.close()


def test_one_that_never_began_can_be_closed(squares: Squares) -> None:
    for live in (False, True):
        ahead = Ahead(squares.make)
        if live:
            ahead.start()
        ahead.close()
        assert not ahead._thread.is_alive()
    assert squares.begun == []


def test_a_failure_costs_the_values_and_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    def broken(leg: int) -> Generator[None, None, int]:
        yield
        raise RuntimeError("no memory")

    ahead = Ahead(broken)
    ahead.start()
    with caplog.at_level(logging.WARNING):
        ahead.at(0)
        eventually("an end", lambda: not ahead._thread.is_alive())
    assert [ahead.at(0), ahead.at(1)] == [None, None]
    assert [record.message for record in caplog.records] == [
        "the walk goes on without what is worked out ahead: RuntimeError: no memory"
    ]
    ahead.close()
