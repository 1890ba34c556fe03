"""Budgets, places, log lines and tokens, each on a clock of its own."""

import asyncio
import logging
import resource

import pytest

from engine.control import assets, descriptors
from engine.control.bucket import TokenBucket
from engine.control.connections import Connection, Connections, client_address, first_to_go
from engine.control.listing import Listing
from engine.control.log_limit import INTERVAL, KINDS, LogLimit, OneLine
from engine.control.rate_limit import CLIENTS, RATES, RateLimit, kind_of
from engine.control.security import Door
from engine.control.token_check import DELAYED_EACH, DELAYED_IN_ALL, REMEMBERED, TokenCheck, Verdict
from engine.control.wire import declaration, decode, encode
from engine.errors import ReverieError
from tests.control.fake_show import FakeShow, parameters

TOKEN = "a long and secret word"


class Clock:
    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


def test_a_bucket_says_how_long_to_wait() -> None:
    bucket = TokenBucket(rate=4.0, burst=1.0, now=0.0)
    assert bucket.take(0.0)
    assert not bucket.take(0.0)
    assert bucket.wait == 0.25
    assert bucket.take(bucket.wait)


def test_every_client_and_kind_has_a_budget_of_its_own() -> None:
    clock = Clock()
    rates = RateLimit(clock)
    rate, burst = RATES["read"]
    assert not any(rates.wait("10.0.0.5", "read") for _ in range(int(burst)))
    assert rates.wait("10.0.0.5", "read") == 1 / rate
    assert rates.wait("10.0.0.5", "health") == rates.wait("10.0.0.6", "read") == 0
    clock.seconds += 1
    assert not any(rates.wait("10.0.0.5", "read") for _ in range(int(rate)))
    assert rates.wait("10.0.0.5", "read")


def test_budgets_of_ever_new_clients_are_bounded() -> None:
    rates = RateLimit(Clock())
    for number in range(3 * CLIENTS):
        rates.wait(f"client {number}", "read")
        rates.wait("the regular", "health")
    assert len(rates._buckets) == CLIENTS
    assert ("the regular", "health") in rates._buckets


@pytest.mark.parametrize(
    ("scope", "method", "path", "kind"),
    [
        ("http", "GET", "/healthz", "health"),
        ("http", "GET", "/readyz", "health"),
        ("http", "GET", "/api/parameters", "read"),
        ("http", "HEAD", "/preview.jpg", "read"),
        ("http", "PUT", "/api/parameters/walk/speed", "change"),
        ("http", "GET", "/static/panel.js", "file"),
        ("http", "POST", "/nowhere", "file"),
        ("websocket", "GET", "/ws", "socket"),
    ],
)
def test_requests_are_of_a_kind(scope: str, method: str, path: str, kind: str) -> None:
    assert kind_of(scope, method, path) == kind


def test_a_panel_can_be_reloaded_several_times_at_once() -> None:
    assert 5 * (1 + len(assets.load())) <= RATES["file"][1]


@pytest.mark.parametrize(
    ("host", "client"),
    [
        ("192.168.1.7", "192.168.1.7"),
        ("::ffff:192.168.1.7", "192.168.1.7"),
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::"),
        ("2001:db8:1:2:bbbb::2", "2001:db8:1:2::"),
        ("fe80::1%eth0", "fe80::"),
        ("::1", "::1"),
        ("a path", "a path"),
    ],
)
def test_one_client_is_one_address_or_one_network(host: str, client: str) -> None:
    assert client_address(host) == client


class FakeTransport:
    def __init__(self) -> None:
        self.aborted = False

    def abort(self) -> None:
        self.aborted = True


def entered(connections: Connections, address: str) -> Connection:
    connection = connections.enter(address)
    assert connection is not None
    connection.transport = FakeTransport()  # type: ignore[assignment]
    return connection


def test_the_stillest_of_the_most_crowded_address_gives_way() -> None:
    connections = Connections(4)
    friend = entered(connections, "10.0.0.1")
    crowd = [entered(connections, "10.0.0.9") for _ in range(3)]
    connections.touch(crowd[0])
    entered(connections, "10.0.0.2")
    assert [c.transport.aborted for c in (friend, *crowd)] == [False, False, True, False]  # type: ignore[union-attr]
    assert len(connections) == 4


