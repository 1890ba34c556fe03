"""StyleGAN3: against a naive one in float64, and what an artist's camera relies on."""

from typing import Any

import naive
import naive_stylegan3
import numpy as np
import pytest
import torch
from pydantic import ValidationError
from torch import Tensor

from models.camera import camera_transform
from models.edits import Blend, Edits, LayerEdit
from models.stylegan3 import Config, Generator, schedule

TINY: dict[str, Any] = {
    "img_resolution": 16, "z_dim": 4, "w_dim": 5, "channel_base": 16, "channel_max": 4, "num_layers": 4,
    "num_critical": 1, "margin_size": 4,
}  # fmt: skip
RADIAL: dict[str, Any] = {"conv_kernel": 1, "use_radial_filters": True}


def random_generator(**settings: Any) -> Generator:
    """Every parameter and buffer random, in float64, so that nothing is hidden by a start value."""
    torch.manual_seed(11)
    generator = Generator(**TINY | settings)
    for name, tensor in generator.state_dict().items():
        if not name.endswith(("freqs", "phases")):
            tensor.copy_(torch.randn(tensor.shape) * (100 if name.startswith("mapping.layers") else 1))
        if name.endswith("magnitude_ema"):
            tensor.abs_().add_(0.1)
    return generator.double().eval().requires_grad_(False)


def some_ws(generator: Generator, count: int = 2) -> Tensor:
    return torch.randn(count, generator.num_ws, generator.w_dim, generator=torch.Generator().manual_seed(2)).to(
        generator.mapping.w_avg
    )


@pytest.mark.parametrize(
    "settings",
    [
        {},
        RADIAL,
        {"conv_clamp": 0.6},
        {"canvas": (20, 33), "img_channels": 1},
        {"img_resolution": 24, "canvas": (24, 31), "num_layers": 3, "num_critical": 0} | RADIAL,
    ],
    ids=["T", "R", "clamped", "wide", "wide R of a side that is no power of two"],
)
def test_synthesis_equals_the_naive_one(settings: dict[str, Any]) -> None:
    generator = random_generator(**settings)
    transform = torch.tensor([[0.8, -0.5, 0.2], [0.6, 0.9, -0.1], [0, 0, 1]], dtype=torch.float64)
    ws = some_ws(generator)
    image = generator.synthesis(ws, transform=transform).numpy()
    s = generator.config.model_dump()
    expected, _ = naive_stylegan3.synthesis(naive.parameters(generator), s, ws.numpy(), transform.numpy())
    assert image.shape[2:] == generator.img_shape == (settings.get("canvas") or (16, 16))
    assert np.abs(expected).max() > 0.05
    np.testing.assert_allclose(image, expected, atol=1e-12)


def test_magnitudes_are_tracked_in_training() -> None:
    generator = random_generator(magnitude_ema_beta=0.75)
    ws = some_ws(generator)
    before = [layer.magnitude_ema.item() for layer in generator.synthesis.layers]
    generator.synthesis(ws, update_emas=True)
    # each layer's average moves before the layer is evaluated, so what follows sees the new one
    after = [layer.magnitude_ema.item() for layer in generator.synthesis.layers]
    _, magnitudes = naive_stylegan3.synthesis(naive.parameters(generator), generator.config.model_dump(), ws.numpy())
    np.testing.assert_allclose(after, [0.75 * b + 0.25 * m for b, m in zip(before, magnitudes, strict=True)])


def test_filters_are_symmetric_low_passes() -> None:
    _, layers = schedule(Config(img_resolution=256, use_radial_filters=True))
    for spec in layers[:-1]:
        for low_pass in (spec.up_filter, spec.down_filter):
            response = low_pass.design()
            assert response.sum() == pytest.approx(1)
            np.testing.assert_allclose(response, np.flip(response), atol=1e-15)
            with pytest.raises(ValueError, match="read-only"):
                response[0] = 1
    assert layers[-1].up_filter is None
    assert layers[-1].down_filter is None


