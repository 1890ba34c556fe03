"""The network's live numbers: eased, bounded, and at rest once they have arrived; and its noise, which turns."""

import numpy as np
import pytest

from engine.params import Parameter, ParameterTree
from engine.walk.controls import NOISE_SPEED, Controls
from models.noise import ANGLES, noise_weights, turned

FRAME = 1 / 60
ZOOM = Parameter("/network/camera/zoom", "float", 1.0, 0.25, 4.0)
SPEED = Parameter(NOISE_SPEED, "float", 3.0, 0.0, 20.0)
TURN = Parameter("/network/bend/tilt/rotate", "float", 36.0, -180.0, 180.0)


def begin() -> tuple[Controls, ParameterTree]:
    return Controls([ZOOM, TURN]), ParameterTree([ZOOM, TURN])


def test_without_parameters_there_is_nothing() -> None:
    assert Controls().advance(FRAME, ParameterTree().effective).size == 0


def test_they_start_where_the_show_and_its_sets_have_them() -> None:
    controls, tree = begin()
    tree.set(TURN.address, -90.0)
    got = controls.advance(0, tree.effective)
    assert got.dtype == np.float32
    assert got.tolist() == [1.0, -90.0]


def test_a_jump_of_the_slider_is_a_glide_that_arrives_and_rests() -> None:
    controls, tree = begin()
    controls.advance(0, tree.effective)
    tree.set(TURN.address, 180.0)
    tree.set(ZOOM.address, 4.0)
    path = np.stack([controls.advance(FRAME, tree.effective) for _ in range(180)])
    steps = np.abs(np.diff(path, axis=0)) / [4.0 - 0.25, 360.0]
    assert steps.max() < 0.06
    assert path[-1].tolist() == [4.0, 180.0]
    assert (path[-60:] == path[-1]).all(), "what has arrived stands still"


def test_whatever_is_asked_they_stay_in_range() -> None:
    controls, tree = begin()
    numbers = np.random.default_rng(4)
    for _ in range(400):
        tree.set(ZOOM.address, float(numbers.uniform(0.25, 4)))
        zoom, turn = controls.advance(float(numbers.uniform(0, 0.2)), tree.effective)
        assert 0.25 <= zoom <= 4
        assert turn == 36


def test_modulation_counts() -> None:
    controls, tree = begin()
    controls.advance(0, tree.effective)
    tree.modulate({TURN.address: 14.0})
    for _ in range(200):
        got = controls.advance(FRAME, tree.effective)
    assert got[1] == pytest.approx(50)


def test_their_names_are_in_the_order_of_the_values() -> None:
    controls = Controls([ZOOM, SPEED, TURN])
    turns = [f"noise/turn_{angle}" for angle in range(ANGLES)]
    assert controls.names == ("camera/zoom", *turns, "bend/tilt/rotate")
    assert controls.advance(0, ParameterTree([ZOOM, SPEED, TURN]).effective).tolist() == [1.0, 0.0, 0.0, 0.0, 36.0]


def noise() -> tuple[Controls, ParameterTree]:
    return Controls([SPEED]), ParameterTree([SPEED])


def test_the_noise_turns_at_its_speed_however_time_is_cut() -> None:
    """3 turns a minute for 10 s are half a turn."""
    expected = turned((0.0,) * ANGLES, 0.5)
    for steps in ([FRAME] * 600, [0.5] * 20, [10.0], [0.0, 3.0, 0.0, 7.0]):
        controls, tree = noise()
        for step in steps:
            got = controls.advance(step, tree.effective)
        assert got.tolist() == pytest.approx(expected)


def test_a_jump_of_its_speed_is_no_jump_of_the_noise() -> None:
    controls, tree = noise()
    path = []
    for frame in range(900):
        if frame % 100 == 0:
            tree.set(SPEED.address, 20.0 if frame % 200 else 0.0)
        path.append(noise_weights(controls.advance(FRAME, tree.effective).tolist()))
    velocity = np.diff(np.array(path, np.float64), axis=0) / FRAME
    fastest = np.linalg.norm(velocity, axis=1).max()
    assert fastest > 1
    assert np.linalg.norm(np.diff(velocity, axis=0), axis=1).max() < 0.15 * fastest


def test_at_speed_0_the_noise_rests_where_it_is() -> None:
    controls, tree = noise()
    for _ in range(100):
        controls.advance(FRAME, tree.effective)
    tree.set(SPEED.address, 0.0)
    path = np.stack([controls.advance(FRAME, tree.effective) for _ in range(240)])
    assert path[-1].all(), "not back at the start"
    assert (path[-60:] == path[-1]).all()


def test_noise_that_starts_at_speed_0_never_leaves_its_start() -> None:
    controls, tree = noise()
    tree.set(SPEED.address, 0.0)
    assert not any(controls.advance(FRAME, tree.effective).any() for _ in range(100))


def test_the_same_speeds_turn_the_noise_alike() -> None:
    def path() -> list[list[float]]:
        controls, tree = noise()
        numbers = np.random.default_rng(8)
        sent = []
        for _ in range(300):
            tree.modulate({SPEED.address: float(numbers.uniform(-3, 5))})
            sent.append(controls.advance(float(numbers.uniform(0, 0.1)), tree.effective).tolist())
        return sent

    assert path() == path()
