"""What befalls a worker process, for real."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from dreaming import Point, Source, drive, has_ended, picture_of, process_source, until

from engine.dream import worker
from engine.dream.process import generator_threads
from engine.dream.supervised import HANGING, HEALTHY

Opened = Callable[[Source], Source]
HERE = Path(__file__).parent
ROOT = HERE.parents[1]


@pytest.fixture(scope="module")
def source(model: Path) -> Iterator[Source]:
    """One source for all the blows: that it survives them is what it is for."""
    source = process_source(model)
    source.start()
    yield source
    source.close()


@pytest.fixture
def dreaming(source: Source) -> Source:
    """The source giving frames, its next failure counting as the first: a good while has passed since the last."""
    before = source.frames
    drive(source, lambda: source.frames > before and source.alive)
    source.leap += HEALTHY + 1  # at this moment no latent is waiting for its frame
    source.newest()
    return source


def recovered(source: Source) -> None:
    """Drive on until a new worker delivers."""
    before = source.restarts
    drive(source, lambda: source.restarts == before + 1 and source.alive)


def test_a_killed_worker_is_replaced_and_the_dream_goes_on(dreaming: Source) -> None:
    before = picture_of(dreaming, Point(5))
    dead = dreaming.pid
    os.kill(dead, signal.SIGKILL)
    recovered(dreaming)
    assert "SIGKILL" in dreaming.last_error
    assert has_ended(dead)
    after = picture_of(dreaming, Point(5))
    assert after.sequence > before.sequence
    assert (after.pixels == before.pixels).all()


@pytest.mark.skipif(not hasattr(os, "SCHED_IDLE"), reason="only Linux has a class for what may wait")
def test_a_worker_leaves_every_core_to_the_display(dreaming: Source) -> None:
    policies = {os.sched_getscheduler(int(thread)) for thread in os.listdir(f"/proc/{dreaming.pid}/task")}
    assert policies == {os.SCHED_IDLE}


def test_a_worker_dreams_where_it_may_not_choose_its_class(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*arguments: object) -> None:
        raise PermissionError("not here")

    monkeypatch.setattr(os, "sched_setscheduler", forbidden, raising=False)
    worker._only_idle_cores()


def test_what_a_worker_leaves_when_it_is_killed_at_work_is_whole(dreaming: Source) -> None:
    expected = {seed: picture_of(dreaming, Point(seed)).pixels for seed in range(4)}
    seeds = {dreaming.submit(Point(turn % 4)): turn % 4 for turn in range(40)}
    os.kill(dreaming.pid, signal.SIGKILL)
    while (frame := dreaming.newest()) is not None:
        assert (frame.pixels == expected[seeds[frame.latent]]).all()
    recovered(dreaming)


def test_a_hung_worker_is_replaced(dreaming: Source) -> None:
    hung = dreaming.pid
    os.kill(hung, signal.SIGSTOP)
    while dreaming.newest() is not None:
        pass
    dreaming.submit(Point(2))
    dreaming.leap += HANGING + 1
    recovered(dreaming)
    assert "no frame for 10 s" in dreaming.last_error
    assert has_ended(hung)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_meant_for_the_whole_show_are_the_parents_business(dreaming: Source, number: signal.Signals) -> None:
    frames, restarts = dreaming.frames, dreaming.restarts
    os.kill(dreaming.pid, number)
    drive(dreaming, lambda: dreaming.frames >= frames + 10)
    assert dreaming.restarts == restarts


def test_the_worker_steps_aside_for_the_display(dreaming: Source) -> None:
    assert os.getpriority(os.PRIO_PROCESS, dreaming.pid) == 19


def shared_memory() -> int:
    """How many pieces of it this process has mapped, under a name or without one."""
    return sum("/memfd:" in line or "/dev/shm/" in line for line in Path("/proc/self/maps").read_text().splitlines())


def test_closing_ends_the_process_and_gives_everything_back(opened: Opened, model: Path) -> None:
    shared, descriptors = shared_memory(), len(os.listdir("/proc/self/fd"))
    source = opened(process_source(model))
    drive(source, lambda: source.frames >= 1)
    os.kill(source.pid, signal.SIGKILL)
    recovered(source)
    pid = source.pid
    source.close()
    source.lives.clear()
    assert has_ended(pid)
    assert shared_memory() == shared
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
