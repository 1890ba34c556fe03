"""The watchdog around a running show: real processes, its patience shortened, engines that do what a test wants."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.running import PATIENCE, ROOT, descendants

# An engine's work is `life(n)`, n counting the engines from 1. What is printed is flushed at once.
PROGRAM = """
import os, signal, sys, time
from engine import watchdog
from engine.clock import WakingClock
from engine.heartbeat import HEARTBEAT, Stage
from engine.lessons import LESSONS
from engine.stopping import STOP

watchdog.OPENING, watchdog.HANGING, watchdog.CLOSING = 3.0, 1.5, 3.0
watchdog.FIRST_PAUSE = watchdog.LONGEST_PAUSE = float(sys.argv[2])
lives = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT | os.O_APPEND)

def say(text):
    print(text, flush=True)

def frames(count):
    for _ in range(count):
        HEARTBEAT.frame(0.1)

def done(code):
    HEARTBEAT.finish(code)
    sys.exit(code)

def until_stopped():
    while not STOP.requested:
        frames(1)
        time.sleep(0.02)
    done(0)

jumped = 0.0

def jump(number, frame):
    global jumped
    jumped += 1000.0
    watchdog.HANGING = 60.0  # it is the jumps that are tried here, not the seconds

signal.signal(signal.SIGUSR1, jump)
STOP.listen()
code = watchdog.Watchdog(HEARTBEAT, STOP, LESSONS, WakingClock(lambda: time.monotonic() + jumped).now).watch()
if code is not None:
    say(f"end {code}")
    sys.exit(code)
os.write(lives, b".")
n = os.fstat(lives).st_size
say(f"engine {n}")
"""


class Watched:
    """A program of that kind, running."""

    def __init__(self, folder: Path, life: str, pause: float = 0.1, before: str = "") -> None:
        command = [sys.executable, "-c", before + PROGRAM + life, str(folder / "lives"), str(pause)]
        self.process = subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, process_group=0
        )

    def wait_for(self, line: str) -> None:
        assert self.process.stdout is not None
        for said in self.process.stdout:
            if said.strip() == line:
                return
        pytest.fail(f"it never said {line!r}: {self.process.communicate()}")

    def wait_for_log(self, words: str) -> None:
        assert self.process.stderr is not None
        assert words in self.process.stderr.readline()

    def end(self) -> tuple[int, str, str]:
        try:
            said, log = self.process.communicate(timeout=PATIENCE)
        finally:
            for pid in (self.process.pid, *descendants(self.process.pid)) if self.process.poll() is None else ():
                os.kill(pid, signal.SIGKILL)
        return self.process.returncode, said, log


@pytest.mark.parametrize("code", [0, 2])
def test_what_an_engine_ends_with_is_what_the_program_ends_with(tmp_path: Path, code: int) -> None:
    assert Watched(tmp_path, f"done({code})").end() == (code, f"engine 1\nend {code}\n", "")


def test_an_engine_that_hangs_is_replaced_and_what_it_tried_is_known(tmp_path: Path) -> None:
    life = """
learnt = LESSONS.read()
say(f"hung {learnt.hung} played {HEARTBEAT.played:.1f}")
LESSONS.keep("veil", ("good", None))
frames(10)
if n <= 3:
    HEARTBEAT.mark("veil")
    time.sleep(1000)
done(0)
"""
    code, said, log = Watched(tmp_path, life).end()
    assert code == 0
    expected = [f"engine {n}\nhung {{'veil': {n - 1}}} played {n - 1:.1f}\n" for n in range(1, 5)]
    assert said == "".join(expected).replace("{'veil': 0}", "{}") + "end 0\n"
    lines = log.splitlines()
    assert len(lines) == 3
    assert all("the engine hung in the pass veil: no frame for " in line for line in lines)
    assert lines[0].endswith("starting anew, with the last good version of veil")
    assert lines[2].endswith("starting anew, without the pass veil: edit its shader, and it is tried again")


def test_where_nobody_knows_what_hung_the_next_engine_is_careful(tmp_path: Path) -> None:
    life = "say(LESSONS.read().careful)\nif n == 1:\n    frames(1)\n    time.sleep(1000)\ndone(0)"
    assert Watched(tmp_path, life).end()[:2] == (0, "engine 1\nFalse\nengine 2\nTrue\nend 0\n")


@pytest.mark.parametrize("death", ["os.kill(os.getpid(), signal.SIGSEGV)", "os._exit(1)", "raise RuntimeError"])
def test_an_engine_that_dies_is_replaced(tmp_path: Path, death: str) -> None:
    life = f"frames(1)\nif n == 1:\n    {death}\nsay(LESSONS.read().careful)\ndone(0)"
    assert Watched(tmp_path, life).end()[:2] == (0, "engine 1\nengine 2\nFalse\nend 0\n")


def test_a_pass_to_blame_does_not_count_as_a_show_that_cannot_begin(tmp_path: Path) -> None:
    """Two passes that crash the engine, three times each, before it has shown anything."""
    life = """
hung = LESSONS.read().hung
for name in ("own", "two"):
    if hung.get(name, 0) < 3:
        HEARTBEAT.mark(name)
        os.abort()
frames(1)
done(0)
"""
    assert Watched(tmp_path, life).end()[1].endswith("engine 7\nend 0\n")


def test_only_what_hung_is_bad(tmp_path: Path) -> None:
    life = """
if n == 1:
    LESSONS.keep("veil", ("good", None))
    LESSONS.try_out("veil", ("endless", None))
    HEARTBEAT.mark("veil")
    os.abort()
