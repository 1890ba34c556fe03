"""A display that is not there: why, waiting for it, and losing it."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from engine.render.display import PROBE, DisplayWatch, contact, wanted_display, why_no_display
from tests.running import PATIENCE, ROOT
from tests.xorg import Xorg, wait_for, xorg


@pytest.fixture(autouse=True)
def _no_display(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "XDG_SESSION_TYPE"):
        monkeypatch.delenv(name, raising=False)


def test_where_none_is_set_there_is_nothing_to_wait_for() -> None:
    assert wanted_display() == ""
    assert why_no_display().startswith("no display: DISPLAY is not set; start the show inside the desktop's session")
    watch = DisplayWatch()
    watch.start()
    assert not watch.available
    watch.close()


def test_a_compositor_that_this_glfw_cannot_talk_to_is_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-7")
    assert "set XDG_SESSION_TYPE=wayland" in why_no_display()


@pytest.mark.parametrize("display", [":4242", "unix:4242", "localhost:4242", "nonsense", ":", "[::1]:4242.0"])
def test_a_server_that_is_not_there_does_not_answer(monkeypatch: pytest.MonkeyPatch, display: str) -> None:
    monkeypatch.setenv("DISPLAY", display)
    with contact(display) as answered:
        assert not answered
    assert why_no_display().startswith(f"no display: the X server {display} does not answer; ")


def test_a_server_that_says_nothing_does_not_answer() -> None:
    with socket.socket() as silent:
        number = next(number for number in range(200, 1000) if _bound(silent, 6000 + number))
        silent.listen()
        with contact(f"127.0.0.1:{number}", patience=0.2) as answered:
            assert not answered


def _bound(listener: socket.socket, port: int) -> bool:
    try:
        listener.bind(("127.0.0.1", port))
    except OSError:
        return False
    return True


def test_a_display_that_comes_later_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    with xorg() as server:
        server.kill()
        monkeypatch.setenv("DISPLAY", server.display)
        assert "does not answer" in why_no_display()
        watch = DisplayWatch()
        watch.start()
        assert not watch.available
        server.start()
        wait_for("the display", lambda: watch.available)
        watch.close()


def test_a_display_without_opengl_is_none() -> None:
    reading, writing = os.pipe()
    command = ["Xvfb", "-displayfd", str(writing), "-extension", "GLX", "-nolisten", "tcp"]
    with subprocess.Popen(command, pass_fds=(writing,), stderr=subprocess.DEVNULL) as server:
        os.close(writing)
        with os.fdopen(reading) as pipe:
            env = {**os.environ, "DISPLAY": f":{pipe.readline().strip()}"}
        with contact(env["DISPLAY"]) as answered:
            assert answered
        assert subprocess.run([sys.executable, "-P", PROBE], env=env, timeout=PATIENCE).returncode == 1
        server.terminate()


def test_a_watch_ends_at_once_while_it_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", ":4242")
    watch = DisplayWatch()
    watch.start()
    watch.close()
    assert not watch.available


def test_a_show_ends_in_order_when_its_display_server_dies(tmp_path: Path) -> None:
    with xorg() as server:
        server.switch_on("DUMMY0", "1280x720", 0, "--primary")
        for attempt in range(3):  # it dies in the middle of whatever is going on
            done = _shown_until_the_server_dies(server, tmp_path / str(attempt))
            assert done.endswith('{"ended": "in order"}\n'), done
            assert "the display server went away" in done
            server.start()


def _shown_until_the_server_dies(server: Xorg, said: Path) -> str:
    with said.open("wb") as sink:
        command = [sys.executable, "-m", "tests.outputs.wall", "0"]
        wall = subprocess.Popen(command, env=server.env, cwd=ROOT, stdout=sink, stderr=sink)
    wait_for("frames", lambda: "frames" in said.read_text() or wall.poll() is not None)
    server.kill()
    code = wall.wait(PATIENCE)
    assert code == 0, said.read_text()
    return said.read_text()
