"""What goes wrong under a running show, and what the wall does meanwhile: it goes on."""

import os
import shutil
import signal
import socket
from contextlib import suppress
from pathlib import Path

import pytest

from tests.running import ROOT, RunningShow, running_show, workers_of

SHOW = """\
reverie: 1
title: Faults
canvas: {width: 160, height: 90, fps: 20}
model: museum-128
sensors:
  air: {type: serial, port: /dev/reverie-has-no-such-board, if_lost: {ease_to: {temperature: 19}, over: 1s}}
passes:
  - own.fs
  - grade
outputs:
  - {type: offscreen}
panel: {}
"""


@pytest.fixture
def show(tmp_path: Path) -> Path:
    shutil.copy(ROOT / "shaders" / "vignette.fs", tmp_path / "own.fs")
    path = tmp_path / "show.yaml"
    path.write_text(SHOW)
    return path


def presented(running: RunningShow) -> int:
    return int(running.get("healthz")["presented_frames"])


def goes_on(running: RunningShow) -> None:
    seen = presented(running)
    running.wait("further frames", lambda: presented(running) > seen + 10)


def test_a_killed_generator_comes_back_while_frames_go_on(show: Path) -> None:
    with running_show(show) as running:
        running.wait_for_dreams()
        os.kill(workers_of(running.process.pid)[0], signal.SIGKILL)
        goes_on(running)
        running.wait("a new worker", lambda: running.get("healthz")["dream_restarts"] == 1)
        dreamt = running.get("healthz")["dream_frames"]
        running.wait("its frames", lambda: running.get("healthz")["dream_frames"] > dreamt + 3)
        assert running.get("healthz")["status"] == "ok"
        assert running.end() == 0
    assert "Traceback" not in running.log.read_text()


def test_an_edited_shader_is_taken_up_and_a_broken_one_is_not(show: Path) -> None:
    shader = show.with_name("own.fs")
    good = shader.read_text()
    with running_show(show) as running:
        shader.write_text(good.replace("void main", "void mian", 1))
        running.wait("the complaint", lambda: "shader own" in running.get("healthz")["problems"])
        goes_on(running)
        shader.write_text(good + "\n// mended\n")
        running.wait("health", lambda: "shader own" not in running.get("healthz")["problems"])
        goes_on(running)
        assert running.end() == 0


@pytest.mark.parametrize(
    ("old", "new", "complains"),
    [
        ('"NAME": "amount"', '"NAME": "quantity"', False),
        ('"INPUTS": [', '"INPUTS": [{"NAME": "x", "TYPE": "long", "VALUES": [1], "LABELS": 5},', True),
    ],
)
def test_no_edit_of_a_shader_ends_the_show(show: Path, old: str, new: str, complains: bool) -> None:
    shader = show.with_name("own.fs")
    show.write_text(
        show.read_text().replace("outputs:", "modulation:\n  - {from: air.light, to: /passes/own/amount}\noutputs:")
    )
    text = shader.read_text()
    assert old in text
    with running_show(show) as running:
        shader.write_text(text.replace(old, new).replace("amount", "quantity" if not complains else "amount"))
        if complains:
            running.wait("the complaint", lambda: "shader own" in running.get("healthz")["problems"])
        else:
            addresses = lambda: [p["address"] for p in running.get("api/parameters")["parameters"]]  # noqa: E731
            running.wait("the new input", lambda: "/passes/own/quantity" in addresses())
        goes_on(running)
        assert running.end() == 0


def test_a_missing_board_eases_to_its_declared_value(show: Path) -> None:
    with running_show(show) as running:
        running.wait("the fallback", lambda: abs(running.signal("air.temperature") - 19) < 1e-6)
        assert running.get("api/signals")["air.temperature"]["quality"] == "fallback"
        assert running.get("healthz")["sensors"]["air"]["state"] == "lost"
        assert running.end() == 0
    assert running.log.read_text().count("air: lost") == 1


def test_the_default_port_taken_means_the_next_one(show: Path) -> None:
    from engine.control.hub import Hub
    from engine.control.server import ControlServer

    with socket.socket() as occupant:
        occupant.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with suppress(OSError):  # somebody else may already hold it: just as good
            occupant.bind(("127.0.0.1", 8700))
            occupant.listen()
        server = ControlServer(Hub(), port=None)
        server.start()
        try:
            assert ":8700/" not in server.url
            assert "8700" in server.notice
        finally:
            server.close()
