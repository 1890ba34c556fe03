"""The routes, and who is turned away from them."""

import json

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from engine.control.server import ControlServer
from engine.errors import ReverieError
from tests.control.fake_show import FakeShow, signals, wait_until
from tests.running import PATIENCE

TOKEN = "a long and secret word"


def test_the_panel_and_its_files_are_served(calm_http: httpx.Client) -> None:
    page = calm_http.get("/")
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    for path, kind in [
        ("panel.js", "text/javascript"),
        ("panel.css", "text/css"),
        ("mark.svg", "image/svg+xml"),
        ("vendor/tweakpane.min.js", "text/javascript"),
        ("vendor/tweakpane.LICENSE.txt", "text/plain"),
        ("vendor/inter-latin.woff2", "font/woff2"),
    ]:
        answer = calm_http.get(f"/static/{path}")
        assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (200, kind)


def test_a_file_the_browser_has_is_not_sent_again(calm_http: httpx.Client) -> None:
    tag = calm_http.get("/static/panel.js").headers["etag"]
    assert calm_http.get("/static/panel.js", headers={"If-None-Match": tag}).status_code == 304


@pytest.mark.parametrize(
    "path", ["../server.py", "%2e%2e/server.py", "..%2f..%2f..%2fetc/passwd", "vendor/", "", "none.js"]
)
def test_no_other_file_is_served(calm_http: httpx.Client, path: str) -> None:
    assert calm_http.get(f"/static/{path}").status_code == 404


def test_parameters_and_signals_are_listed(show: FakeShow, http: httpx.Client) -> None:
    show.modulation = {"/walk/speed": 0.2}
    wait_until(lambda: show.hub.snapshot.effective["/walk/speed"] != 0.12)
    listing = http.get("/api/parameters").json()
    speed = next(row for row in listing["parameters"] if row["address"] == "/walk/speed")
    assert (speed["value"], round(speed["effective"], 6)) == (0.12, 0.32)
    show.hub.signals = signals(2.0)
    assert http.get("/api/signals").json()["air.light"]["unit"] == "lux"


def test_a_parameter_can_be_put(show: FakeShow, http: httpx.Client) -> None:
    answer = http.put("/api/parameters/walk/speed", json={"value": 9})
    assert (answer.status_code, answer.json()) == (200, {"value": 2.0})
    wait_until(lambda: show.tree.value("/walk/speed") == 2.0)


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("walk/speed", '{"value": NaN}', 400),
        ("walk/speed", '{"value": "fast"}', 400),
        ("walk/speed", "{}", 400),
        ("walk/speed", "speed up", 400),
        ("walk/speed", '{"value": "' + "x" * 70_000 + '"}', 400),
        ("walk/nowhere", '{"value": 1}', 404),
    ],
)
def test_a_bad_put_is_told_why(calm_show: FakeShow, calm_http: httpx.Client, path: str, body: str, status: int) -> None:
    answer = calm_http.put(f"/api/parameters/{path}", content=body)
    assert answer.status_code == status
    assert 10 < len(answer.json()["error"]) < 300
    assert calm_show.tree.value("/walk/speed") == 0.12


def test_the_preview_is_the_newest_picture(show: FakeShow, http: httpx.Client) -> None:
    assert http.get("/preview.jpg").status_code == 404
    show.show(b"\xff\xd8 one")
    show.show(b"\xff\xd8 two")
    answer = http.get("/preview.jpg")
    assert (answer.content, answer.headers["content-type"]) == (b"\xff\xd8 two", "image/jpeg")


