"""Workers that are stopped, for real: alone, which is a fault, or with everything else, which is none."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from dreaming import Point, Source, has_ended, process_source, until

from engine.dream.activity import Activity, activity
from engine.dream.supervised import SILENCE

Opened = Callable[[Source], Source]
HERE = Path(__file__).parent
ROOT = HERE.parents[1]


def stat_of(pid: int) -> Path:
    return Path(f"/proc/{pid}/stat")


def is_stopped(pid: int) -> bool:
    return stat_of(pid).read_text().rpartition(")")[2].split()[0] == "T"


def stop(pid: int) -> None:
    os.kill(pid, signal.SIGSTOP)
    until(lambda: is_stopped(pid))


def test_work_is_seen_in_processor_time() -> None:
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as busy:
        first = activity("computing", stat_of(busy.pid))
        until(lambda: activity("computing", stat_of(busy.pid)) != first)
        stop(busy.pid)
        stopped = activity("computing", stat_of(busy.pid))
        assert stopped is not None
        time.sleep(0.3)
        assert activity("computing", stat_of(busy.pid)) == stopped
        assert activity("another step", stat_of(busy.pid)) != stopped
        busy.kill()


def test_where_nothing_can_be_known_nothing_is_said(tmp_path: Path) -> None:
    assert activity("a step", tmp_path / "stat") is None
    (tmp_path / "stat").write_text("1 (a) S")
    assert activity("a step", tmp_path / "stat") == Activity("a step", 0.0)
    (tmp_path / "stat").write_text("1 (a) S " + "x " * 20)
    assert activity("a step", tmp_path / "stat") is None


def test_a_worker_stopped_while_it_loads_is_replaced_after_a_silence(opened: Opened, tmp_path: Path) -> None:
    source = opened(process_source(tmp_path / "none.safetensors"))
    stopped = source.pid
    stop(stopped)
    while "did nothing for 20 s while" not in source.lives[0].reason():
        assert source.leap <= SILENCE + 2
        source.leap += 0.5
        source.submit(Point())
        source.newest()
    assert source.leap >= SILENCE
    until(lambda: source.newest() is None and source.restarts == 1)
    assert has_ended(stopped)
    assert "did nothing" in source.last_error


SHOW = """
import sys, time
from functools import partial
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from dreaming import Point
from engine.dream import supervised
from engine.dream.process import ProcessLife
supervised.HANGING = 5.0
source = supervised.SupervisedSource(partial(ProcessLife, Path(sys.argv[1])), 30.0)
source.start()
told = 0
while True:
    source.submit(Point(1))
    source.newest()
    if source.frames >= told + 10 or source.last_error:
        told = source.frames
        print(source._term.life.pid if source._term else 0, source.restarts, source.last_error, flush=True)
    time.sleep(0.01)
"""


def test_a_family_stopped_for_longer_than_its_patience_goes_on(model: Path) -> None:
    command = [sys.executable, "-c", SHOW, str(model), str(HERE)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as show:
        assert show.stdout is not None
        worker = int(show.stdout.readline().split()[0])
        for pid in (show.pid, worker):
            stop(pid)
        time.sleep(7.0)
        for pid in (worker, show.pid):
            os.kill(pid, signal.SIGCONT)
        lines = [show.stdout.readline() for _ in range(3)]
        show.kill()
    assert {line.strip() for line in lines} == {f"{worker} 0"}
    until(lambda: has_ended(worker))
