"""What the house walk promises beyond the contract."""

import numpy as np
import pytest
from pydantic import ValidationError

from engine.easing import LAG, Follower
from engine.params import ParameterTree
from engine.walk.base import Floats, LatentMapping
from engine.walk.drift import Drift, DriftConfig

FRAME = 1 / 60
LAYERS = 10


class Identity:
    """w is z: what the walk does is seen undisguised."""

    z_dim = w_dim = 64
    num_ws = LAYERS
    w_avg: Floats = np.zeros(64, np.float32)

    def __call__(self, z: Floats) -> Floats:
        return z


def drift(mapping: LatentMapping | None = None, **values: float) -> tuple[Drift, ParameterTree]:
    config = DriftConfig.model_validate({"truncation_psi": 1, **values})
    return Drift(config, mapping or Identity(), seed=11), ParameterTree(Drift.parameters(config))


def path(walk: Drift, tree: ParameterTree, frames: int) -> Floats:
    """First layer at every frame: [frames, w_dim]."""
    return np.stack([walk.advance(FRAME, tree.effective).ws[0] for _ in range(frames)])


def test_speed_zero_stands_still_and_starts_again_without_a_jump() -> None:
    walk, tree = drift(speed=0)
    still = path(walk, tree, 30)
    np.testing.assert_array_equal(still, np.tile(still[0], (30, 1)))
    tree.set("/walk/speed", 2)
    moved = path(walk, tree, 120)
    steps = np.linalg.norm(np.diff(np.vstack([still[-1:], moved]), axis=0), axis=1)
    assert steps[0] < 0.05 * steps.max()
    assert np.linalg.norm(moved[-1] - still[-1]) > 4


def test_velocity_has_no_kink_when_speed_changes() -> None:
    """Acceleration a frame after a change of speed from 0 to 2 is of the size it always has at that speed."""
    walk, tree = drift(speed=2)
    usual = np.abs(np.diff(path(walk, tree, 300), n=2, axis=0)).max()
    walk, tree = drift(speed=0)
    before = path(walk, tree, 10)
    tree.set("/walk/speed", 2)
    after = path(walk, tree, 60)
    assert np.abs(np.diff(np.vstack([before, after]), n=2, axis=0)).max() < 4 * usual


def test_speed_is_keys_a_second() -> None:
    walk, tree = drift(speed=0.5)
    path(walk, tree, 600)
    assert walk.state()["phase"] == pytest.approx(5.0, rel=1e-9)


def test_the_second_walk_keeps_its_share_of_the_speed() -> None:
    walk, tree = drift(speed=1, mix_speed=0.25)
    path(walk, tree, 240)
    assert walk.state()["mix_phase"] == pytest.approx(1.0, rel=1e-9)


def test_style_mix_reaches_the_layers_from_the_crossover_on() -> None:
    walk, tree = drift(style_mix=1, style_crossover=6)
    plain, plain_tree = drift()
    mixed, main = walk.advance(FRAME, tree.effective).ws, plain.advance(FRAME, plain_tree.effective).ws
    apart = np.linalg.norm(mixed - main, axis=1)
    assert (apart[:5] == 0).all()
    assert (np.diff(apart[4:8]) >= 0).all()
    assert (apart[7:] > 5).all()
    np.testing.assert_array_equal(mixed[8], mixed[7])


def test_style_mix_off_is_the_same_w_in_every_layer() -> None:
    walk, tree = drift(style_mix=0)
    ws = walk.advance(FRAME, tree.effective).ws
    np.testing.assert_array_equal(ws, np.tile(ws[:1], (LAYERS, 1)))


def test_a_jump_of_psi_arrives_within_a_second() -> None:
    walk, tree = drift(speed=0, truncation_psi=1)
    full = path(walk, tree, 1)[0]
    tree.set("/walk/truncation_psi", 0.5)
    np.testing.assert_allclose(path(walk, tree, 60)[-1], 0.5 * full, atol=0.01)


def test_a_year_in_one_step_is_still_a_walk() -> None:
    walk, tree = drift(speed=2)
    ws = walk.advance(365 * 86400.0, tree.effective).ws
    assert np.isfinite(ws).all()
    steps = np.linalg.norm(np.diff(path(walk, tree, 60), axis=0), axis=1)
    assert 0 < steps.max() < 1


@pytest.mark.parametrize("bad", [{"speed": -1}, {"speed": float("nan")}, {"truncation_psi": 3}, {"sped": 1}])
def test_the_show_file_is_held_to_the_bounds(bad: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        DriftConfig.model_validate(bad)


def test_a_follower_solves_its_equation() -> None:
    """Against ten thousand small Euler steps of x'' = rate² (target - x) - 2 rate x'."""
    rate, steps, span = 2 / LAG, 10000, 0.4
    x, v, integral = 1.0, -3.0, 0.0
    for _ in range(steps):
        h = span / steps
        integral += x * h
        x, v = x + v * h, v + h * (rate**2 * (2.0 - x) - 2 * rate * v)
    follower = Follower(1.0, -3.0)
    assert follower.step(2.0, span) == pytest.approx(integral, abs=1e-3)
    assert (follower.value, follower.velocity) == (pytest.approx(x, abs=1e-3), pytest.approx(v, abs=1e-2))


def test_a_follower_from_rest_never_overshoots() -> None:
    follower = Follower(0.0)
    values = []
    for _ in range(200):
        follower.step(1.0, 0.01)
        values.append(follower.value)
    assert (np.diff(values) > 0).all()
    assert 0.999 < values[-1] <= 1.0