def test_every_answer_carries_the_security_headers(calm_http: httpx.Client) -> None:
    for path in ("/", "/healthz", "/static/none.js", "/nowhere"):
        headers = calm_http.get(path).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert "set-cookie" not in headers


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "192.168.1.7", "", "[", "localhost@evil.example"]
)
def test_a_foreign_host_is_refused(calm_http: httpx.Client, host: str) -> None:
    answer = calm_http.get("/healthz", headers={"Host": host})
    assert answer.status_code == 421
    assert "error" in answer.json()


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "[::1]"])
def test_loopback_names_are_known(calm_http: httpx.Client, name: str) -> None:
    assert calm_http.get("/healthz", headers={"Host": f"{name}:{calm_http.base_url.port}"}).status_code == 200


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost:1", "http://["])
def test_a_foreign_origin_is_refused(calm_server: ControlServer, calm_http: httpx.Client, origin: str) -> None:
    assert calm_http.put("/api/parameters/walk/speed", json={"value": 1}, headers={"Origin": origin}).status_code == 403
    with pytest.raises(InvalidStatus, match="403"):
        connect(calm_server.url.replace("http", "ws") + "ws", proxy=None, additional_headers={"Origin": origin})


def test_the_own_origin_passes(calm_server: ControlServer, calm_http: httpx.Client) -> None:
    assert calm_http.get("/healthz", headers={"Origin": calm_server.url.rstrip("/")}).status_code == 200


def test_beyond_loopback_a_token_is_needed(show: FakeShow) -> None:
    with pytest.raises(ReverieError, match=r"0\.0\.0\.0 is reachable from the network, which needs a token"):
        ControlServer(show.hub, host="0.0.0.0", port=0)


def test_an_empty_token_is_no_token(show: FakeShow) -> None:
    with pytest.raises(ReverieError, match="the token is empty"):
        ControlServer(show.hub, port=0, token="")


def test_with_a_token_only_the_panels_files_are_open(show: FakeShow) -> None:
    server = ControlServer(show.hub, port=0, token=TOKEN)
    server.start()
    try:
        with httpx.Client(base_url=server.url) as client:
            assert client.get("/").status_code == 200
            assert client.get("/static/panel.js").status_code == 200
            for path in ("/healthz", "/api/parameters", "/api/signals", "/preview.jpg", f"/healthz?token={TOKEN}"):
                assert client.get(path).status_code == 401
            assert client.get("/healthz", headers={"Authorization": "Bearer wrong"}).status_code == 401
            assert client.get("/healthz", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200
    finally:
        server.close()


def test_the_token_opens_the_socket_by_message_or_header(show: FakeShow) -> None:
    server = ControlServer(show.hub, port=0, token=TOKEN)
    server.start()
    url = server.url.replace("http", "ws") + "ws"
    try:
        with connect(url, proxy=None) as client:
            assert json.loads(client.recv(timeout=PATIENCE)) == {"ask_token": True}
            assert show.hub.watchers == 0
            client.send(json.dumps({"token": TOKEN}))
            assert "tree" in json.loads(client.recv(timeout=PATIENCE))
            assert show.hub.watchers == 1
        with connect(url, proxy=None, additional_headers={"Authorization": f"Bearer {TOKEN}"}) as client:
            assert "tree" in json.loads(client.recv(timeout=PATIENCE))
    finally:
        server.close()


@pytest.mark.parametrize(
    "wrong", ['{"token": "wrong"}', '{"token": "\\ud800"}', '{"set": {"/walk/speed": 1}}', "rubbish", "1"]
)
def test_anything_but_the_token_is_shown_out(show: FakeShow, wrong: str) -> None:
    server = ControlServer(show.hub, port=0, token=TOKEN)
    server.start()
    try:
        with connect(server.url.replace("http", "ws") + "ws", proxy=None) as client:
            client.send(wrong)
            assert json.loads(client.recv(timeout=PATIENCE)) == {"ask_token": True}
            with pytest.raises(ConnectionClosed, match="wrong token"):
                client.recv(timeout=PATIENCE)
            assert client.close_code == 4401
    finally:
        server.close()
    assert (show.hub.watchers, show.tree.value("/walk/speed")) == (0, 0.12)