def test_an_open_panel_does_not_give_way_and_one_being_taken_over_cannot() -> None:
    connections = Connections(2)
    entered(connections, "10.0.0.1").kept = True
    assert connections.enter("10.0.0.2") is not None
    assert connections.enter("10.0.0.3") is None
    assert not connections.make_room()


def test_nobody_is_the_first_to_go_where_nobody_is() -> None:
    assert first_to_go([]) is None


def test_a_kind_of_line_is_said_once_a_minute_and_counted_in_between() -> None:
    clock, said = Clock(), list[str]()
    limit = LogLimit(clock, said.append)
    for number in range(500):
        limit.say("token 10.0.0.5", f"wrong token {number}")
    assert said == ["wrong token 0"]
    clock.seconds += INTERVAL - 1
    limit.flush()
    assert len(said) == 1
    clock.seconds += 1
    limit.flush()
    assert said[1:] == ["wrong token 499 (499 more in 60 s)"]
    clock.seconds += INTERVAL
    limit.flush()
    limit.say("token 10.0.0.5", "again")
    assert said[2:] == ["again"]


def test_a_line_is_one_line_whatever_it_quotes() -> None:
    said: list[str] = []
    LogLimit(Clock(), said.append).say("x", "it said \x1b[2J and\nsomething else")
    assert said == ["it said \N{REPLACEMENT CHARACTER}[2J and something else"]


def test_ever_new_kinds_are_one_line_too() -> None:
    clock, said = Clock(), list[str]()
    limit = LogLimit(clock, said.append)
    for number in range(20 * KINDS):
        limit.say(f"token from {number}", "wrong token" * 100)
    assert len(said) == KINDS + 1
    assert max(map(len, said)) <= 300
    limit.flush(everything=True)
    assert len(said) == KINDS + 2


def test_what_libraries_log_is_one_line_without_a_traceback() -> None:
    said: list[str] = []
    library, before = logging.getLogger("uvicorn.error"), list(logging.getLogger("uvicorn.error").filters)
    with OneLine(LogLimit(Clock(), said.append)):
        for _ in range(50):
            try:
                raise ValueError("a stranger's text")
            except ValueError:
                library.exception("Exception in ASGI application\n")
    assert len(said) == 1
    assert said[0].startswith("panel: Exception in ASGI application (ValueError: a stranger's text at test_limits.py:")
    assert library.filters == before


def test_what_asyncio_reports_is_one_line() -> None:
    said: list[str] = []
    limit = LogLimit(Clock(), said.append)
    for _ in range(50):
        limit.asyncio_handler(None, {"message": "out of it", "exception": OSError(24, "Too many open files")})  # type: ignore[arg-type]
    assert said == ["panel: out of it (OSError: [Errno 24] Too many open files)"]


class Bench:
    """A token check whose delays end when the test says so."""

    def __init__(self) -> None:
        self.clock, self.said, self.over = Clock(), list[str](), asyncio.Event()
        limit = LogLimit(self.clock, self.said.append)
        self.check = TokenCheck(Door("127.0.0.1", TOKEN), limit, self.clock, lambda _: self.over.wait())

    async def guesses(self, client: str, count: int) -> list[asyncio.Task[Verdict]]:
        tasks = [asyncio.create_task(self.check.judge(client, f"guess {n}")) for n in range(count)]
        await asyncio.sleep(0)
        return tasks


def test_wrong_tokens_wait_and_few_of_one_client_do() -> None:
    async def storm() -> None:
        bench = Bench()
        tasks = await bench.guesses("10.0.0.5", 100)
        assert sum(task.done() for task in tasks) == 100 - DELAYED_EACH
        assert await bench.check.judge("10.0.0.5", TOKEN) is Verdict.BUSY  # or 100 guesses a second would be judged
        assert await bench.check.judge("10.0.0.6", TOKEN) is Verdict.RIGHT
        bench.over.set()
        verdicts = await asyncio.gather(*tasks)
        assert verdicts.count(Verdict.WRONG) == DELAYED_EACH
        assert verdicts.count(Verdict.BUSY) == 100 - DELAYED_EACH
        assert await bench.check.judge("10.0.0.5", TOKEN) is Verdict.RIGHT
        assert bench.said == ["panel: wrong token from 10.0.0.5"]

    asyncio.run(storm())


