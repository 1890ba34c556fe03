"""The policy over workers that die, hang or never start, on a clock of our own."""

import logging
from dataclasses import dataclass, field

import numpy as np
import pytest

from engine.clock import WakingClock
from engine.dream.activity import Activity
from engine.dream.base import DreamFrame, Floats
from engine.dream.supervised import (
    FIRST_DELAY,
    HANGING,
    HEALTHY,
    LOADING,
    LONGEST_DELAY,
    REHEARSING,
    SILENCE,
    SupervisedSource,
)

WS = np.zeros((2, 3), np.float32)


@dataclass
class Point:
    ws: Floats = field(default_factory=lambda: WS)
    controls: Floats = field(default_factory=lambda: np.empty(0, np.float32))


class FakeLife:
    """A worker that does what the test says."""

    def __init__(self, max_fps: float) -> None:
        self.max_fps = max_fps
        self.rejected = 0
        self.latents: list[int] = []
        self.frame: DreamFrame | None = None
        self.ended = ""
        self.closed = False
        self.looks = 0
        self.idle = False
        self.tells = True

    def deliver(self, seconds: float = 0.1) -> None:
        sequence = self.frame.sequence + 1 if self.frame else 1
        self.frame = DreamFrame(np.zeros((4, 4, 4), np.uint8), sequence, seconds, self.latents[-1])

    def put(self, number: int, ws: Floats) -> None:
        self.latents.append(number)

    def take(self, after: int) -> DreamFrame | None:
        return self.frame if self.frame and self.frame.sequence > after else None

    def running(self) -> bool:
        return not self.ended

    def about(self) -> str:
        return "a fake"

    def activity(self) -> Activity | None:
        """A little more work at each look, unless it is idle."""
        self.looks += not self.idle
        return Activity("loading its network", 0.01 * self.looks) if self.tells else None

    def reason(self) -> str:
        return self.ended

    def kill(self, reason: str) -> None:
        self.ended = reason

    def close(self, timeout: float) -> None:
        self.ended, self.closed = self.ended or "closed", True


class World:
    """A source over fake lives, and the time."""

    def __init__(self, loading: float = LOADING) -> None:
        self.time = 1000.0
        self.lives: list[FakeLife] = []
        self.refusals = 0
        self.source = SupervisedSource(self._begin, 30, lambda: self.time, loading)

    def _begin(self, max_fps: float) -> FakeLife:
        if self.refusals:
            self.refusals -= 1
            raise OSError("no more processes")
        self.lives.append(FakeLife(max_fps))
        return self.lives[-1]

    def frame(self, dt: float = 1 / 60) -> DreamFrame | None:
        """One turn of the display loop."""
        self.time += dt
        self.source.submit(Point())
        return self.source.newest()

    def deliver(self) -> DreamFrame:
        """One turn in which a frame arrives."""
        self.lives[-1].deliver()
        frame = self.frame()
        assert frame is not None
        return frame


@pytest.fixture
def world() -> World:
    world = World()
    world.source.start()
    return world


def test_nothing_runs_before_the_start_and_nothing_after_the_close() -> None:
    world = World()
    assert world.frame() is None
    world.source.close()
    assert not world.lives
    world.source.start()
    world.source.start()
    assert len(world.lives) == 1
    world.source.close()
    world.source.close()
    assert world.lives[0].closed
    assert world.frame(100) is None
    assert len(world.lives) == 1
    assert not world.source.alive


def test_a_frame_is_given_once(world: World) -> None:
    world.frame()
    assert world.deliver().sequence == 1
    assert world.frame() is None


def test_a_dead_worker_is_replaced_and_counting_goes_on(world: World) -> None:
    world.frame()
    for _ in range(3):
        world.deliver()
    world.lives[0].rejected = 2
    world.lives[0].ended = "it died"
    world.frame()
    assert (world.source.alive, world.source.last_error, world.source.frames) == (False, "it died", 3)
    assert world.frame(FIRST_DELAY / 2) is None
    assert len(world.lives) == 1
    world.frame(FIRST_DELAY)
    assert len(world.lives) == 2
    assert world.lives[0].closed
    world.lives[1].rejected = 1
    frame = world.deliver()
    assert frame.sequence == 4
    assert (world.source.restarts, world.source.rejected, world.source.frames) == (1, 3, 4)
    assert world.source.alive


def test_a_new_worker_gets_the_latest_latent_at_once() -> None:
    world = World()
    world.frame()
    world.frame()
    world.source.start()
    assert world.lives[0].latents == [2]


def test_the_wait_doubles_up_to_a_limit_and_is_forgotten_after_a_good_while(world: World) -> None:
    def wait() -> float:
        """Seconds from the end of the present worker to the next."""
        lives, died = len(world.lives), world.time
        world.lives[-1].ended = "it died"
        while len(world.lives) == lives:
            world.frame(0.125)
        return world.time - died

    waits = [wait() for _ in range(7)]
    assert waits[:4] == pytest.approx([0.5, 1, 2, 4], abs=0.26)
    assert waits[-1] == pytest.approx(LONGEST_DELAY, abs=0.26)
    world.deliver()
    world.frame(HEALTHY + 1)
    world.lives[-1].deliver()
    world.frame()
    world.frame()
    assert wait() == pytest.approx(FIRST_DELAY, abs=0.26)


