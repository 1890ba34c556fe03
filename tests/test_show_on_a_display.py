"""A whole show on a real X server: one that comes late, goes away and comes back; a monitor that is switched off."""

import json
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.running import ROOT, RunningShow, free_port
from tests.xorg import Geometry, Xorg, xorg

SHOW = """\
reverie: 1
title: Wall
canvas: {width: 320, height: 180, fps: 20}
model: museum-128
passes: [grade]
outputs:
  - {type: window, monitor: DUMMY1, fullscreen: true}
"""
PLACE = Geometry(1280, 0, 1920, 1080, True)


@contextmanager
def show_on(server: Xorg, folder: Path) -> Iterator[RunningShow]:
    """`reverie run` with this server as its display, there or not."""
    show, log, port = folder / "show.yaml", folder / "log", free_port()
    show.write_text(SHOW)
    command = [sys.executable, "-m", "engine", "run", str(show), "--port", str(port)]
    with log.open("wb") as sink:
        process = subprocess.Popen(command, stdout=sink, stderr=sink, env=server.env, cwd=ROOT)
    running = RunningShow(process, port, log)
    try:
        yield running
    finally:
        if process.poll() is None:
            running.end()


def two_monitors(server: Xorg) -> None:
    server.switch_on("DUMMY0", "1280x720", 0, "--primary")
    server.switch_on("DUMMY1", "1920x1080", 1280)


def status(running: RunningShow, path: str) -> int:
    try:
        with urllib.request.urlopen(running.url + path, timeout=30) as answer:
            json.load(answer)
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


def test_a_show_waits_for_its_display_and_outlives_it(tmp_path: Path) -> None:
    with xorg() as server:
        server.kill()
        with show_on(server, tmp_path) as running:
            running.wait("frames offscreen", lambda: running.get("healthz")["presented_frames"] > 10)
            health = running.get("healthz")
            assert health["status"] == "degraded"
            assert "does not answer" in health["problems"]["display"]
            assert (status(running, "healthz"), status(running, "readyz")) == (503, 503)

            server.start()
            two_monitors(server)
            running.wait("the window", lambda: server.window("Wall") == PLACE)
            running.wait("health", lambda: status(running, "readyz") == 200)

            server.kill()
            running.wait("offscreen again", lambda: "display" in running.get("healthz")["problems"])
            running.wait("its frames", lambda: running.get("healthz")["presented_frames"] > 10)
            server.start()
            two_monitors(server)
            running.wait("the window again", lambda: server.window("Wall") == PLACE)
            running.wait("health again", lambda: status(running, "readyz") == 200)
            assert running.end() == 0
        said = running.log.read_text()
        assert said.count("degraded: no display: ") == 2
        assert "Traceback" not in said


def test_a_monitor_that_is_off_degrades_the_show_and_gets_its_picture_back(tmp_path: Path) -> None:
    with xorg() as server:
        two_monitors(server)
        with show_on(server, tmp_path) as running:
            running.wait("the window", lambda: server.window("Wall") == PLACE)
            running.wait("health", lambda: status(running, "readyz") == 200)
            server.switch_off("DUMMY1")
            running.wait("the loss", lambda: "window" in running.get("healthz")["problems"])
            seen = running.get("healthz")["presented_frames"]
            running.wait("further frames", lambda: running.get("healthz")["presented_frames"] > seen + 20)
            assert running.get("healthz")["status"] == "degraded"
            assert (status(running, "healthz"), status(running, "readyz")) == (503, 503)
            server.switch_on("DUMMY1", "1920x1080", 1280)
            running.wait("its return", lambda: server.window("Wall") == PLACE)
            running.wait("health again", lambda: status(running, "readyz") == 200)
            assert running.end() == 0
        assert "Traceback" not in running.log.read_text()
