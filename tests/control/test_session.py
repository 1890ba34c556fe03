"""The WebSocket: what clients are shown, what they may set, and what becomes of those that misbehave."""

import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from engine.control.desk import Desk
from engine.control.feed import Feed
from engine.control.server import ControlServer
from engine.control.session import Session, State
from engine.params import Parameter
from tests.control.fake_show import FakeShow, signals, wait_until
from tests.running import PATIENCE


@contextmanager
def panel(server: ControlServer, **options: Any) -> Iterator[ClientConnection]:
    url = server.url.replace("http", "ws") + "ws"
    with connect(url, proxy=None, compression=None, open_timeout=PATIENCE, close_timeout=0.2, **options) as client:
        yield client


def message(client: ClientConnection, key: str) -> Any:
    """What the next message with this key says."""
    deadline = time.monotonic() + PATIENCE
    while (left := deadline - time.monotonic()) > 0:
        received = client.recv(timeout=left)
        if isinstance(received, str) and key in (content := json.loads(received)):
            return content[key]
    raise AssertionError(f"no {key} message came")


def value(client: ClientConnection, address: str) -> Any:
    """The next value shown for an address."""
    while address not in (values := message(client, "values")):
        pass
    return values[address]


def ask(client: ClientConnection, **changes: object) -> None:
    client.send(json.dumps({"set": {"/" + path.replace("__", "/"): wanted for path, wanted in changes.items()}}))


def closed(client: ClientConnection) -> tuple[int, str]:
    """Code and reason of the end the server made."""
    with suppress(ConnectionClosed):
        while True:
            client.recv(timeout=PATIENCE)
    assert client.close_code is not None
    return client.close_code, client.close_reason or ""


def test_a_new_panel_is_told_everything(show: FakeShow, server: ControlServer) -> None:
    show.hub.health = {"status": "ok", "fps": 30.0}
    show.hub.signals = signals(1.0)
    with panel(server) as client:
        tree = message(client, "tree")
        assert tree["title"] == "First light"
        speed = next(row for row in tree["parameters"] if row["address"] == "/walk/speed")
        assert (speed["type"], speed["minimum"], speed["maximum"], speed["unit"]) == ("float", 0.0, 2.0, "1/s")
        assert message(client, "values")["/walk/speed"] == 0.12
        assert message(client, "health") == {"status": "ok", "problems": {}, "fps": 30.0, "frame_age_s": 0.0}
        temperature = message(client, "signals")["air.temperature"]
        assert (temperature["unit"], temperature["age"], temperature["quality"]) == ("°C", 14.0, "stale")


def test_what_one_panel_sets_the_show_takes_and_the_other_sees(show: FakeShow, server: ControlServer) -> None:
    with panel(server) as one, panel(server) as other:
        assert value(other, "/walk/speed") == 0.12
        ask(one, walk__speed=0.5, dream__noise="random", picture__centre=[0.25, 2.0])
        assert value(other, "/walk/speed") == 0.5
        wait_until(lambda: show.tree.value("/dream/noise") == "random")
        assert show.tree.value("/picture/centre") == (0.25, 1.0)


def test_only_what_changed_is_sent_again_and_modulation_is_seen(show: FakeShow, server: ControlServer) -> None:
    with panel(server) as client:
        assert len(message(client, "values")) == len(show.hub.parameters)
        show.modulation = {"/passes/grade/warmth": 0.25}
        content = {}
        while not content:
            content = message(client, "effective")
        assert content == {"/passes/grade/warmth": 0.35}
        assert show.tree.value("/passes/grade/warmth") == 0.1


def test_a_trigger_reaches_the_show(show: FakeShow, server: ControlServer) -> None:
    with panel(server) as client:
        ask(client, walk__restart=True)
        wait_until(lambda: show.tree.value("/walk/restart") is True)


def test_a_changed_tree_is_declared_anew(show: FakeShow, server: ControlServer) -> None:
    with panel(server) as client:
        message(client, "tree")
        show.hub.parameters = (Parameter("/passes/bloom/intensity", "float", 0.5, 0.0, 1.0),)
        show.hub.revision += 1
        assert [row["address"] for row in message(client, "tree")["parameters"]] == ["/passes/bloom/intensity"]


