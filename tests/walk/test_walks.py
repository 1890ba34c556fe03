"""The contract every walk keeps."""

import json
from collections.abc import Callable

import numpy as np
import pytest

from engine.params import ParameterTree
from engine.walk.base import ROOT, Floats, Lookup, Walk, WalkConfig
from engine.walk.registry import walks

FRAME = 1 / 60
NUM_WS, Z, W = 8, 16, 12
WALKS = [pytest.param(walk, id=name) for name, walk in walks().items()]


class SmoothMapping:
    """Twenty lines of mapping network: fixed, nonlinear, with an average that is not zero."""

    z_dim, w_dim, num_ws = Z, W, NUM_WS

    def __init__(self) -> None:
        numbers = np.random.default_rng(5)
        self._weights = numbers.normal(size=(Z, W)).astype(np.float32) / np.float32(np.sqrt(Z))
        self.w_avg: Floats = numbers.normal(size=W).astype(np.float32)
        self.calls = 0

    def __call__(self, z: Floats) -> Floats:
        self.calls += 1
        w: Floats = np.tanh(z @ self._weights) + self.w_avg
        return w


def config_of(walk: type[Walk], **values: float) -> WalkConfig:
    name = next(name for name, known in walks().items() if known is walk)
    return walk.Config.model_validate({"type": name, **values})


def begin(walk: type[Walk], seed: int = 3, **values: float) -> tuple[Walk, ParameterTree]:
    config = config_of(walk, **values)
    return walk(config, SmoothMapping(), seed), ParameterTree(walk.parameters(config))


def go(walk: Walk, lookup: Lookup, steps: int, dt: float = FRAME) -> Floats:
    """ws of every step: [steps, num_ws, w_dim]."""
    return np.stack([walk.advance(dt, lookup).ws for _ in range(steps)])


def disturb(tree: ParameterTree, numbers: np.random.Generator) -> None:
    """Throw one parameter anywhere in its range."""
    parameters = list(tree)
    chosen = parameters[numbers.integers(len(parameters))]
    assert chosen.minimum is not None
    assert chosen.maximum is not None
    tree.set(chosen.address, float(numbers.uniform(chosen.minimum, chosen.maximum)))


def test_drift_and_still_are_found() -> None:
    assert {"drift", "still"} <= set(walks())


@pytest.mark.parametrize("walk", WALKS)
def test_latents_have_the_networks_shape(walk: type[Walk]) -> None:
    moving, tree = begin(walk)
    ws = moving.advance(FRAME, tree.effective).ws
    assert ws.shape == (NUM_WS, W)
    assert ws.dtype == np.float32
    assert np.isfinite(ws).all()


@pytest.mark.parametrize("walk", WALKS)
def test_every_number_of_the_config_is_a_parameter_with_words_for_people(walk: type[Walk]) -> None:
    config = config_of(walk)
    parameters = {p.address: p for p in walk.parameters(config)}
    numbers = {f"{ROOT}/{name}": value for name, value in config if isinstance(value, int | float)}
    assert {address: p.default for address, p in parameters.items()} == numbers
    assert all(p.help and p.label and p.minimum is not None and p.maximum is not None for p in parameters.values())


@pytest.mark.parametrize("walk", WALKS)
def test_the_same_seed_and_steps_give_the_same_latents(walk: type[Walk]) -> None:
    def run(seed: int) -> Floats:
        moving, tree = begin(walk, seed)
        numbers = np.random.default_rng(1)
        taken = []
        for step in range(60):
            if step % 10 == 0:
                disturb(tree, numbers)
            taken.append(go(moving, tree.effective, 1))
        return np.concatenate(taken)

    np.testing.assert_array_equal(run(3), run(3))
    assert np.abs(run(3) - run(4)).max() > 0.1


