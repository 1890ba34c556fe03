"""Asked to end: at any moment of opening and running, and the program does, cleanly."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.running import PATIENCE, ROOT, descendants, environment, running_show

SHOW = """\
reverie: 1
title: Stopped
canvas: {width: 160, height: 90, fps: 20}
model: museum-128
sensors:
  air: {type: serial, port: /dev/reverie-has-no-such-board, if_lost: {ease_to: {temperature: 19}, over: 1s}}
passes: [grade]
outputs:
  - {type: offscreen}
"""

# Opens the show again and again, asked to end at the first step of opening, then at the second, and so on.
AT_EACH_STEP = """
import os, signal, sys
from pathlib import Path
from engine import app, stopping
from engine.build import RunOptions
from engine.heartbeat import HEARTBEAT

stop = stopping.STOP
stop.listen()
step = app._step
steps = 0

def stop_at(n):
    global steps
    steps = 0
    def counted():
        global steps
        steps += 1
        if steps == n:
            os.kill(os.getpid(), signal.SIGTERM)
        step()
    return counted

n = 0
while True:
    n += 1
    app._step = stop_at(n)
    stop.requested = False
    frames = HEARTBEAT.frames
    app.run_show(Path(sys.argv[1]), RunOptions(offscreen=True, seconds=0.1))
    if steps < n:
        break
    assert steps == n, f"it went on to step {steps}"
    assert HEARTBEAT.frames == frames, f"asked at step {n}, it showed frames"
print(n - 1)
"""


@pytest.fixture
def show(tmp_path: Path) -> Path:
    path = tmp_path / "show.yaml"
    path.write_text(SHOW)
    return path


def run(*command: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, *command],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment(), cwd=ROOT, text=True,
    )  # fmt: skip


def wait_until_gone(pids: list[int]) -> None:
    deadline = time.monotonic() + PATIENCE
    while any(Path(f"/proc/{pid}").exists() for pid in pids):
        assert time.monotonic() < deadline, f"still there: {pids}"
        time.sleep(0.05)


def test_a_stop_at_any_step_of_opening_is_heard_before_the_next(show: Path) -> None:
    process = run("-c", AT_EACH_STEP, str(show))
    said, _ = process.communicate(timeout=2 * PATIENCE)
    assert process.returncode == 0, said
    assert int(said.splitlines()[-1]) >= 10
    assert "Traceback" not in said


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
@pytest.mark.parametrize("processes", [1, 2])
def test_a_stop_while_it_opens_ends_it(show: Path, number: signal.Signals, processes: int) -> None:
    """As soon as the engine's process is there, and when the generator's is."""
    process = run("-m", "engine", "run", str(show), "--offscreen")
    while len(started := descendants(process.pid)) < processes:
        assert process.poll() is None
        time.sleep(0.005)
    process.send_signal(number)
    said, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, said
    assert "Traceback" not in said
    assert "frames" not in said
    wait_until_gone(started)


def test_a_hangup_that_is_ignored_at_the_start_stays_ignored(show: Path) -> None:
    with running_show(show, before=("nohup",)) as running:
        running.process.send_signal(signal.SIGHUP)
        seen = running.get("healthz")["presented_frames"]
        running.wait("further frames", lambda: running.get("healthz")["presented_frames"] > seen + 20)
        assert running.end() == 0


def test_it_says_how_it_went(show: Path) -> None:
    with running_show(show, "--seconds", "1") as running:
        assert running.process.wait(PATIENCE) == 0
    assert "Stopped ended after 1 s: " in running.log.read_text()


def test_without_its_watchdog_an_engine_ends(show: Path) -> None:
    with running_show(show) as running:
        running.wait_for_dreams()
        family = descendants(running.process.pid)
        running.process.kill()
        running.process.wait()
        wait_until_gone(family)
    assert "the watchdog is gone" in running.log.read_text()


def test_a_shell_sees_130_where_work_is_left(tmp_path: Path) -> None:
    """Pictures to import that never end, from a pipe's point of view: a folder with very many."""
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    first = ROOT / "docs" / "panel.jpg"
    for n in range(400):
        shutil.copy(first, pictures / f"{n}.jpg")
    archive = tmp_path / "archive"
    process = run("-m", "engine", "archive", "import", str(pictures), "--into", str(archive))
    while not archive.exists():
        assert process.poll() is None, process.communicate()
        time.sleep(0.002)
    process.send_signal(signal.SIGTERM)
    said, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode in (0, 130), said  # 0 where it was quicker than the signal
    assert "Traceback" not in said
    assert os.path.isdir(archive)
