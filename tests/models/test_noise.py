"""Noise that turns: its numbers, its pictures on both paths, and which networks have any."""

import math
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

import models
from models.canvas import extend
from models.checkpoint import save
from models.edits import Blend, Edits, LayerEdit
from models.fast import conv
from models.fast.precision import FAITHFUL_DB, Precision, psnr
from models.noise import ANGLES, FIELDS, RATES, START, Turns, has_noise, noise_weights, turned, white_fields
from models.stylegan2 import Generator, noise_fields
from models.stylegan3 import Generator as StyleGAN3

SOME: list[Turns] = [turned(START, by) for by in (0.05, 0.31, 2.7, 1000.4)]
TEN_THOUSANDTH = 1e-4


def mixed(turns: Turns) -> Tensor:
    return torch.from_numpy(noise_weights(turns))


def network(seed: int = 0, **settings: Any) -> Generator:
    """Every parameter random and the noise loud."""
    torch.manual_seed(seed)
    config = {"img_resolution": 32, "z_dim": 8, "w_dim": 8, "channel_base": 1024, "channel_max": 64}
    generator = Generator(**(config | settings)).eval().requires_grad_(False)
    for name, parameter in generator.named_parameters():
        if name.endswith(("bias", "noise_strength")) and "affine" not in name:
            parameter.normal_(std=0.3)
    return generator


def latents(generator: Generator, count: int = 1) -> Tensor:
    ws = generator.mapping(torch.randn(count, generator.z_dim, generator=torch.Generator().manual_seed(1)))
    assert isinstance(ws, Tensor)
    return ws


def test_it_starts_with_the_networks_own_noise() -> None:
    assert noise_weights(START).tolist() == [1.0] + [0.0] * (FIELDS - 1)


def test_it_is_a_point_on_a_sphere_that_moves_at_steady_speed() -> None:
    path = np.array([noise_weights(turned(START, step / 200)) for step in range(1200)], np.float64)
    np.testing.assert_allclose(np.linalg.norm(path, axis=1), 1, atol=1e-6)
    speed = 200 * np.linalg.norm(np.diff(path, axis=0), axis=1)
    np.testing.assert_allclose(speed, math.tau * math.sqrt(sum(rate**2 for rate in RATES) / ANGLES), rtol=1e-3)


def test_it_becomes_another_in_28_seconds_and_does_not_come_back_soon() -> None:
    """At the speed a show has by default, 0.8 turns a minute."""
    own = np.array([noise_weights(turned(START, 0.8 * second / 60))[0] for second in range(3600)])
    assert own[20] > 0.2
    assert abs(own[28]) < 0.05
    assert np.abs(own[20 : 6 * 60]).max() < 0.7, "nor its negative, whose forms stand in the same places"
    assert np.abs(own[20 : 26 * 60]).max() < 0.9


def test_an_angle_that_is_full_is_empty_again() -> None:
    for angle in range(ANGLES):
        before, after = list(SOME[1]), list(SOME[1])
        before[angle], after[angle] = float(np.float32(1 - 1e-7)), 0.0
        np.testing.assert_allclose(noise_weights(before), noise_weights(after), atol=1e-6)
    assert all(0 <= turn < 1 for turns in SOME for turn in turns)


def test_a_year_of_frames_is_as_exact_as_a_minute() -> None:
    """As many turns as fit into a year, then frames one by one: float32 on the wire still moves evenly."""
    turns = turned(START, 0.8 * 60 * 24 * 365)
    sent = []
    for _ in range(3000):
        turns = turned(turns, 0.8 / 60 / 30)
        sent.append(noise_weights([float(np.float32(turn)) for turn in turns]))
    speed = np.linalg.norm(np.diff(np.array(sent, np.float64), axis=0), axis=1)
    np.testing.assert_allclose(speed, speed.mean(), rtol=0.01)
    exact = turned(START, 0.8 * 60 * 24 * 365 + 3000 * 0.8 / 60 / 30)
    np.testing.assert_allclose(noise_weights(turns), noise_weights(exact), atol=1e-6)


@pytest.mark.parametrize("turns", [(), (0.1, 0.2), (0.1, 0.2, math.nan), (0.0, math.inf, 0.0), (0.0,) * 4])
def test_what_is_not_three_angles_is_refused(turns: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="give 3 finite numbers"):
        noise_weights(turns)


