"""A walk moved along directions: eased, each network by its own, and not at all where nothing is asked."""

import numpy as np
import pytest

from engine.params import ParameterTree
from engine.walk.base import Latent
from engine.walk.directions import LAG, DirectionOffset, palette_parameters
from models.explore.direction_file import PALETTE

FRAME = 1 / 30
LATENT = Latent(np.linspace(-1, 1, 12, dtype=np.float32).reshape(3, 4))
WARM, DARK = (np.random.default_rng(seed).standard_normal((3, 4), dtype=np.float32) for seed in (1, 2))


def begin() -> tuple[DirectionOffset, ParameterTree]:
    offset = DirectionOffset({"warmth": WARM, "lightness": -DARK})
    return offset, ParameterTree(palette_parameters(offset.names))


def test_each_direction_has_a_parameter() -> None:
    parameters = palette_parameters(PALETTE)
    assert [p.address for p in parameters] == [f"/walk/{name}" for name in PALETTE]
    assert all((p.default, p.minimum, p.maximum) == (0, -1, 1) and p.help for p in parameters)


def test_at_zero_the_latent_is_the_same() -> None:
    offset, tree = begin()
    assert offset.added(LATENT, FRAME, tree.effective) is LATENT
    assert DirectionOffset().added(LATENT, FRAME, tree.effective) is LATENT


def test_values_are_sums_of_directions() -> None:
    offset, tree = begin()
    tree.set("/walk/warmth", -1.0)
    tree.set("/walk/lightness", 0.5)
    moved = offset.added(LATENT, 0, tree.effective)
    np.testing.assert_allclose(moved.ws, LATENT.ws - WARM - 0.5 * DARK, atol=1e-6)
    assert moved.ws.dtype == np.float32
    assert moved.controls is LATENT.controls


def test_a_jump_is_eased_arrives_and_goes_back_to_nothing() -> None:
    offset, tree = begin()
    offset.added(LATENT, 0, tree.effective)
    tree.set("/walk/warmth", 1.0)
    path = np.stack([offset.added(LATENT, FRAME, tree.effective).ws for _ in range(900)])
    share = (path - LATENT.ws)[:, 0, 0] / WARM[0, 0]
    assert np.diff(share, prepend=0).max() < 0.03
    assert share[round(LAG / FRAME)] == pytest.approx(0.594, abs=0.03), "1 - 3 / e² of the way after its mean delay"
    np.testing.assert_allclose(path[-1], LATENT.ws + WARM, atol=1e-6)
    tree.set("/walk/warmth", 0.0)
    for _ in range(900):
        back = offset.added(LATENT, FRAME, tree.effective)
    assert back is LATENT


def test_frames_of_any_length_lead_to_the_same_place() -> None:
    ends = []
    for frames in (10, 30, 120):
        offset, tree = begin()
        offset.added(LATENT, 0, tree.effective)
        tree.set("/walk/lightness", -1.0)
        for _ in range(frames):
            moved = offset.added(LATENT, 2 / frames, tree.effective)
        ends.append(moved.ws)
    np.testing.assert_allclose(ends[0], ends[1], atol=1e-5)
    np.testing.assert_allclose(ends[0], ends[2], atol=1e-5)