learnt = LESSONS.read()
say(f"{learnt.good['veil'][0]} {learnt.bad['veil'][0]}")
done(0)
"""
    assert Watched(tmp_path, life).end()[1] == "engine 1\nengine 2\ngood endless\nend 0\n"


@pytest.mark.parametrize("code", [1, 2])
def test_once_frames_were_shown_a_mistake_ends_nothing(tmp_path: Path, code: int) -> None:
    life = f"frames(1)\ndone({code} if n == 1 else 0)"
    assert Watched(tmp_path, life).end()[1] == "engine 1\nengine 2\nend 0\n"


def test_a_stop_between_two_engines_is_one_like_any_other(tmp_path: Path) -> None:
    watched = Watched(tmp_path, "frames(1)\nos._exit(1)", pause=600)
    watched.wait_for("engine 1")
    watched.wait_for_log("starting anew")
    watched.process.send_signal(signal.SIGTERM)
    assert watched.end()[0] == 0


def test_a_stop_that_meets_a_wish_for_another_engine_wins(tmp_path: Path) -> None:
    watched = Watched(tmp_path, "frames(1)\nwhile not STOP.requested:\n    time.sleep(0.02)\ndone(watchdog.RESTART)")
    watched.wait_for("engine 1")
    watched.process.send_signal(signal.SIGTERM)
    assert watched.end() == (0, "end 0\n", "")


def test_an_engine_that_hangs_does_not_outlive_its_watchdog(tmp_path: Path) -> None:
    watched = Watched(tmp_path, "frames(1)\nsay('hanging')\ntime.sleep(1000)")
    watched.wait_for("hanging")
    (engine,) = descendants(watched.process.pid)
    watched.process.kill()
    watched.process.communicate()
    deadline = time.monotonic() + PATIENCE
    while Path(f"/proc/{engine}").exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_ctrl_z_stops_both_and_both_go_on(tmp_path: Path) -> None:
    watched = Watched(tmp_path, "until_stopped()")
    watched.wait_for("engine 1")
    family = [watched.process.pid, *descendants(watched.process.pid)]
    watched.process.send_signal(signal.SIGTSTP)
    deadline = time.monotonic() + PATIENCE
    while not all("T (stopped)" in Path(f"/proc/{pid}/status").read_text() for pid in family):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    watched.process.send_signal(signal.SIGCONT)
    watched.process.send_signal(signal.SIGTERM)
    assert watched.end() == (0, "end 0\n", "")


def test_an_engine_may_ask_for_another_one(tmp_path: Path) -> None:
    life = "frames(1)\ndone(watchdog.RESTART if n == 1 else 0)"
    assert Watched(tmp_path, life).end() == (0, "engine 1\nengine 2\nend 0\n", "")


def test_a_show_that_has_never_shown_a_frame_is_given_up(tmp_path: Path) -> None:
    code, said, log = Watched(tmp_path, "os._exit(5)").end()
    assert (code, said.count("engine")) == (1, 4)
    assert "given up: no frame was shown in 4 tries" in log


def test_one_that_has_is_not_given_up_for_a_mistake_made_meanwhile(tmp_path: Path) -> None:
    life = "if n == 1:\n    frames(1)\n    os._exit(1)\nif n < 8:\n    done(2)\nframes(1)\ndone(0)"
    assert Watched(tmp_path, life).end()[1].endswith("engine 8\nend 0\n")


def test_an_engine_that_crashes_while_it_cleans_up_was_done_all_the_same(tmp_path: Path) -> None:
    assert Watched(tmp_path, "frames(1)\nHEARTBEAT.finish(0)\nos.abort()").end() == (0, "engine 1\nend 0\n", "")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_stop_is_handed_on(tmp_path: Path, number: signal.Signals) -> None:
    watched = Watched(tmp_path, "until_stopped()")
    watched.wait_for("engine 1")
    watched.process.send_signal(number)
    assert watched.end() == (0, "end 0\n", "")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_stop_that_comes_while_an_engine_is_split_off_is_handed_on(tmp_path: Path, number: signal.Signals) -> None:
    """It takes its time to become one."""
    slow = "import os, time\nsetpgid = os.setpgid\nos.setpgid = lambda *ids: (time.sleep(1), setpgid(*ids))\n"
    watched = Watched(tmp_path, "until_stopped()", before=slow)
    while not descendants(watched.process.pid):
        assert watched.process.poll() is None
        time.sleep(0.005)
    watched.process.send_signal(number)
    assert watched.end() == (0, "engine 1\nend 0\n", "")


def test_an_engine_that_does_not_end_when_asked_is_ended(tmp_path: Path) -> None:
    watched = Watched(tmp_path, "frames(1)\nsay('hanging')\ntime.sleep(1000)")
    watched.wait_for("hanging")
    watched.process.send_signal(signal.SIGTERM)
    code, said, log = watched.end()
    assert (code, said) == (1, "end 1\n")
    assert "after it was asked to end" in log


def test_a_pause_of_all_processes_is_nobodys_fault(tmp_path: Path) -> None:
    """The clock jumps, as it does for whoever was stopped and goes on; real stops are in tests/dream."""
    life = """
frames(1)
for _ in range(5):
    os.kill(os.getppid(), signal.SIGUSR1)
    time.sleep(0.2)
done(0)
"""
    assert Watched(tmp_path, life).end() == (0, "engine 1\nend 0\n", "")
