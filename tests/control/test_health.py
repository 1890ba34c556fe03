"""Health is judged by the clock when somebody asks, not by what the display loop last said of itself."""

import json
import time

import httpx
import pytest
from websockets.sync.client import connect

from engine.control.health import STALE_AFTER, judge
from engine.control.hub import Hub
from engine.control.server import ControlServer
from tests.control.fake_show import FakeShow

FINE = {"status": "ok", "problems": {}, "fps": 28.0, "presented_frames": 400}


def hub(presented_at: float | None = 100.0, no_display: str = "", **report: object) -> Hub:
    return Hub(health=FINE | report, presented_at=presented_at, no_display=no_display)


def test_a_show_that_presents_is_what_it_says() -> None:
    health = judge(hub(), 100.5)
    assert health.body == {**FINE, "frame_age_s": 0.5}
    assert (health.live_status, health.ready_status) == (200, 200)


def test_a_degraded_show_lives_and_is_not_ready() -> None:
    health = judge(hub(status="degraded", problems={"dream": "no generated frame for 12 s"}), 100.1)
    assert health.body["status"] == "degraded"
    assert (health.live_status, health.ready_status) == (200, 503)


@pytest.mark.parametrize("status", ["ok", "degraded"])
def test_a_display_loop_that_hangs_is_found_out(status: str) -> None:
    health = judge(hub(status=status, problems={"air": "lost"}), 112.0)
    assert health.body["status"] == "stalled"
    assert health.body["problems"] == {"air": "lost", "display": "no frame for 12 s"}
    assert (health.body["fps"], health.body["frame_age_s"]) == (0.0, 12.0)
    assert (health.live_status, health.ready_status) == (503, 503)


def test_the_edge_is_two_seconds() -> None:
    assert judge(hub(), 100.0 + STALE_AFTER).live_status == 200
    assert judge(hub(), 100.01 + STALE_AFTER).live_status == 503


def test_before_the_first_frame_it_is_starting() -> None:
    for health in (judge(hub(presented_at=None), 5.0), judge(Hub(), 5.0)):
        assert (health.body["status"], health.body["fps"], health.body["frame_age_s"]) == ("starting", 0.0, None)
        assert (health.live_status, health.ready_status) == (503, 503)


def test_frames_nobody_can_see_are_no_show() -> None:
    health = judge(hub(no_display="the window's display is gone"), 100.1)
    assert health.body["status"] == "degraded"
    assert health.body["problems"] == {"display": "the window's display is gone"}
    assert (health.live_status, health.ready_status) == (503, 503)
    stalled = judge(hub(no_display="the window's display is gone"), 109.0)
    assert stalled.body["problems"] == {"display": "the window's display is gone; no frame for 9 s"}


def test_the_routes_and_the_panel_tell_the_same(show: FakeShow, server: ControlServer, http: httpx.Client) -> None:
    show.hub.health = FINE
    show.hub.presented_at = time.monotonic() - 60
    with connect(server.url.replace("http", "ws") + "ws", proxy=None) as client:
        told: dict[str, object] = {}
        while "health" not in told:
            told = json.loads(client.recv(timeout=20))
    told_to_panel = told["health"]
    for path in ("/healthz", "/readyz"):
        answer = http.get(path)
        assert answer.status_code == 503
        for body in (answer.json(), told_to_panel):
            assert (body["status"], body["fps"]) == ("stalled", 0.0)
            assert body["problems"]["display"].startswith("no frame for 6")


def test_a_show_in_order_is_live_and_ready(show: FakeShow, http: httpx.Client) -> None:
    show.hub.health = FINE | {"frame_p99_ms": float("nan")}
    for path in ("/healthz", "/readyz"):
        answer = http.get(path)
        assert answer.status_code == 200
        assert answer.json() == {**FINE, "frame_p99_ms": None, "frame_age_s": 0.0}


def test_a_degraded_show_answers_watchdogs_but_is_not_ready(show: FakeShow, http: httpx.Client) -> None:
    show.hub.health = FINE | {"status": "degraded"}
    assert (http.get("/healthz").status_code, http.get("/readyz").status_code) == (200, 503)
