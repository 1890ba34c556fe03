"""The network's live numbers: eased, bounded, and at rest once they have arrived."""

import numpy as np
import pytest

from engine.params import Parameter, ParameterTree
from engine.walk.controls import Controls

FRAME = 1 / 60
ZOOM = Parameter("/network/camera/zoom", "float", 1.0, 0.25, 4.0)
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
