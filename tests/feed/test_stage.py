"""How one network takes over from another, on fake generators."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pytest

from engine.dream.base import DreamFrame, Floats, Latent, Pixels
from engine.stage import Act, Moment, Stage
from engine.walk.base import Latent as Point
from engine.walk.base import Lookup, Walk, WalkConfig

FADE = 4.0


class FakeWalk(Walk):
    """Counts its steps."""

    Config = WalkConfig

    def __init__(self, broken: bool = False) -> None:
        self.place = 0.0
        self.broken = broken
        self.closed = False

    def advance(self, dt: float, lookup: Lookup) -> Point:
        self.place += dt
        return Point(np.zeros((2, 3), np.float32))

    def state(self) -> dict[str, float]:
        return {"phase": self.place}

    def close(self) -> None:
        self.closed = True

    def restore(self, state: Mapping[str, float]) -> None:
        if self.broken:
            raise ValueError("not a state of mine")
        self.place = state["phase"]


class FakeSource:
    """A generator that gives its colour when the test says so."""

    restarts = rejected = 0
    alive = True

    def __init__(self, colour: int) -> None:
        self.colour = colour
        self.max_fps = 0.0
        self.frames = 0
        self.ready = False
        self.last_error = ""
        self.closed = False
        self.controls: list[float] = []

    def start(self) -> None:
        self.ready = True

    def submit(self, latent: Latent) -> int:
        self.controls.append(float(latent.controls[0]))
        return len(self.controls)

    def newest(self) -> DreamFrame | None:
        if not self.ready:
            return None
        self.frames += 1
        return DreamFrame(np.full((2, 2, 4), self.colour, np.uint8), self.frames, 0.1, 1)

    def describe(self) -> str:
        return "a fake"

    def close(self) -> None:
        self.closed = True


@dataclass
class Theatre:
    """The pictures and the wings of a stage, and what happened there."""

    problem: str = ""
    ready: list[Act] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def push(self, frame: Pixels, now: float) -> None:
        self.said.append(f"push {frame[0, 0, 0]}")

    def push_leaving(self, frame: Pixels, now: float) -> None:
        self.said.append(f"leaving {frame[0, 0, 0]}")

    def turn(self, frame: Pixels, now: float, seconds: float) -> None:
        self.said.append(f"turn {frame[0, 0, 0]} in {seconds:g}")

    def offer(self) -> Act | None:
        return self.ready.pop() if self.ready else None

    def played(self) -> None:
        self.said.append("played")

    def failed(self, why: str) -> None:
        self.said.append(f"failed: {why}")

    def put_away(self, act: Act) -> None:
        assert isinstance(act.source, FakeSource)
        self.said.append(f"away {act.source.colour}")


def act(colour: int, ready: bool = True, broken: bool = False) -> tuple[Act, FakeSource, FakeWalk]:
    source, walk = FakeSource(colour), FakeWalk(broken)
    source.ready = ready
    return Act(f"network {colour}", walk, source), source, walk


class World:
    """A stage with its lead, and the time."""

    def __init__(self) -> None:
        self.theatre = Theatre()
        self.lead, self.source, self.walk = act(1)
        self.stage = Stage(self.lead, self.theatre, self.theatre, FADE)
        self.now = 0.0

    def step(self, seconds: float = 1.0) -> list[str]:
        """One frame; what happened in it."""
        self.now += seconds
        self.theatre.said.clear()
        controls: Floats = np.array([self.now], np.float32)
        self.gave = self.stage.step(Moment(self.now, seconds, lambda address: 0.0, controls, 12.0))
        return list(self.theatre.said)


@pytest.fixture
def world() -> World:
    return World()


def test_without_wings_the_lead_stays() -> None:
    theatre = Theatre()
    lead, source, walk = act(1)
    stage = Stage(lead, theatre)
    assert stage.step(Moment(0.5, 0.5, lambda address: 0.0, np.ones(1, np.float32), 12.0))
    assert (theatre.said, stage.problem) == (["push 1"], "")
    assert (source.max_fps, source.controls, walk.place) == (12.0, [1.0], 0.5)


def test_the_next_network_takes_over_with_its_first_picture(world: World) -> None:
    world.step(5)
    coming, source, walk = act(2, ready=False)
    world.theatre.ready.append(coming)
    assert world.step() == ["push 1"]
    assert walk.place == 6, "it goes on where the lead is"
    assert world.step() == ["push 1"]
    assert (walk.place, source.controls) == (7, [7.0])
    assert world.stage.lead is world.lead
    source.ready = True
    assert world.step() == ["push 1", "turn 2 in 4", "played"]
    assert world.stage.lead is coming
    assert world.stage.turns == 1
    assert world.step() == ["push 2", "leaving 1"]
    assert world.walk.place == walk.place == 9
    assert [world.step() for _ in range(3)] == [["push 2", "leaving 1"]] * 2 + [["push 2", "away 1"]]
    assert world.step() == ["push 2"]
    assert not source.closed


def test_only_pictures_of_the_network_that_is_on_count(world: World) -> None:
    coming, source, _ = act(2)
    world.theatre.ready.append(coming)
    world.step()
    assert world.gave
    world.step()
    source.ready = False
    assert world.step() == ["leaving 1"]
    assert not world.gave


def test_one_that_gives_no_picture_is_put_away_and_the_lead_stays(world: World) -> None:
    coming, source, _ = act(2, ready=False)
    world.theatre.ready.append(coming)
    world.step()
    source.last_error = "it holds NaN"
    assert world.step() == ["push 1", "failed: it holds NaN", "away 2"]
    assert world.step() == ["push 1"]
    assert world.stage.lead is world.lead


def test_a_third_one_waits_until_a_turn_is_over(world: World) -> None:
    for colour in (3, 2):
        world.theatre.ready.append(act(colour)[0])
    seen = [world.step() for _ in range(12)]
    turns = [i for i, said in enumerate(seen) if "played" in said]
    away = [i for i, said in enumerate(seen) if any(s.startswith("away") for s in said)]
    assert len(turns) == 2
    assert turns[0] < away[0] < turns[1] < away[1]
    assert world.stage.lead.name == "network 3"


def test_a_walk_that_cannot_go_on_from_there_begins_anew(world: World) -> None:
    world.step(5)
    coming, _, walk = act(2, broken=True)
    world.theatre.ready.append(coming)
    world.step()
    world.step()
    assert (walk.place, world.stage.lead) == (1.0, coming)


def test_a_lead_that_gives_nothing_is_no_hindrance(world: World) -> None:
    world.source.ready = False
    world.source.last_error = "it died"
    world.theatre.ready.append(act(2)[0])
    world.step()
    assert world.step() == ["turn 2 in 4", "played"]


def test_whoever_is_here_is_closed_at_the_end(world: World) -> None:
    coming, source, walk = act(2)
    world.theatre.ready.append(coming)
    world.step()
    world.step()
    world.stage.close()
    assert source.closed
    assert walk.closed
    assert world.source.closed
    assert world.walk.closed


def test_what_is_wrong_in_the_wings_is_told(world: World) -> None:
    world.theatre.problem = "s3://feed: cannot be used"
    assert world.stage.problem == "s3://feed: cannot be used"