def test_white_fields_belong_to_their_layer() -> None:
    fields = white_fields("b64.conv0", 64, 48)
    assert fields.shape == (FIELDS - 1, 64, 48)
    assert fields.dtype == np.float32
    np.testing.assert_array_equal(fields, white_fields("b64.conv0", 64, 48))
    others = [*fields, *white_fields("b64.conv1", 64, 48)]
    alike = [abs(float((one * other).mean())) for one, other in combinations(others, 2)]
    assert max(alike) < 0.1
    np.testing.assert_allclose([field.std() for field in others], 1, atol=0.05)
    known = [[-0.44020051, -0.40991557], [-0.31922013, 2.07638597]]  # the same on every machine
    np.testing.assert_allclose(white_fields("b4.conv1", 4, 4)[[0, -1], 0, :2], known, rtol=1e-6)


def test_noise_keeps_its_variance_as_it_turns() -> None:
    for strength in (1.0, 0.5):
        own = strength * torch.randn(64, 96, generator=torch.Generator().manual_seed(3))
        fields = noise_fields("b64.conv1", own).flatten(1)
        strengths = [float((mixed(turned(START, step / 7)) @ fields).square().mean().sqrt()) for step in range(40)]
        np.testing.assert_allclose(strengths, strength, rtol=0.05)


def test_a_layer_whose_noise_was_taken_away_has_none_at_any_turn() -> None:
    assert not noise_fields("b8.conv0", torch.zeros(8, 8)).any()


@pytest.mark.parametrize("precision", ["float32", "bfloat16", "float16"])
def test_at_the_start_the_picture_is_the_same_to_the_bit(precision: Precision) -> None:
    generator = network()
    fast, ws = generator.fast(precision), latents(generator, 2)
    assert torch.equal(generator.synthesis(ws, noise_weights=mixed(START)), generator.synthesis(ws))
    assert torch.equal(fast.synthesis(ws, noise_weights=mixed(START)), fast.synthesis(ws))
    still, own = fast.synthesis.rgba(ws[0], noise_weights=mixed(START)), fast.synthesis.rgba(ws[0])
    assert still is not None
    assert own is not None
    assert torch.equal(still, own)


@pytest.mark.parametrize("canvas", [None, (20, 72)])
@pytest.mark.parametrize("turns", SOME)
def test_the_fast_picture_is_the_exact_one(turns: Turns, canvas: tuple[int, int] | None) -> None:
    generator = network(canvas=canvas)
    ws, weights = latents(generator, 2), mixed(turns)
    exact = generator.synthesis(ws, noise_weights=weights)
    assert (exact - generator.synthesis(ws)).abs().max() > 0.05
    fast = generator.fast("float32").synthesis(ws, noise_weights=weights)
    assert (fast - exact).abs().max() <= TEN_THOUSANDTH
    scale = 0.5 / exact.std()
    for short in ("bfloat16", "float16"):
        fast = generator.fast(short).synthesis(ws, noise_weights=weights)  # type: ignore[arg-type]
        assert psnr(exact * scale, fast * scale) >= FAITHFUL_DB


def test_without_the_fused_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conv, "fuses", lambda weight: False)
    generator = network()
    ws, weights = latents(generator), mixed(SOME[1])
    exact = generator.synthesis(ws, noise_weights=weights)
    assert (generator.fast("float32").synthesis(ws, noise_weights=weights) - exact).abs().max() <= TEN_THOUSANDTH


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
def test_a_graph_follows_the_noise() -> None:
    generator = network().cuda()
    ws = latents(network()).cuda()
    fast = generator.fast("float32")
    for turns in (*SOME, START):
        exact = generator.synthesis(ws, noise_weights=mixed(turns))
        assert (fast.synthesis(ws, noise_weights=mixed(turns)) - exact).abs().max() <= 1e-3
    assert torch.equal(fast.synthesis(ws, noise_weights=mixed(START)), fast.synthesis(ws))


def test_the_picture_moves_evenly_with_the_noise() -> None:
    generator = network()
    ws, fast = latents(generator), generator.fast("float32")
    path = [fast.synthesis(ws, noise_weights=mixed(turned(START, step / 100))) for step in range(20)]
    steps = [float((later - earlier).square().mean().sqrt()) for earlier, later in pairwise(path)]
    assert max(steps) < 2 * min(steps)
    assert float((path[-1] - path[0]).square().mean().sqrt()) > 5 * max(steps)


def test_only_kept_noise_turns() -> None:
    generator = network()
    ws, weights = latents(generator), mixed(SOME[1])
    for synthesis in (generator.synthesis, generator.fast("float32").synthesis):
        assert torch.equal(synthesis(ws, "none", noise_weights=weights), synthesis(ws, "none"))
    random = [generator.synthesis(ws, "random", generator=torch.Generator().manual_seed(1)) for _ in range(2)]
    turning = torch.Generator().manual_seed(1)
    assert torch.equal(generator.synthesis(ws, "random", generator=turning, noise_weights=weights), random[0])


