"""Coming up, finding a port, and going away without a trace."""

import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import NoReturn

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from engine.control import listen
from engine.control import server as server_module
from engine.control.hub import Hub
from engine.control.loop import Loop
from engine.control.server import ControlServer
from engine.errors import ReverieError
from tests.control.fake_show import FakeShow, wait_until
from tests.running import PATIENCE


@contextmanager
def taken(port: int = 0) -> Iterator[int]:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", port))
        holder.listen()
        yield holder.getsockname()[1]


@pytest.fixture
def free_range(monkeypatch: pytest.MonkeyPatch) -> int:
    """A default port whose neighbours are free, so that a show running on this machine does no harm."""
    with ExitStack() as stack:
        while True:
            base = stack.enter_context(taken())
            try:
                for port in range(base + 1, base + 4):
                    stack.enter_context(taken(port))
            except OSError:
                continue
            break
    monkeypatch.setattr(listen, "DEFAULT_PORT", base)
    monkeypatch.setattr(listen, "TRIES", 3)
    return base


def drain(client: ClientConnection) -> NoReturn:
    """Read until the server ends it."""
    while True:
        client.recv(timeout=PATIENCE)


def test_the_default_port_is_used_and_nothing_said(free_range: int) -> None:
    server = ControlServer(Hub(), port=None)
    server.start()
    assert (server.url, server.notice) == (f"http://127.0.0.1:{free_range}/", "")
    server.close()


def test_a_taken_default_port_gives_way_to_the_next(free_range: int) -> None:
    with taken(free_range), taken(free_range + 1):
        server = ControlServer(Hub(), port=None)
        server.start()
        assert server.url == f"http://127.0.0.1:{free_range + 2}/"
        assert server.notice == f"port {free_range} is taken; the panel is on {free_range + 2}"
        server.close()


def test_no_free_port_is_one_sentence(free_range: int) -> None:
    refusal = f"ports {free_range} to {free_range + 2} on 127.0.0.1 are taken; name"
    with taken(free_range), taken(free_range + 1), taken(free_range + 2), pytest.raises(ReverieError, match=refusal):
        ControlServer(Hub(), port=None).start()


def test_a_port_asked_for_is_not_exchanged() -> None:
    with (
        taken() as port,
        pytest.raises(ReverieError, match=f"port {port} on 127.0.0.1 is taken by another program; name"),
    ):
        ControlServer(Hub(), port=port).start()


@pytest.mark.parametrize(("host", "port"), [("127.0.0.1", 70_000), ("203.0.113.9", 0), ("no such host", 0)])
def test_an_impossible_place_is_one_sentence(host: str, port: int) -> None:
    with pytest.raises(ReverieError, match=r"^panel: [^\n]+; name [^\n]+$"):
        ControlServer(Hub(), host=host, port=port, token="long enough for one").start()


def test_small_answers_do_not_wait_for_a_receipt() -> None:
    listener, _ = listen.listen("127.0.0.1", 0)
    with listener, socket.create_connection(listener.getsockname()):
        client, _ = listener.accept()
        with client:
            assert client.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_closing_ends_open_clients_and_leaves_no_thread(show: FakeShow) -> None:
    before = set(threading.enumerate())
    server = ControlServer(show.hub, port=0)
    server.start()
    with connect(server.url.replace("http", "ws") + "ws", proxy=None) as client, httpx.Client() as http:
        assert http.get(server.url).status_code == 200
        client.recv(timeout=PATIENCE)
        server.close()
        assert not [thread for thread in set(threading.enumerate()) - before if "control" in thread.name]
        with pytest.raises(ConnectionClosed):
            drain(client)
    assert show.hub.watchers == 0
    server.close()


def test_it_can_be_started_again_on_the_same_port(show: FakeShow) -> None:
    first = ControlServer(show.hub, port=0)
    first.start()
    port = int(first.url.rstrip("/").rpartition(":")[2])
    first.close()
    second = ControlServer(show.hub, port=port)
    second.start()
    wait_until(lambda: httpx.get(second.url).status_code == 200)
    second.close()


class Log:
    """What the server's thread says of itself."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def warning(self, line: str, **_: object) -> None:
        self.lines.append(line)

    info = warning


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Log:
    log = Log()
    monkeypatch.setattr(server_module, "log", log)
    monkeypatch.setattr(server_module, "FIRST_PAUSE", 0.01)
    return log


def test_a_slow_start_is_no_error_and_clients_wait_for_it(monkeypatch: pytest.MonkeyPatch, log: Log) -> None:
    go_on, startup = threading.Event(), Loop.startup

    async def slow(self: Loop, sockets: list[socket.socket] | None = None) -> None:
        go_on.wait(60)
        await startup(self, sockets)

    monkeypatch.setattr(Loop, "startup", slow)
    server = ControlServer(Hub(), port=0)
    assert server.problem == ""
    server.start()
    assert (server.problem, server.wait_ready(0.0)) == ("starting", False)
    with socket.create_connection(("127.0.0.1", int(server.url.rstrip("/").rpartition(":")[2])), 20) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        go_on.set()
        assert client.recv(12) == b"HTTP/1.1 200"
    assert server.wait_ready(20)
    assert server.problem == ""
    server.close()
    assert log.lines == []


def test_a_server_closed_while_it_starts_ends(monkeypatch: pytest.MonkeyPatch, log: Log) -> None:
    for _ in range(3):
        server = ControlServer(Hub(), port=0)
        server.start()
        server.close()
    assert log.lines == []


@pytest.mark.parametrize(
    "error", [RuntimeError("a fault in a library"), OSError(24, "Too many open files"), SystemExit(3)]
)
def test_a_server_that_cannot_start_tries_until_it_can(
    monkeypatch: pytest.MonkeyPatch, log: Log, error: BaseException
) -> None:
    failures, startup, go_on = [error] * 3, Loop.startup, threading.Event()

    async def failing(self: Loop, sockets: list[socket.socket] | None = None) -> None:
        if failures:
            raise failures.pop()
        go_on.wait(60)
        await startup(self, sockets)

    monkeypatch.setattr(Loop, "startup", failing)
    server = ControlServer(Hub(), port=0)
    server.start()
    wait_until(lambda: not failures)
    assert server.problem == f"the web server ended ({type(error).__name__}: {error}); trying again"
    go_on.set()
    assert httpx.get(server.url, timeout=60).status_code == 200
    assert server.problem == ""
    server.close()
    assert log.lines == ["the panel is not served; trying again until it is", "the panel is served again"]


def test_a_server_that_dies_in_service_is_begun_anew(monkeypatch: pytest.MonkeyPatch, log: Log, show: FakeShow) -> None:
    dies, on_tick = threading.Event(), Loop.on_tick

    async def dying(self: Loop, counter: int) -> bool:
        if dies.is_set():
            dies.clear()
            raise RuntimeError("a fault in a library")
        return await on_tick(self, counter)

    monkeypatch.setattr(Loop, "on_tick", dying)
    server = ControlServer(show.hub, port=0)
    server.start()
    with connect(server.url.replace("http", "ws") + "ws", proxy=None) as client:
        wait_until(lambda: show.hub.watchers == 1)
        dies.set()
        with pytest.raises(ConnectionClosed):
            drain(client)
    wait_until(lambda: len(log.lines) == 2)
    assert show.hub.watchers == 0
    assert httpx.get(server.url, timeout=60).status_code == 200
    server.close()


def test_signal_handlers_stay_the_programs_own(show: FakeShow) -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    server = ControlServer(show.hub, port=0)
    server.start()
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before
    server.close()
