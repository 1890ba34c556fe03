"""How often and how soon a server is asked, on a clock of our own."""

import asyncio
from datetime import UTC, datetime

import pytest

from models.archive.net import Policy
from models.archive.net.failure import TransientError, pause, persist, retry_after
from models.archive.net.hosts import Pace
from models.archive.net.limiter import Limiter


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)


def asked(limiter: Limiter, clock: Clock, times: int) -> list[float]:
    """When `times` requests were allowed, in seconds from the start."""

    async def one(found: list[float]) -> None:
        async with limiter.turn():
            found.append(clock.now - 1000.0)

    async def all_of_them() -> list[float]:
        found: list[float] = []
        await asyncio.gather(*(one(found) for _ in range(times)))
        return found

    return asyncio.run(all_of_them())


def limiter(pace: Pace, clock: Clock) -> Limiter:
    return Limiter(pace, longest_wait=60.0, clock=lambda: clock.now, sleep=clock.sleep)


def test_requests_are_spaced() -> None:
    clock = Clock()
    assert asked(limiter(Pace(8, 4.0), clock), clock, 5) == pytest.approx([0.0, 0.25, 0.5, 0.75, 1.0])


def test_rest_is_kept_by_all() -> None:
    clock = Clock()
    resting = limiter(Pace(2, 2.0), clock)
    resting.rest(30.0)
    assert asked(resting, clock, 3) == pytest.approx([30.0, 30.5, 31.0])


def test_more_rest_than_we_wait_for_is_a_failure_without_another_attempt() -> None:
    clock = Clock()
    resting = limiter(Pace(2, 2.0), clock)
    resting.rest(3600.0)
    with pytest.raises(TransientError, match="3600 s of rest") as caught:
        asked(resting, clock, 1)
    assert not caught.value.again
    assert not clock.slept


def test_no_more_connections_than_allowed() -> None:
    clock, open_now, most = Clock(), 0, 0
    narrow = limiter(Pace(2, 1000.0), clock)

    async def one() -> None:
        nonlocal open_now, most
        async with narrow.turn():
            open_now += 1
            most = max(most, open_now)
            await asyncio.sleep(0.001)
            open_now -= 1

    async def many() -> None:
        await asyncio.gather(*(one() for _ in range(9)))

    asyncio.run(many())
    assert most == 2


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("120", 120.0),
        (" 7 ", 7.0),
        ("Mon, 01 Jun 2026 10:00:30 GMT", 30.0),
        ("Mon, 01 Jun 2026 10:00:30", 30.0),
        ("Mon, 01 Jun 2020 10:00:00 GMT", 0.0),
        ("soon", None),
        ("-5", None),
        ("", None),
    ],
)
def test_retry_after(value: str | None, seconds: float | None) -> None:
    assert retry_after(value, datetime(2026, 6, 1, 10, tzinfo=UTC)) == seconds


def test_pauses_double_with_jitter_up_to_a_minute() -> None:
    for failures, longest in [(1, 1.0), (2, 2.0), (4, 8.0), (7, 60.0), (500, 60.0)]:
        assert longest / 2 <= pause(failures, 1.0) <= longest


def test_persistence() -> None:
    clock, tries = Clock(), 0

    async def attempt() -> str:
        nonlocal tries
        tries += 1
        if tries < 3:
            raise TransientError("dropped", "")
        return "whole"

    assert asyncio.run(persist(attempt, 5, 1.0, clock.sleep)) == "whole"
    assert len(clock.slept) == 2


def test_persistence_ends() -> None:
    clock = Clock()

    async def attempt() -> str:
        raise TransientError("dropped", "")

    with pytest.raises(TransientError):
        asyncio.run(persist(attempt, 4, 1.0, clock.sleep))
    assert len(clock.slept) == 3


def test_what_museums_ask_for() -> None:
    policy = Policy("keeper@example.org", trusted=frozenset({"127.0.0.1:80"}))
    assert policy.pace("api.artic.edu", 443) == Pace(1, 1.0, "AIC-User-Agent")
    assert policy.pace("images.metmuseum.org", 443).rate == 4.0
    assert policy.pace("media.nga.gov", 443) == Pace(2, 2.0)
    assert policy.pace("127.0.0.1", 80).connections == 8