@pytest.mark.parametrize("walk", WALKS)
def test_no_parameter_makes_the_position_jump(walk: type[Walk]) -> None:
    """All parameters thrown about at random, 18 times a second: |Δw| in a frame is bounded, and shrinks with the frame.

    |w - w_avg| is at most sqrt(W) with this mapping, and psi goes from -1 to 2: the bound is a tenth of that range.
    """

    def largest_step(cuts: int) -> float:
        moving, tree = begin(walk)
        numbers = np.random.default_rng(2)
        before, largest = moving.advance(FRAME, tree.effective).ws, 0.0
        for _ in range(1500):
            for _ in range(numbers.poisson(0.3)):
                disturb(tree, numbers)
            for after in go(moving, tree.effective, cuts, FRAME / cuts):
                largest = max(largest, float(np.linalg.norm(after - before, axis=1).max()))
                before = after
        return largest

    coarse = largest_step(1)
    assert 0 < coarse < 0.3 * np.sqrt(W)
    assert largest_step(4) < coarse / 3


@pytest.mark.parametrize("walk", WALKS)
def test_a_steady_walk_does_not_depend_on_how_time_is_cut(walk: type[Walk]) -> None:
    def run(cuts: int) -> Floats:
        moving, tree = begin(walk)
        go(moving, tree.effective, 5 * cuts, FRAME / cuts)
        for parameter in list(tree):
            assert parameter.maximum is not None
            tree.set(parameter.address, 0.8 * parameter.maximum)
        return go(moving, tree.effective, 20 * cuts, FRAME / cuts)[-1]

    np.testing.assert_allclose(run(2), run(1), atol=2e-3)
    np.testing.assert_allclose(run(10), run(1), atol=2e-3)


@pytest.mark.parametrize("walk", WALKS)
def test_a_restored_walk_goes_on_where_the_other_was(walk: type[Walk]) -> None:
    moving, tree = begin(walk)
    numbers = np.random.default_rng(6)
    for _ in range(50):
        disturb(tree, numbers)
        moving.advance(FRAME, tree.effective)
    saved = json.loads(json.dumps(moving.state()))
    other, _ = begin(walk)
    other.restore(saved)
    np.testing.assert_array_equal(go(other, tree.effective, 30), go(moving, tree.effective, 30))


@pytest.mark.parametrize("walk", WALKS)
@pytest.mark.parametrize("spoil", [dict.clear, lambda state: state.update(dict.fromkeys(state, float("nan")))])
def test_a_state_that_is_none_is_refused_and_changes_nothing(
    walk: type[Walk], spoil: Callable[[dict[str, float]], None]
) -> None:
    moving, tree = begin(walk)
    go(moving, tree.effective, 10)
    before = moving.state()
    bad = moving.state()
    spoil(bad)
    with pytest.raises((KeyError, ValueError)):
        moving.restore(bad)
    assert moving.state() == before


@pytest.mark.parametrize("walk", WALKS)
def test_a_frame_costs_one_call_of_the_mapping_at_most(walk: type[Walk]) -> None:
    mapping = SmoothMapping()
    config = config_of(walk)
    moving, tree = walk(config, mapping, 0), ParameterTree(walk.parameters(config))
    go(moving, tree.effective, 1)  # with what is worked out once for a stretch of the way
    before = mapping.calls
    go(moving, tree.effective, 10)
    assert mapping.calls - before in (0, 10)


@pytest.mark.parametrize("walk", WALKS)
def test_no_time_is_no_movement(walk: type[Walk]) -> None:
    moving, tree = begin(walk)
    first = go(moving, tree.effective, 10)[-1]
    np.testing.assert_allclose(moving.advance(0.0, tree.effective).ws, first, atol=1e-6)


@pytest.mark.parametrize("walk", WALKS)
def test_zero_psi_is_the_average_picture(walk: type[Walk]) -> None:
    moving, tree = begin(walk, truncation_psi=0)
    ws = moving.advance(FRAME, tree.effective).ws
    np.testing.assert_array_equal(ws, np.tile(SmoothMapping().w_avg, (NUM_WS, 1)))