def test_a_bend_turns_its_layers_noise_up_and_down() -> None:
    generator = network()
    ws, weights, fast = latents(generator), mixed(SOME[2]), generator.fast("float32")
    names = generator.synthesis.layer_names
    silent = Edits(tuple(LayerEdit(name, noise=0.0) for name in names))
    expected = generator.synthesis(ws, "none")
    assert (generator.synthesis(ws, edits=silent, noise_weights=weights) - expected).abs().max() < 1e-6
    assert (fast.synthesis(ws, edits=silent, noise_weights=weights) - expected).abs().max() <= TEN_THOUSANDTH
    loud = Edits((LayerEdit(names[2], noise=3.0),))
    exact = generator.synthesis(ws, edits=loud, noise_weights=weights)
    assert (exact - generator.synthesis(ws, noise_weights=weights)).abs().max() > 0.01
    assert (fast.synthesis(ws, edits=loud, noise_weights=weights) - exact).abs().max() <= TEN_THOUSANDTH


def test_a_blend_turns_the_noise_of_both() -> None:
    generator, other = network(), network(seed=1)
    fast = generator.fast("float32", blendable=True)
    ws, weights = latents(generator), mixed(SOME[3])
    edits = Edits(blend=Blend(other.synthesis, 0.4))
    exact = generator.synthesis(ws, edits=edits, noise_weights=weights)
    assert (fast.synthesis(ws, edits=edits, noise_weights=weights) - exact).abs().max() <= TEN_THOUSANDTH
    whole = Edits(blend=Blend(other.synthesis, 1.0))
    turned_other = other.synthesis(ws, noise_weights=weights)
    assert (generator.synthesis(ws, edits=whole, noise_weights=weights) - turned_other).abs().max() <= TEN_THOUSANDTH


def test_an_extended_canvas_turns_too() -> None:
    generator = extend(network(), 40, 90)
    ws, weights = latents(generator), mixed(SOME[1])
    exact = generator.synthesis(ws, noise_weights=weights)
    assert exact.shape == (1, 3, 40, 90)
    assert (exact - generator.synthesis(ws)).abs().amax((0, 1, 2)).min() > 0, "everywhere"
    assert (generator.fast("float32").synthesis(ws, noise_weights=weights) - exact).abs().max() <= TEN_THOUSANDTH


@pytest.mark.parametrize("fast", [False, True])
def test_weights_of_another_shape_are_refused(fast: bool) -> None:
    generator = network()
    synthesis: Any = generator.fast("float32").synthesis if fast else generator.synthesis
    with pytest.raises(ValueError, match=r"noise_weights has the shape \[4\]; a layer has \[6\] fields"):
        synthesis(latents(generator), noise_weights=torch.ones(4))


def test_training_on_leaves_a_turning_network_as_it_was() -> None:
    exact = network().requires_grad_(True)
    fast, ws, weights = exact.fast("float32"), latents(network()), mixed(SOME[0])
    before = fast.synthesis(ws, noise_weights=weights)
    with torch.no_grad():
        for tensor in (*exact.parameters(), *exact.buffers()):
            tensor.mul_(1.5)
    assert torch.equal(fast.synthesis(ws, noise_weights=weights), before)


def changed(folder: Path, strength: float, field: float) -> Path:
    """A checkpoint with one noisy layer of that strength, its field so much of the usual one."""
    generator = network()
    for layer in generator.synthesis.modules():
        if hasattr(layer, "noise_strength"):
            layer.noise_strength.zero_()
    layer = generator.synthesis.get_submodule(generator.synthesis.layer_paths[1])
    layer.noise_strength.fill_(strength)
    layer.noise_const.mul_(field)
    save(folder / "network.safetensors", generator, {})
    return folder / "network.safetensors"


@pytest.mark.parametrize(
    ("strength", "field", "has"), [(0.1, 1, True), (-0.1, 1, True), (0, 1, False), (0.1, 0, False)]
)
def test_which_network_has_noise(tmp_path: Path, strength: float, field: float, has: bool) -> None:
    path = changed(tmp_path, strength, field)
    assert has_noise(path) == has
    assert has_noise(path, learns=True), "its strength may still change"


def test_a_stylegan3_has_none(tmp_path: Path) -> None:
    path = tmp_path / "plane.safetensors"
    save(path, StyleGAN3(32, z_dim=4, w_dim=4, channel_base=128, channel_max=8), {})
    assert not has_noise(path)
    assert not has_noise(path, learns=True)


def test_a_file_cut_short_is_one_sentence(tmp_path: Path) -> None:
    path = changed(tmp_path, 0.1, 1)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(models.CheckpointError, match=r"network\.safetensors: the checkpoint cannot be used"):
        has_noise(path)
