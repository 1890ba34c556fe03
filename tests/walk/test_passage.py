"""What the walk that rests promises beyond the contract."""

import logging
from collections.abc import Callable, Iterator
from functools import cache
from threading import Event

import numpy as np
import pytest
import torch
from pydantic import ValidationError

import models
from engine.params import ParameterTree
from engine.walk.base import DrawingMapping, Floats, LatentMapping
from engine.walk.mapping import DrawingTorchMapping, TorchMapping
from engine.walk.passage import EASE, Passage, PassageConfig
from models.coarse import coarse
from models.seeds import seed_z
from tests.sensors.waiting import eventually

FRAME = 1 / 60
DIM = 256


class Identity:
    """w is z: what the walk does is seen undisguised."""

    z_dim = w_dim = DIM
    num_ws = 4
    w_avg: Floats = np.zeros(DIM, np.float32)

    def __call__(self, z: Floats) -> Floats:
        return z


class Drawing(Identity):
    """The same with pictures, in which some of the way is much quicker than the rest."""

    def draw(self, ws: Floats) -> Floats:
        return np.tanh(3 * ws[:, :3, :12])[..., None]


class Another(Identity):
    """Another network over the same z, whose pictures change in other places."""

    def draw(self, ws: Floats) -> Floats:
        return np.tanh(5 * ws[:, :3, 40:52] - 2)[..., None]


class Failing(Identity):
    """Draws as long as it may, then does what it is told to."""

    def __init__(self, good: int, bad: Callable[[], Floats]) -> None:
        self.good, self.bad, self.tried = good, bad, 0

    def draw(self, ws: Floats) -> Floats:
        self.tried += 1
        return ws[:, :3, :12, None] if self.tried <= self.good else self.bad()


class Slow(Drawing):
    """Draws when the test says so."""

    def __init__(self) -> None:
        self.leave = Event()

    def draw(self, ws: Floats) -> Floats:
        self.leave.wait()
        return super().draw(ws)


def passage(mapping: LatentMapping | None = None, **values: float | list[int]) -> tuple[Passage, ParameterTree]:
    config = PassageConfig.model_validate({"hold": 6, "passage": 4, "truncation_psi": 1, **values})
    return Passage(config, mapping or Drawing(), seed=11), ParameterTree(Passage.parameters(config))


def path(walk: Passage, tree: ParameterTree, seconds: float, dt: float = FRAME) -> Floats:
    """First layer at every frame: [frames, w_dim]."""
    return np.stack([walk.advance(dt, tree.effective).ws[0] for _ in range(round(seconds / dt))])


def steps(points: Floats) -> Floats:
    return np.linalg.norm(np.diff(points, axis=0), axis=1)


def test_holds_and_passages_take_their_time() -> None:
    walk, tree = passage(hold=5, passage=7)
    legs = []
    for _ in range(round(30 / FRAME)):
        walk.advance(FRAME, tree.effective)
        legs.append(walk.state()["leg"])
    begins = [legs.index(leg) * FRAME for leg in (1, 2, 3, 4)]
    np.testing.assert_allclose(begins, [5, 12, 17, 24], atol=2 * FRAME)


def test_it_tells_whether_it_holds_or_passes() -> None:
    walk, tree = passage(hold=6.0, passage=4.0)
    told = []
    for _ in range(200):
        walk.advance(0.1, tree.effective)
        told.append(walk.phase)
    assert told[:58] == ["hold"] * 58
    assert told[62:98] == ["passage"] * 36
    assert told[102:158] == ["hold"] * 56


def test_a_hold_stays_in_its_region_and_a_passage_leaves_it() -> None:
    walk, tree = passage(region=0.2)
    points = path(walk, tree, 20)
    first, second = points[:350], points[620:950]
    apart = np.sqrt(2 * DIM)  # two points that have nothing in common
    assert max(np.linalg.norm(first - first[0], axis=1)) < 0.55 * apart
    assert np.linalg.norm(first[:, None] - second[None, ::10], axis=2).min() > 0.75 * apart


def test_holds_stay_with_the_stations_in_turn() -> None:
    walk, tree = passage(stations=[7, 3, 12], region=0)
    points = path(walk, tree, 36, 0.5)
    middles = points[[5, 25, 45, 65]]  # of holds of 6 s, with passages of 4 s between them
    np.testing.assert_allclose(middles, np.stack([seed_z(seed, DIM) for seed in (7, 3, 12, 7)]), atol=1e-5)
    lengths = np.linalg.norm(points, axis=1) / np.sqrt(DIM)
    assert np.abs(lengths - 1).max() < 0.2


