"""Asked to end: at any moment of opening and running, and the program does, cleanly."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from engine.stopping import STOP
from models.archive import importing
from models.archive.record import Entry, Record
from tests.commands import reverie
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
        assert len(family) >= 2
        running.process.kill()
        running.process.wait()
        wait_until_gone(family)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_import_is_stopped_between_two_steps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    """The flag, set as the program's handler sets it, while the command runs in this process."""
    monkeypatch.setattr(STOP, "requested", False)
    monkeypatch.setattr(importing, "_STEP", 1)
    taken = importing._Run._gate

    def gate(run: importing._Run, record: Record) -> Entry | None:
        STOP._handle(number, None)
        return taken(run, record)

    monkeypatch.setattr(importing._Run, "_gate", gate)
    catalogue = tmp_path / "catalogue.csv"
    catalogue.write_text("id,title,image,rights\n" + "".join(f"{n},T,https://x.org/{n}.jpg,CC0\n" for n in range(9)))
    done = reverie("archive", "import", catalogue, "--into", tmp_path / "archive")
    assert done.returncode == 130
    assert "stopped before it was done" in done.stderr
    STOP.requested = False
    monkeypatch.setattr(importing._Run, "_gate", taken)
    assert reverie("archive", "import", catalogue, "--into", tmp_path / "archive").returncode == 0
