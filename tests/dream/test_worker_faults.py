"""What befalls a worker process, for real."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from dreaming import Point, Source, drive, has_ended, picture_of, process_source, until

from engine.dream.process import generator_threads
from engine.dream.supervised import HANGING

Opened = Callable[[Source], Source]
HERE = Path(__file__).parent
ROOT = HERE.parents[1]


@pytest.fixture
def dreaming(opened: Opened, model: Path) -> Source:
    """A source that has begun to give frames."""
    source = opened(process_source(model))
    drive(source, lambda: source.frames >= 3)
    return source


def test_a_killed_worker_is_replaced_and_the_dream_goes_on(dreaming: Source) -> None:
    before = picture_of(dreaming, Point(5))
    dead = dreaming.pid
    os.kill(dead, signal.SIGKILL)
    drive(dreaming, lambda: dreaming.restarts == 1)
    frames = drive(dreaming, lambda: dreaming.alive)
    assert "SIGKILL" in dreaming.last_error
    assert has_ended(dead)
    assert frames[-1].sequence > before.sequence
    assert (picture_of(dreaming, Point(5)).pixels == before.pixels).all()


def test_a_worker_killed_again_and_again_leaves_no_torn_frame(dreaming: Source) -> None:
    """Wherever in its work it is hit, what was read is whole and of the latent it names."""
    expected = {seed: picture_of(dreaming, Point(seed)).pixels for seed in range(4)}
    for _ in range(3):
        dreaming.leap += 100  # a good while of frames: the next death is the first again
        drive(dreaming, lambda: True)
        seeds = {dreaming.submit(Point(turn % 4)): turn % 4 for turn in range(40)}
        os.kill(dreaming.pid, signal.SIGKILL)
        while (frame := dreaming.newest()) is not None:
            if frame.latent in seeds:
                assert (frame.pixels == expected[seeds[frame.latent]]).all()
        before = dreaming.restarts
        drive(dreaming, lambda before=before: dreaming.restarts > before and dreaming.alive)  # type: ignore[misc]


def test_a_hung_worker_is_replaced(dreaming: Source) -> None:
    hung = dreaming.pid
    os.kill(hung, signal.SIGSTOP)
    picture = dreaming.submit(Point(1))
    while dreaming.newest() is not None:
        pass
    dreaming.submit(Point(2))
    dreaming.leap += HANGING + 1
    drive(dreaming, lambda: dreaming.restarts == 1 and dreaming.alive)
    assert "no frame for 10 s" in dreaming.last_error
    assert has_ended(hung)
    assert picture_of(dreaming, Point(3)).latent > picture


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_meant_for_the_whole_show_are_the_parents_business(dreaming: Source, number: signal.Signals) -> None:
    os.kill(dreaming.pid, number)
    before = dreaming.frames
    drive(dreaming, lambda: dreaming.frames >= before + 10)
    assert dreaming.restarts == 0


def test_the_worker_steps_aside_for_the_display(dreaming: Source) -> None:
    assert os.getpriority(os.PRIO_PROCESS, dreaming.pid) == 19


def test_closing_ends_the_process_and_gives_everything_back(opened: Opened, model: Path) -> None:
    shared, descriptors = sorted(os.listdir("/dev/shm")), len(os.listdir("/proc/self/fd"))
    source = opened(process_source(model))
    drive(source, lambda: source.frames >= 1)
    os.kill(source.pid, signal.SIGKILL)
    drive(source, lambda: source.restarts == 1 and source.alive)
    pid = source.pid
    source.close()
    source.lives.clear()
    assert has_ended(pid)
    assert sorted(os.listdir("/dev/shm")) == shared
    assert len(os.listdir("/proc/self/fd")) == descriptors


SHOW = """
import sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from dreaming import drive, process_source
source = process_source(Path(sys.argv[1]))
source.start()
drive(source, lambda: source.frames >= 1)
print(source.pid, flush=True)
while True:
    time.sleep(1)
"""


def test_a_worker_whose_parent_was_killed_goes_too(model: Path) -> None:
    command = [sys.executable, "-c", SHOW, str(model), str(HERE)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as show:
        assert show.stdout is not None
        worker = int(show.stdout.readline())
        assert not has_ended(worker)
        show.kill()
    until(lambda: has_ended(worker))


@pytest.mark.parametrize(("cores", "threads"), [(1, 1), (2, 1), (4, 1), (6, 3), (16, 8), (64, 8)])
def test_cores_are_left_for_the_display(cores: int, threads: int) -> None:
    assert generator_threads(cores) == threads
