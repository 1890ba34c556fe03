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
from engine.control.hub import Hub
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
        ControlServer(Hub(), host=host, port=port, token="secret").start()


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


def test_signal_handlers_stay_the_programs_own(show: FakeShow) -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    server = ControlServer(show.hub, port=0)
    server.start()
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before
    server.close()