def test_all_clients_together_delay_a_few_only() -> None:
    async def storm() -> None:
        bench = Bench()
        tasks = [task for n in range(100) for task in await bench.guesses(f"10.0.1.{n}", DELAYED_EACH)]
        assert sum(not task.done() for task in tasks) == DELAYED_IN_ALL
        assert await bench.check.judge("10.0.2.1", TOKEN) is Verdict.RIGHT  # nobody is locked out by others
        bench.over.set()
        await asyncio.gather(*tasks)
        assert not bench.check._delayed

    asyncio.run(storm())


def test_who_had_the_token_lately_is_heard_beside_a_storm_from_the_same_address() -> None:
    async def storm() -> None:
        bench = Bench()
        assert await bench.check.judge("10.0.0.5", TOKEN) is Verdict.RIGHT
        tasks = await bench.guesses("10.0.0.5", 100)
        assert sum(not task.done() for task in tasks) == DELAYED_EACH
        bench.clock.seconds += REMEMBERED - 1
        assert await bench.check.judge("10.0.0.5", TOKEN) is Verdict.RIGHT
        bench.clock.seconds += REMEMBERED + 1
        assert await bench.check.judge("10.0.0.5", TOKEN) is Verdict.BUSY
        bench.over.set()
        await asyncio.gather(*tasks)

    asyncio.run(storm())


@pytest.mark.parametrize("token", ["", "fifteen letters", "x" * 15, "ünïcode is no header", "two\nlines of a token"])
def test_a_token_that_will_not_do_is_refused(token: str) -> None:
    with pytest.raises(ReverieError, match=r"^the token (is|has) "):
        Door("127.0.0.1", token)


def test_the_listing_is_made_once_for_each_state() -> None:
    with FakeShow(parameters()) as show:
        pass  # ended: nothing changes any more
    listing = Listing(show.hub)
    first = listing.body()
    assert listing.body() is first
    snapshot = show.hub.snapshot
    rows = [
        declaration(p) | {"value": snapshot.values[p.address], "effective": snapshot.effective[p.address]}
        for p in show.hub.parameters
    ]
    assert decode(first) == decode(encode({"title": "First light", "revision": show.hub.revision, "parameters": rows}))
    show.tree.set("/walk/speed", 0.77)
    show.hub.snapshot = show.tree.snapshot()
    assert '"value":0.77' in listing.body()
    show.hub.parameters = show.hub.parameters[:1]
    assert len(decode(listing.body())["parameters"]) == 1  # type: ignore[arg-type]


def test_the_limit_of_open_files_is_raised_as_far_as_it_may(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = [(64, 64), (64, 4096), (64, resource.RLIM_INFINITY), (1024, 10**6), (2048, 2048)]
    for soft, hard in limits:
        asked: list[tuple[int, int]] = []
        monkeypatch.setattr(resource, "getrlimit", lambda _, s=soft, h=hard: (s, h))
        monkeypatch.setattr(resource, "setrlimit", lambda _, wanted, asked=asked: asked.append(wanted))
        best = min(descriptors.PLENTY if hard == resource.RLIM_INFINITY else hard, descriptors.PLENTY)
        assert descriptors.raise_limit() == best
        assert asked == ([] if best == soft else [(best, hard)])


@pytest.mark.parametrize(("soft", "fewest", "most"), [(64, 4, 40), (20, 4, 4), (4096, 256, 256)])
def test_connections_leave_the_show_its_files(
    monkeypatch: pytest.MonkeyPatch, soft: int, fewest: int, most: int
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (soft, soft))
    assert fewest <= descriptors.connections_allowed() <= most