def test_another_seed_holds_at_the_same_stations() -> None:
    config = PassageConfig(stations=[7, 3])
    one, other = (Passage(config, Drawing(), seed) for seed in (1, 2))
    tree = ParameterTree(Passage.parameters(config))
    apart = np.linalg.norm(one.advance(0, tree.effective).ws[0] - other.advance(0, tree.effective).ws[0])
    assert 0 < apart < 0.5 * np.sqrt(DIM), "what differs is the wander"


@pytest.mark.parametrize("stations", [[4], [4, 4], [1, 2, 2], [1, 2, 1], [-1, 2], [2**63, 1], [1.5, 2], ["7", 1]])
def test_stations_that_lead_nowhere_are_refused(stations: list[object]) -> None:
    with pytest.raises(ValidationError, match="stations"):
        PassageConfig.model_validate({"stations": stations})


def test_every_point_is_on_the_shell() -> None:
    walk, tree = passage(bend=0.7, region=0.5)
    lengths = np.linalg.norm(path(walk, tree, 24, 0.1), axis=1) / np.sqrt(DIM)
    assert np.abs(lengths - 1).max() < 0.2


def test_it_rests_where_hold_and_passage_meet() -> None:
    walk, tree = passage()
    speed = steps(path(walk, tree, 20)) / FRAME
    meeting = [round(at / FRAME) - 1 for at in (6, 10, 16)]
    assert speed[meeting].max() < 0.02 * speed.max()
    assert np.abs(np.diff(speed)).max() < 0.15 * speed.max(), "no step in speed"


@cache
def museum() -> DrawingTorchMapping:
    """The built-in network and its pictures of 32², on one thread as in a show."""
    torch.set_num_threads(1)
    network = models.load("museum-128")
    small = coarse(network, 32)
    assert small is not None
    return DrawingTorchMapping(network, small)


class Unseen:
    """The built-in network as one that draws nothing."""

    def __init__(self) -> None:
        known = museum()
        self.z_dim, self.w_dim, self.num_ws, self.w_avg = known.z_dim, known.w_dim, known.num_ws, known.w_avg

    def __call__(self, z: Floats) -> Floats:
        return museum()(z)


def change(mapping: LatentMapping, seconds: float) -> list[Floats]:
    """|Δimage| per second in each hold and each passage, without the ramps of speed."""
    config = PassageConfig(hold=8, passage=8)
    walk, tree = Passage(config, mapping, seed=1929), ParameterTree(Passage.parameters(config))
    dt = 0.1
    ws, at = [], []
    for _ in range(round(seconds / dt)):
        ws.append(walk.advance(dt, tree.effective).ws)
        at.append((walk.state()["leg"], walk.state()["clock"]))
    pictures = np.concatenate([museum().draw(np.stack(ws[i : i + 8])) for i in range(0, len(ws), 8)])
    changed = np.abs(np.diff(pictures, axis=0)).mean(axis=(1, 2, 3)) / dt
    legs, clocks = np.array(at).T
    even = (clocks[:-1] > EASE / 8) & (clocks[1:] < 1 - EASE / 8) & (legs[1:] == legs[:-1])
    return [changed[even & (legs[:-1] == leg)] for leg in np.unique(legs)]


def test_pictures_change_evenly_in_each_phase() -> None:
    holding, passing = phases = change(museum(), 16)
    for phase in phases:
        assert len(phase) == pytest.approx(39, abs=1)
        assert phase.min() / phase.mean() > 0.75
        assert phase.max() / phase.mean() < 1.25
    assert holding.mean() < 0.5 * passing.mean()


def test_without_pictures_they_do_not() -> None:
    """What the test above is worth."""
    phases = change(Unseen(), 16)
    assert max(phase.max() / phase.min() for phase in phases) > 2


def test_time_may_be_cut_in_any_way() -> None:
    thirty, tree = passage()
    sixty, _ = passage()
    coarse_cut = path(thirty, tree, 24, 1 / 30)
    np.testing.assert_allclose(path(sixty, tree, 24, 1 / 60)[1::2], coarse_cut, atol=1e-4)


def test_urge_brings_the_passage_forward_without_a_jump() -> None:
    walk, tree = passage(hold=20)
    calm = steps(path(walk, tree, 2)).max()
    tree.set("/walk/urge", 1)
    hurried = []
    while walk.state()["leg"] == 0:
        hurried.append(walk.advance(FRAME, tree.effective).ws[0])
    assert len(hurried) * FRAME == pytest.approx(18 / 4 + 0.25, abs=0.3)
    assert steps(np.stack(hurried)).max() < 8 * calm


def test_bend_turns_the_line_aside_and_back() -> None:
    walk, tree = passage(speed=0, region=0.3)
    before = path(walk, tree, 1)[-1]
    tree.set("/walk/bend", 1)
    aside = path(walk, tree, 2)
    assert np.linalg.norm(aside[-1] - before) > 4
    assert steps(np.vstack([before[None], aside]))[0] < 0.3
    tree.set("/walk/bend", 0)
    back = path(walk, tree, 2)[-1]
    assert np.linalg.norm(back - before) < 0.2 * np.linalg.norm(aside[-1] - before)