def test_one_line_when_lost_and_one_when_back(world: World, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        world.frame()
        world.deliver()
        for _ in range(4):
            world.lives[-1].ended = "it died"
            world.frame()
            world.frame(LONGEST_DELAY)
        world.deliver()
        world.deliver()
    assert [record.getMessage() for record in caplog.records] == [
        "it died; trying again until it works",
        "the generator is back: a fake",
    ]


def test_a_worker_that_hangs_is_killed(world: World) -> None:
    world.frame()
    world.deliver()
    world.frame(HANGING / 2)
    assert world.source.alive
    world.frame(HANGING + 1)
    world.frame()
    assert "no frame for 10 s" in world.source.last_error


def test_loading_may_take_longer(world: World) -> None:
    world.frame()
    world.frame(LOADING - 1)
    assert world.source.alive
    world.frame(2)
    world.frame()
    assert "no frame for 60 s" in world.source.last_error


def seconds_to_replacement(world: World, step: float = 0.5) -> float:
    """How long the present worker stays, with a look every `step` seconds."""
    lives, begun = len(world.lives), world.time
    while not world.lives[lives - 1].ended:
        world.frame(step)
    return world.time - begun


def test_a_worker_that_does_nothing_while_it_loads_is_replaced_soon(world: World) -> None:
    world.frame()
    world.lives[0].idle = True
    assert seconds_to_replacement(world) == pytest.approx(SILENCE, abs=2.1)
    world.frame()
    assert world.source.last_error == "the generator did nothing for 20 s while loading its network"
    world.frame(LONGEST_DELAY)
    assert len(world.lives) == 2


def test_a_slow_worker_that_computes_has_the_whole_time(world: World) -> None:
    world.frame()
    assert seconds_to_replacement(world) == pytest.approx(LOADING, abs=1.1)
    world.frame()
    assert "no frame for 60 s" in world.source.last_error


def test_one_sign_of_work_in_a_while_is_enough(world: World) -> None:
    world.frame()
    for turn in range(100):
        world.lives[0].idle = turn % 30 > 2
        world.frame(0.5)
    assert world.source.alive


def test_a_worker_of_which_nothing_can_be_known_is_given_time(world: World) -> None:
    world.frame()
    world.lives[0].tells = False
    assert seconds_to_replacement(world) == pytest.approx(LOADING, abs=1.1)


def test_nothing_to_do_is_no_silence(world: World) -> None:
    world.lives[0].idle = True
    for _ in range(100):
        world.time += 1.0
        world.source.newest()
    assert world.source.alive


def test_a_worker_that_delivers_is_not_looked_at(world: World) -> None:
    world.frame()
    world.deliver()
    world.lives[0].looks = 0
    world.frame(5)
    assert world.lives[0].looks == 0


class Waking(World):
    """On a clock of its own over one that runs on while the machine is paused."""

    def __init__(self) -> None:
        super().__init__()
        self.source = SupervisedSource(self._begin, 30, WakingClock(lambda: self.time).now)
        self.source.start()


@pytest.mark.parametrize("delivers", [False, True])
def test_a_pause_of_the_whole_machine_ends_no_worker(delivers: bool) -> None:
    world = Waking()
    world.frame()
    if delivers:
        world.deliver()
        world.frame()
    world.lives[0].idle = True
    for _ in range(3):
        world.frame(3600)
        assert world.source.alive
    assert seconds_to_replacement(world) == pytest.approx(HANGING if delivers else SILENCE, abs=4.1)


def test_a_worker_that_died_before_a_pause_is_replaced_after_it() -> None:
    world = Waking()
    world.frame()
    world.lives[0].ended = "it died"
    world.frame()
    world.frame(3600)
    world.frame()
    assert len(world.lives) == 2


def test_nobody_waits_for_a_rehearsal() -> None:
    world = World(loading=REHEARSING)
    world.source.start()
    world.frame()
    world.frame(REHEARSING - 1)
    assert not world.source.last_error
    world.deliver()
    world.frame()
    world.frame(HANGING + 1)
    world.frame()
    assert "no frame for 10 s" in world.source.last_error


def test_a_slow_generator_is_not_a_hung_one(world: World) -> None:
    world.frame()
    world.lives[0].deliver(seconds=20)
    world.frame(21)
    world.frame(60)
    world.frame()
    assert world.source.alive


def test_nobody_waits_where_nobody_asked(world: World) -> None:
    world.frame()
    world.deliver()
    world.source.newest()
    world.time += 10 * HANGING
    world.source.newest()
    world.frame()
    assert world.source.alive


def test_a_system_that_refuses_processes_is_asked_again(world: World) -> None:
    world.refusals = 2
    world.lives[0].ended = "it died"
    world.frame()
    world.frame(FIRST_DELAY)
    assert "no more processes" in world.source.last_error
    assert not world.source.alive
    for _ in range(3):
        world.frame(LONGEST_DELAY)
    assert len(world.lives) == 2
    world.deliver()
    assert world.source.alive


def test_the_rate_reaches_the_worker_and_the_next_one(world: World) -> None:
    world.source.max_fps = 7
    assert world.lives[0].max_fps == 7
    world.lives[0].ended = "it died"
    world.frame()
    world.frame(LONGEST_DELAY)
    assert world.lives[1].max_fps == 7
    world.source.max_fps = 0
    assert 0 < world.lives[1].max_fps < 1