def test_a_wrong_value_is_refused_alone(show: FakeShow, server: ControlServer) -> None:
    with panel(server) as client:
        client.send('{"set": {"/walk/speed": NaN, "/dream/crossfade": "long", "/nowhere": 1, "/walk/seed": 77}}')
        refused = message(client, "refused")
        assert set(refused) == {"/walk/speed", "/dream/crossfade", "/nowhere"}
        assert refused["/walk/speed"] == "/walk/speed: nan is not a number from 0 to 2"
        wait_until(lambda: show.tree.value("/walk/seed") == 77)
    assert show.tree.value("/walk/speed") == 0.12


@pytest.mark.parametrize(
    "raw",
    ["1e999", "-Infinity", "9" * 5000, '"' + "x" * 5000 + '"', "[" * 500 + "]" * 500, "{}", "null", "[1, [2]]", "true"],
)
def test_no_value_however_odd_gets_in(calm_show: FakeShow, calm_server: ControlServer, raw: str) -> None:
    with panel(calm_server) as client:
        client.send('{"set": {"/walk/speed": ' + raw + "}}")
        reason = message(client, "refused")["/walk/speed"]
        assert len(reason) < 300
    assert calm_show.tree.value("/walk/speed") == 0.12


@pytest.mark.parametrize("text", ["", "{", "[1]", '"set"', "[" * 60_000, '{"set": 3}', '{"get": {}}', b"\xff\xfe"])
def test_a_malformed_message_is_answered_and_not_fatal(calm_server: ControlServer, text: str) -> None:
    with panel(calm_server) as client:
        client.send(text)
        assert '{"set": {' in message(client, "error")
        ask(client, nowhere=1)
        assert message(client, "refused")


def test_an_oversize_message_ends_the_client_and_no_one_else(show: FakeShow, server: ControlServer) -> None:
    with panel(server) as good, panel(server) as bad:
        bad.send("x" * 70_000)
        assert closed(bad)[0] == 1009
        ask(good, walk__speed=0.4)
        wait_until(lambda: show.tree.value("/walk/speed") == 0.4)


def test_a_flood_is_closed_as_a_violation(server: ControlServer) -> None:
    with panel(server) as client:
        with suppress(ConnectionClosed):
            for _ in range(20_000):
                ask(client, walk__speed=0.3)
        assert closed(client) == (1008, "too many messages")


def test_open_panels_are_counted(show: FakeShow, server: ControlServer) -> None:
    with panel(server) as first, panel(server):
        wait_until(lambda: show.hub.watchers == 2)
        message(first, "tree")
    wait_until(lambda: show.hub.watchers == 0)


def test_one_panel_too_many_is_turned_away_kindly(show: FakeShow, server: ControlServer) -> None:
    opened = []
    try:
        for _ in range(32):
            client = panel(server)
            opened.append((client, client.__enter__()))
        wait_until(lambda: show.hub.watchers == 32)
        with panel(server) as late:
            assert closed(late) == (1013, "too many panels are open")
        assert show.hub.watchers == 32
    finally:
        for client, _ in opened:
            client.__exit__(None, None, None)


def test_pictures_come_newest_first_and_a_slow_reader_skips(show: FakeShow, server: ControlServer) -> None:
    with panel(server, max_queue=1) as client:
        message(client, "tree")
        for _ in range(40):
            show.show(b"\xff\xd8" + bytes([show.hub.preview.sequence % 256]) * 60_000)
        pictures = []
        while not pictures or pictures[-1] != show.hub.preview.jpeg:
            received = client.recv(timeout=PATIENCE)
            if isinstance(received, bytes):
                pictures.append(received)
        assert len(pictures) < 40


def test_a_client_that_never_reads_holds_up_no_one(show: FakeShow, server: ControlServer) -> None:
    host, port = server.url.removeprefix("http://").rstrip("/").split(":")
    with socket.socket() as deaf, panel(server) as good:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.connect((host, int(port)))
        deaf.sendall(
            f"GET /ws HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        wait_until(lambda: show.hub.watchers == 2)
        for index in range(20):
            show.show(bytes([index]) * 200_000)
            time.sleep(0.02)
        ask(good, walk__speed=0.9)
        assert value(good, "/walk/speed") == 0.12
        assert value(good, "/walk/speed") == 0.9
        server.close()
    assert show.hub.watchers == 0


def test_an_illegal_change_of_state_is_named(show: FakeShow) -> None:
    session = Session(None, Desk(show.hub), Feed(show.hub), None, lambda: None)  # type: ignore[arg-type]
    session._move(State.CLOSED)
    with pytest.raises(RuntimeError, match="is closed cannot become open"):
        session._move(State.OPEN)
