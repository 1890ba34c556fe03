"""Clients that mean no good, over real sockets: what they get, and that everybody else is served meanwhile."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from engine.control import log_limit, protocol, rate_limit
from engine.control.roster import WAITING
from engine.control.server import ControlServer
from tests.control.fake_show import FakeShow, wait_until

TOKEN = "a long and secret word"
PATIENCE = 60.0
ROOT = Path(__file__).resolve().parents[2]


def address_of(url: str) -> tuple[str, int]:
    host, _, port = url.removeprefix("http://").rstrip("/").rpartition(":")
    return host, int(port)


@contextmanager
def sending(url: str, payload: bytes, count: int = 1) -> Iterator[list[socket.socket]]:
    """Sockets that have sent this and nothing more."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_connection(address_of(url), PATIENCE)) for _ in range(count)]
        for client in sockets:
            with suppress(ConnectionError):  # turned away already
                client.sendall(payload)
        yield sockets


def is_closed(client: socket.socket) -> bool:
    """Wait until the server has closed it."""
    try:
        while client.recv(4096):
            pass
    except ConnectionError:
        pass
    return True


def upgrade(url: str) -> bytes:
    return (
        f"GET /ws HTTP/1.1\r\nHost: {url.removeprefix('http://').rstrip('/')}\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    ).encode()


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The lines that strangers caused in the log. To be asked for before the server."""
    lines: list[str] = []
    monkeypatch.setattr(log_limit, "_warn", lines.append)
    return lines


@pytest.fixture
def locked(said: list[str], show: FakeShow) -> Iterator[ControlServer]:
    server = ControlServer(show.hub, port=0, token=TOKEN)
    server.start()
    yield server
    server.close()


def test_half_requests_hold_up_no_one(server: ControlServer, http: httpx.Client) -> None:
    with sending(server.url, b"GET /healthz HT", 300):
        assert http.get("/healthz").status_code == 200


@pytest.mark.parametrize(
    ("payload", "deadline"),
    [
        (b"", "idle"),
        (b"GET /healthz HT", "head"),
        (b"PUT /api/parameters/walk/speed HTTP/1.1\r\nHost: localhost\r\nContent-Length: 999\r\n\r\n{", "body"),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "idle"),
    ],
)
def test_a_client_that_falls_silent_is_let_go(
    monkeypatch: pytest.MonkeyPatch, said: list[str], server: ControlServer, payload: bytes, deadline: str
) -> None:
    monkeypatch.setattr(protocol, "WITHIN", dict.fromkeys(protocol.WITHIN, 10 * PATIENCE) | {deadline: 0.2})
    with sending(server.url, payload) as (client,):
        assert is_closed(client)
    wait_until(lambda: len(said) == (deadline != "idle"))
    assert "Traceback" not in "".join(said)


def test_a_head_that_trickles_is_late_all_the_same(monkeypatch: pytest.MonkeyPatch, server: ControlServer) -> None:
    monkeypatch.setattr(protocol, "WITHIN", protocol.WITHIN | {"head": 0.5})
    with sending(server.url, b"GET /healthz HTTP/1.1\r\nX: ") as (client,):
        client.settimeout(0.02)
        deadline = time.monotonic() + PATIENCE
        with suppress(ConnectionError):
            while time.monotonic() < deadline:
                client.sendall(b"x")
                with suppress(TimeoutError):
                    assert client.recv(4096) == b""
                    break
        assert time.monotonic() < deadline


def test_who_does_not_take_an_answer_is_let_go(monkeypatch: pytest.MonkeyPatch, server: ControlServer) -> None:
    monkeypatch.setattr(protocol, "WITHIN", dict.fromkeys(protocol.WITHIN, 10 * PATIENCE) | {"answer": 0.5})
    host, port = address_of(server.url)
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect((host, port))
        client.settimeout(PATIENCE)
        request = b"GET /static/vendor/tweakpane.min.js HTTP/1.1\r\nHost: localhost\r\n\r\n"
        with suppress(ConnectionError):
            client.sendall(20 * request)  # twenty answers are more than every buffer on the way
        assert httpx.get(server.url, timeout=PATIENCE).status_code == 200  # so the one before it has been accepted
        assert server._loop is not None
        held = server._loop._connections
        wait_until(lambda: len(held) == 0)


def test_a_client_that_leaves_in_the_middle_is_no_error(
    said: list[str], server: ControlServer, http: httpx.Client
) -> None:
    half = b"PUT /api/parameters/walk/speed HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99\r\n\r\n{"
    with sending(server.url, half, 20):
        pass
    assert http.get("/healthz").status_code == 200
    server.close()
    assert said == []


def test_a_fault_of_ours_is_one_line_however_often(
    said: list[str], show: FakeShow, server: ControlServer, capfd: pytest.CaptureFixture[str]
) -> None:
    show.hub.signals = {"hall.level": None}  # type: ignore[dict-item]
    assert {httpx.get(server.url + "api/signals", timeout=PATIENCE).status_code for _ in range(20)} == {500}
    show.hub.signals = {}
    assert len(said) == 1
    assert "AttributeError" in said[0]
    assert "wire.py:" in said[0]
    assert "Traceback" not in "".join(capfd.readouterr())
    server.close()
    assert "(19 more in " in said[1]


def test_too_many_reads_are_told_when_to_come_back(
    monkeypatch: pytest.MonkeyPatch, server: ControlServer, http: httpx.Client
) -> None:
    monkeypatch.setitem(rate_limit.RATES, "read", (0.001, 5.0))
    assert [http.get("/api/parameters").status_code for _ in range(7)] == [200] * 5 + [429] * 2
    refusal = http.get("/api/signals")
    assert int(refusal.headers["retry-after"]) > 100
    assert refusal.headers["connection"] == "close"
    assert "too many requests from this address" in refusal.json()["error"]
    assert "default-src 'none'" in refusal.headers["content-security-policy"]
    for path in ("/healthz", "/", "/static/panel.js"):
        assert http.get(path).status_code == 200
    assert http.put("/api/parameters/walk/speed", json={"value": 1}).status_code == 200


def test_a_flood_of_connections_is_slowed_down_and_served(
    monkeypatch: pytest.MonkeyPatch, server: ControlServer
) -> None:
    monkeypatch.setitem(rate_limit.RATES, "connection", (20.0, 2.0))
    for _ in range(8):
        assert httpx.get(server.url + "healthz", timeout=PATIENCE).status_code == 200


def test_a_flood_of_sockets_is_refused_by_status(monkeypatch: pytest.MonkeyPatch, server: ControlServer) -> None:
    monkeypatch.setitem(rate_limit.RATES, "socket", (0.001, 1.0))
    url = server.url.replace("http", "ws") + "ws"
    with connect(url, proxy=None), pytest.raises(InvalidStatus, match="429"):
        connect(url, proxy=None)


def test_wrong_tokens_are_logged_once_and_counted(locked: ControlServer, said: list[str]) -> None:
    with httpx.Client(base_url=locked.url, timeout=PATIENCE) as client:
        for number in range(3):
            answer = client.get("/healthz", headers={"Authorization": f"Bearer wrong {number}"})
            assert answer.status_code == 401
            assert "that token is wrong" in answer.json()["error"]
        assert client.get("/healthz").status_code == 401
    assert said == ["panel: wrong token from 127.0.0.1"]
    locked.close()
    assert said[1].startswith("panel: wrong token from 127.0.0.1 (2 more in ")


def test_a_wrong_token_in_a_sockets_header_is_a_guess_too(locked: ControlServer, said: list[str]) -> None:
    url, wrong = locked.url.replace("http", "ws") + "ws", {"Authorization": "Bearer a wrong one of some length"}
    with pytest.raises(InvalidStatus, match="401"):
        connect(url, proxy=None, additional_headers=wrong, open_timeout=PATIENCE)
    assert said == ["panel: wrong token from 127.0.0.1"]


def test_who_shows_no_token_takes_no_panels_place(locked: ControlServer, show: FakeShow) -> None:
    url = locked.url.replace("http", "ws") + "ws"
    with sending(locked.url, upgrade(locked.url), 3 * WAITING) as waiting:
        assert all(is_closed(client) for client in waiting[:WAITING])  # the first to come is the first to go
        for count in (1, 2, 3):
            with connect(url, proxy=None, open_timeout=PATIENCE) as panel:
                assert json.loads(panel.recv(timeout=PATIENCE)) == {"ask_token": True}
                panel.send(json.dumps({"token": TOKEN}))
                assert "tree" in json.loads(panel.recv(timeout=PATIENCE)), count
                assert show.hub.watchers == 1
            wait_until(lambda: show.hub.watchers == 0)


def test_an_open_panel_stays_while_sockets_come_and_go(locked: ControlServer, show: FakeShow) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with connect(locked.url.replace("http", "ws") + "ws", proxy=None, additional_headers=headers) as panel:
        assert "tree" in json.loads(panel.recv(timeout=PATIENCE))
        with sending(locked.url, b"GET / HT", 280):
            assert httpx.get(locked.url + "healthz", headers=headers, timeout=PATIENCE).status_code == 200
            show.tree.set("/walk/speed", 0.66)
            while json.loads(panel.recv(timeout=PATIENCE)).get("values", {}).get("/walk/speed") != 0.66:
                pass


def test_a_client_that_never_answers_for_its_token_is_let_go(
    monkeypatch: pytest.MonkeyPatch, locked: ControlServer
) -> None:
    monkeypatch.setattr("engine.control.session.TOKEN_WITHIN", 0.2)
    with connect(locked.url.replace("http", "ws") + "ws", proxy=None) as client:
        assert json.loads(client.recv(timeout=PATIENCE)) == {"ask_token": True}
        with pytest.raises(ConnectionClosed):
            client.recv(timeout=PATIENCE)


def test_a_request_without_end_is_not_read_for_ever(server: ControlServer, http: httpx.Client) -> None:
    sent, piece = 0, b"%x\r\n%s\r\n" % (60_000, b"x" * 60_000)
    head = b"POST /nowhere HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    with sending(server.url, head) as (client,), suppress(ConnectionError):
        while sent < 64 * 2**20:
            client.sendall(piece)
            sent += len(piece)
    assert sent < 32 * 2**20  # what was read, and every buffer on the way
    assert http.get("/healthz").status_code == 200


@pytest.mark.parametrize("frame", [b"\x89\x80abcd", b"\x8a\x80abcd", b"\x00\x80abcd"])
def test_pings_and_pieces_without_end_close_the_socket(server: ControlServer, http: httpx.Client, frame: bytes) -> None:
    begun = b"\x01\x80abcd" if frame[0] == 0 else b""  # pings, pongs, and pieces of a message that has begun
    with sending(server.url, upgrade(server.url)) as (client,):
        assert client.recv(12) == b"HTTP/1.1 101"
        with suppress(ConnectionError):
            client.sendall(begun + 5000 * frame)
        assert is_closed(client)
    assert http.get("/healthz").status_code == 200


FEW_FILES = """
import resource, sys
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
from engine.control.server import ControlServer
from engine.logs import configure
from tests.control.fake_show import FakeShow, parameters
configure()
with FakeShow(parameters()) as show:
    server = ControlServer(show.hub, port=0)
    server.start()
    print(server.url, flush=True)
    hoard = []
    for line in sys.stdin:
        if line == "open what a show may need\\n":
            hoard = [open("/dev/null") for _ in range(8)]
        elif line == "open everything\\n":
            try:
                while True:
                    hoard.append(open("/dev/null"))
            except OSError:
                pass
        else:
            while hoard:
                hoard.pop().close()
        print("done", flush=True)
    server.close()
"""


@contextmanager
def few_files(folder: Path) -> Iterator[tuple[str, Callable[[str], None], Path]]:
    """A server in a process that may open 64 files: its address, a way to give it orders, and its log."""
    log = folder / "log"
    with log.open("wb") as sink:
        child = subprocess.Popen(
            [sys.executable, "-c", FEW_FILES], cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=sink, text=True,
        )  # fmt: skip
    assert child.stdin is not None
    assert child.stdout is not None
    orders, answers = child.stdin, child.stdout

    def order(line: str) -> None:
        orders.write(line + "\n")
        orders.flush()
        assert answers.readline() == "done\n", log.read_text()

    try:
        yield answers.readline().strip(), order, log
        orders.close()
        assert child.wait(PATIENCE) == 0
    finally:
        child.kill()
        child.wait()
        orders.close()
        answers.close()


def test_idle_sockets_do_not_use_up_a_process_of_64_files(tmp_path: Path) -> None:
    with few_files(tmp_path) as (url, order, log), sending(url, b"", 94):
        for _ in range(3):
            assert httpx.get(url + "healthz", timeout=PATIENCE).status_code == 200
        order("open what a show may need")
        with connect(url.replace("http", "ws") + "ws", proxy=None, open_timeout=PATIENCE) as panel:
            assert "tree" in json.loads(panel.recv(timeout=PATIENCE))
    assert log.read_text() == ""


def test_without_descriptors_the_server_pauses_and_comes_back(tmp_path: Path) -> None:
    with few_files(tmp_path) as (url, order, log):
        assert httpx.get(url + "healthz", timeout=PATIENCE).status_code == 200
        order("open everything")
        with sending(url, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", 20) as clients:
            wait_until(lambda: "panel: a client cannot be taken (Too many open files)" in log.read_text())
            order("close everything")
            assert httpx.get(url + "healthz", timeout=PATIENCE).status_code == 200
            assert clients[0].recv(12) == b"HTTP/1.1 200"
    said = log.read_text()
    assert "Traceback" not in said
    assert len(said) < 2000