def test_speed_zero_stands_still_and_goes_on_from_there() -> None:
    walk, tree = passage()
    path(walk, tree, 7)
    tree.set("/walk/speed", 0)
    still = path(walk, tree, 3)[120:]
    np.testing.assert_allclose(still, np.tile(still[0], (len(still), 1)), atol=1e-5)
    tree.set("/walk/speed", 1)
    again = path(walk, tree, 1)
    assert steps(np.vstack([still[-1:], again]))[0] < 0.05 * steps(again).max()


def test_a_year_in_one_step_is_still_a_walk() -> None:
    walk, tree = passage()
    assert np.isfinite(walk.advance(365 * 86400.0, tree.effective).ws).all()
    assert 0 < steps(path(walk, tree, 1)).max() < 2


@pytest.mark.parametrize(
    "bad",
    [
        lambda: np.full((1, 3, 4, 4), np.nan, np.float32),
        lambda: (_ for _ in ()).throw(RuntimeError("no memory left")),
    ],
)
def test_a_network_whose_drawing_fails_walks_on_in_w(
    bad: Callable[[], Floats], caplog: pytest.LogCaptureFixture
) -> None:
    failing = Failing(12, bad)  # it draws the first hold, and some of the first passage
    assert isinstance(failing, DrawingMapping)
    walk, tree = passage(failing)
    with caplog.at_level(logging.WARNING):
        points = path(walk, tree, 24)
    assert 0 < steps(points).max() < 1
    assert [record.message.partition(":")[0] for record in caplog.records] == [
        "the walk's speed is even in w, not to the eye"
    ]
    assert failing.tried == 13


@pytest.fixture
def live() -> Iterator[tuple[Passage, ParameterTree, Slow]]:
    mapping = Slow()
    walk, tree = passage(mapping)
    walk.start()
    yield walk, tree, mapping
    mapping.leave.set()
    walk.close()


def test_a_live_walk_does_not_wait_for_its_tables(live: tuple[Passage, ParameterTree, Slow]) -> None:
    walk, tree, _ = live
    points = path(walk, tree, 20.1)
    assert walk.state()["leg"] == 4
    assert steps(points).max() < 1


def test_a_table_that_comes_late_does_not_move_the_walk(live: tuple[Passage, ParameterTree, Slow]) -> None:
    walk, tree, mapping = live
    before = path(walk, tree, 8)
    mapping.leave.set()
    eventually("table", lambda: walk._retimings.at(1))
    np.testing.assert_array_equal(walk.advance(0, tree.effective).ws[0], before[-1])
    after = path(walk, tree, 1)
    assert steps(np.vstack([before[-1:], after])).max() < 4 * steps(before[400:]).max()


def test_tables_made_ahead_are_those_made_at_once(live: tuple[Passage, ParameterTree, Slow]) -> None:
    walk, tree, mapping = live
    mapping.leave.set()
    walk.advance(FRAME, tree.effective)
    eventually("tables", lambda: len(walk._retimings._made) == 3)
    ahead, _ = passage()
    other, _ = passage()
    ahead._retimings = walk._retimings
    np.testing.assert_array_equal(path(ahead, tree, 12), path(other, tree, 12))


def test_it_goes_on_in_another_network_where_it_is() -> None:
    walk, tree = passage(Drawing())
    here = path(walk, tree, 8.5)[-1]
    state = walk.state()
    other, _ = passage(Another())
    other.restore(state)
    np.testing.assert_array_equal(other.advance(0, tree.effective).ws[0], here)
    assert steps(np.vstack([here[None], path(other, tree, 8)])).max() < 1.5


@pytest.mark.parametrize(
    "spoil", [{"leg": -1.0}, {"clock": 1.5}, {"place": -0.1}, {"place": float("nan")}, {"leg": float("inf")}]
)
def test_a_place_off_the_route_is_refused(spoil: dict[str, float]) -> None:
    walk, tree = passage()
    path(walk, tree, 1)
    before = walk.state()
    with pytest.raises(ValueError, match="not on its route"):
        walk.restore(before | spoil)
    assert walk.state() == before


@pytest.mark.parametrize("bad", [{"hold": 1}, {"passage": float("nan")}, {"region": 2}, {"urge": -1}, {"holds": 1}])
def test_the_show_file_is_held_to_the_bounds(bad: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        PassageConfig.model_validate(bad)


def test_only_a_network_with_small_pictures_draws() -> None:
    assert isinstance(museum(), DrawingMapping)
    assert not isinstance(Unseen(), DrawingMapping)
    assert not hasattr(TorchMapping, "draw")