@pytest.mark.parametrize("radial", [False, True])
def test_filters_equal_the_naive_ones(radial: bool) -> None:
    for spec in schedule(Config(img_resolution=128, use_radial_filters=radial))[1][:-1]:
        up, down = spec.up_filter, spec.down_filter
        rate = spec.tmp_rate
        np.testing.assert_allclose(
            up.design(), naive_stylegan3.sinc_filter(up.taps, spec.in_cutoff, spec.in_half_width, rate), atol=1e-14
        )
        design = naive_stylegan3.jinc_filter if down.radial else naive_stylegan3.sinc_filter
        np.testing.assert_allclose(
            down.design(), design(down.taps, spec.out_cutoff, spec.out_half_width, rate), atol=1e-14
        )


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"num_critical": 14}, "num_critical must be below num_layers"),
        ({"first_stopband": 1.0}, "first_cutoff < first_stopband"),
        (
            {"img_resolution": 181, "channel_base": 131072, "channel_max": 1024, "canvas": (2896, 2896)},
            r"one of its layers has .+ values, more than the 4\.3e\+09 supported",
        ),
        ({"first_cutoff": 9.0, "first_stopband": 20.0}, "first_cutoff < first_stopband"),
        ({"canvas": (1 << 14, 1 << 14)}, "choose a smaller one"),
        ({"margin_size": 10**6}, "less than or equal to 64"),
        ({"transform": 1}, "Extra inputs are not permitted"),
    ],
)
def test_impossible_designs_are_refused(wrong: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        Config(**{"img_resolution": 32, **wrong})


def sharp(**settings: Any) -> Generator:
    """A small float32 network of usual depth."""
    torch.manual_seed(4)
    generator = Generator(32, z_dim=8, w_dim=8, channel_base=256, channel_max=8, **settings)
    return generator.eval().requires_grad_(False)


def apart(picture: Tensor, other: Tensor) -> float:
    """Mean difference of two pictures [N, C, H, W] away from their borders, relative to their mean size."""
    inside = (..., slice(4, -4), slice(4, -4))
    return ((picture - other)[inside].abs().mean() / picture[inside].abs().mean()).item()


def seen(generator: Generator, ws: Tensor, **camera: float) -> Tensor:
    picture: Tensor = generator.synthesis(ws, transform=torch.from_numpy(camera_transform(**camera)))
    return picture


@pytest.mark.parametrize(("settings", "bound"), [({}, 0.02), (RADIAL, 1e-4)], ids=["T", "R"])
def test_as_the_camera_moves_the_picture_moves_the_other_way(settings: dict[str, Any], bound: float) -> None:
    generator = sharp(**settings)
    ws = some_ws(generator, 1)
    here = generator.synthesis(ws)
    assert torch.equal(seen(generator, ws), here)
    there = seen(generator, ws, x=4 / 32, y=2 / 32)  # four pixels right and two up
    assert apart(there[..., 2:, :-4], here[..., :-2, 4:]) < bound
    assert apart(there, here) > 0.2


def test_rotation_turns_the_picture_counter_clockwise() -> None:
    generator = sharp(**RADIAL)
    ws = some_ws(generator, 1)
    turned = generator.synthesis(ws).rot90(dims=(2, 3))
    assert apart(seen(generator, ws, rotation=90), turned) < 1e-3
    assert apart(seen(generator, ws, rotation=-90), turned) > 0.3


def test_the_frame_of_a_camera() -> None:
    upper_right = np.array([0.5, -0.5, 1])  # of the frame, y counting downwards
    np.testing.assert_allclose(camera_transform(x=0.2, y=0.1, zoom=2) @ upper_right, [0.45, -0.35, 1], atol=1e-6)
    np.testing.assert_allclose(camera_transform(rotation=90) @ upper_right, [0.5, 0.5, 1], atol=1e-6)
    with pytest.raises(ValueError, match="zoom is 0; give a number above 0"):
        camera_transform(zoom=0)
    with pytest.raises(ValueError, match="not finite"):
        camera_transform(x=float("nan"))


def test_each_picture_may_have_its_own_camera() -> None:
    generator = sharp()
    ws = some_ws(generator)
    transforms = torch.eye(3).repeat(2, 1, 1)
    transforms[1, :2, :2] *= 0.5
    both = generator.synthesis(ws, transform=transforms)
    for i in range(2):
        alone = generator.synthesis(ws[i : i + 1], transform=transforms[i])
        torch.testing.assert_close(both[i : i + 1], alone, atol=1e-5, rtol=1e-4)


def test_a_wider_canvas_shows_the_same_picture_and_more() -> None:
    narrow, wide = sharp(), sharp(canvas=(32, 96))
    wide.load_state_dict(narrow.state_dict())
    ws = some_ws(narrow, 1)
    picture, panorama = narrow.synthesis(ws), wide.synthesis(ws)
    assert panorama.shape == (1, 3, 32, 96)
    assert apart(panorama[..., 32:64], picture) < 0.02


def test_edits_reach_every_layer_and_no_edit_changes_nothing() -> None:
    generator = sharp()
    ws = some_ws(generator, 1)
    picture = generator.synthesis(ws)
    assert torch.equal(generator.synthesis(ws, edits=Edits()), picture)
    for name in generator.synthesis.layer_names:
        assert not torch.allclose(generator.synthesis(ws, edits=Edits((LayerEdit(name, gain=0.5),))), picture)
    with pytest.raises(ValueError, match="no layer L14"):
        generator.synthesis(ws, edits=Edits((LayerEdit("L14", gain=0.5),)))


def test_a_blend_goes_from_one_network_to_the_other() -> None:
    one = sharp()
    other = sharp()
    for tensor in other.parameters():
        tensor.normal_()
    ws = some_ws(one, 1)
    far = one.synthesis(ws, edits=Edits(blend=Blend(other.synthesis)))
    torch.testing.assert_close(far, other.synthesis(ws))
    fine = one.synthesis(ws, edits=Edits(blend=Blend(other.synthesis, first="L8")))
    assert not torch.allclose(fine, far)
    assert not torch.allclose(fine, one.synthesis(ws))


def test_network_used_for_inference_first_can_still_be_trained() -> None:
    generator = sharp().requires_grad_()
    ws = some_ws(generator, 1)
    with torch.inference_mode():
        generator.synthesis(ws)
    generator.synthesis(ws).square().mean().backward()
    for name, parameter in generator.synthesis.named_parameters():
        assert parameter.grad.abs().sum() > 0, name
