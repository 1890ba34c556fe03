"""Commands between threads: bounded, newest wins."""

from engine.commands import CommandQueue


def test_the_newest_value_of_an_address_wins_and_goes_last() -> None:
    queue = CommandQueue()
    queue.submit("/a", 1)
    queue.submit("/b", 2)
    queue.submit("/a", 3)
    assert queue.take() == [("/b", 2), ("/a", 3)]
    assert queue.take() == []


def test_a_flood_of_addresses_stays_bounded() -> None:
    queue = CommandQueue(limit=10)
    for i in range(1000):
        queue.submit(f"/p{i}", i)
    assert queue.take() == [(f"/p{i}", i) for i in range(990, 1000)]
