"""Layer edits: what each does to features, that none changes nothing, that every number moves the picture smoothly."""

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from models.edits import Blend, Edits, LayerEdit
from models.stylegan2 import Generator

LAYER = "b16.conv0"


def network(seed: int = 3) -> Generator:
    torch.manual_seed(seed)
    generator = Generator(32, z_dim=8, w_dim=8, channel_base=256, channel_max=16, mapping_layers=2)
    for name, parameter in generator.named_parameters():
        if name.endswith("noise_strength"):
            parameter.data.fill_(0.3)
    return generator.eval().requires_grad_(False)


@pytest.fixture(scope="module")
def net() -> Generator:
    return network()


@pytest.fixture(scope="module")
def ws(net: Generator) -> Tensor:
    z = torch.randn(2, net.z_dim, generator=torch.Generator().manual_seed(1))
    return net.mapping(z)  # type: ignore[no-any-return]


def features(height: int = 9, width: int = 9) -> Tensor:
    return torch.randn(2, 6, height, width, generator=torch.Generator().manual_seed(2))


def dot(row: int, column: int, height: int = 9, width: int = 9) -> Tensor:
    x = torch.zeros(1, 1, height, width)
    x[0, 0, row, column] = 1
    return x


NEUTRAL = [LayerEdit(LAYER), LayerEdit(LAYER, rotate=360), LayerEdit(LAYER, amount=0, gain=0, noise=0)]


@pytest.mark.parametrize("edits", [None, Edits(), Edits(tuple(NEUTRAL))], ids=["none", "empty", "neutral"])
def test_nothing_done_is_the_very_same_picture(net: Generator, ws: Tensor, edits: Edits | None) -> None:
    assert not edits
    assert torch.equal(net.synthesis(ws, edits=edits), net.synthesis(ws))


def test_a_layer_nothing_is_done_to_keeps_its_tensor() -> None:
    x = features()
    assert Edits((LayerEdit("elsewhere", gain=0),)).apply(LAYER, x) is x


def test_layers_are_named_from_coarse_to_fine(net: Generator) -> None:
    names = ["b4.conv1", "b8.conv0", "b8.conv1", "b16.conv0", "b16.conv1", "b32.conv0", "b32.conv1"]
    assert net.synthesis.layer_names == names
    for name, path in zip(names, net.synthesis.layer_paths, strict=True):
        assert net.synthesis.get_submodule(path).name == name


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (LayerEdit(LAYER, rotate=90), dot(2, 4)),
        (LayerEdit(LAYER, rotate=-180), dot(4, 2)),
        (LayerEdit(LAYER, translate=(1 / 9, 2 / 9)), dot(2, 7)),
        (LayerEdit(LAYER, flip=(1, 0)), dot(4, 2)),
        (LayerEdit(LAYER, flip=(0, 1)), dot(4, 6)),
        (LayerEdit(LAYER, flip=(0.5, 0)), (dot(4, 6) + dot(4, 2)) / 2),
        (LayerEdit(LAYER, gain=-2), -2 * dot(4, 6)),
        (LayerEdit(LAYER, rotate=90, amount=0.25), 0.75 * dot(4, 6) + 0.25 * dot(2, 4)),
    ],
    ids=["a quarter turn is counter-clockwise", "half", "right and up", "flip", "down", "symmetric", "gain", "amount"],
)
def test_where_a_dot_right_of_the_middle_goes(edit: LayerEdit, expected: Tensor) -> None:
    torch.testing.assert_close(edit.apply(dot(4, 6)), expected, atol=1e-5, rtol=0)


def test_a_turn_keeps_its_form_on_a_wide_map() -> None:
    turned = LayerEdit(LAYER, rotate=90).apply(dot(4, 12, 9, 21))
    torch.testing.assert_close(turned[..., 6:15], dot(2, 4), atol=1e-5, rtol=0)


def test_scale_enlarges_about_the_middle() -> None:
    enlarged = LayerEdit(LAYER, scale=2).apply(dot(4, 6))
    spread = torch.tensor([0.5, 1, 0.5])
    expected = torch.zeros(1, 1, 9, 9)
    expected[0, 0, 3:6, 7:9] = torch.outer(spread, spread)[:, :2]
    torch.testing.assert_close(enlarged, expected, atol=1e-5, rtol=0)


def test_a_margin_is_no_part_of_the_picture() -> None:
    moved = LayerEdit(LAYER, translate=(0.5, 0)).apply(dot(4, 4), margin=2)  # half of five cells
    torch.testing.assert_close(moved, (dot(4, 6) + dot(4, 7)) / 2, atol=1e-5, rtol=0)


def test_beyond_the_border_it_is_mirrored() -> None:
    x = features()
    moved = LayerEdit(LAYER, translate=(3 / 9, 0)).apply(x)
    torch.testing.assert_close(moved[..., :3], x[..., :3].flip(3), atol=1e-5, rtol=0)


def test_the_threshold_drops_small_values_and_keeps_large_ones() -> None:
    x = torch.tensor([-20.0, -1.1, -0.5, 0.0, 0.9, 1.0, 2.0]).view(1, 1, 1, 7)
    got = LayerEdit(LAYER, threshold=1).apply(x).flatten().tolist()
    assert got == pytest.approx([-19.95, -0.1909, 0, 0, 0, 0, 1.5], abs=1e-4)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
@pytest.mark.parametrize("threshold", [1e-60, 1e-5, 1.0, 1e60])
def test_the_threshold_bears_every_number(threshold: float, dtype: torch.dtype) -> None:
    x = torch.tensor([-400, -1e-6, 0, 1e-6, 2.0, 4e4], dtype=dtype).view(1, 1, 1, 6)
    got = LayerEdit(LAYER, threshold=threshold).apply(x)
    assert got.isfinite().all()
    assert (got.abs() <= x.abs()).all()
    strong = x.abs() > 1000 * threshold
    torch.testing.assert_close(got[strong], x[strong], atol=1e-5, rtol=1e-5)
    assert (got[x.abs() < threshold / 2] == 0).all()


def test_only_the_chosen_channels_change() -> None:
    x = features()
    got = LayerEdit(LAYER, channels=(1, 4), gain=0).apply(x)
    assert (got[:, [1, 4]] == 0).all()
    assert torch.equal(got[:, [0, 2, 3, 5]], x[:, [0, 2, 3, 5]])
    assert (x != 0).all(), "the features given are left as they were"


def test_edits_of_one_layer_follow_each_other() -> None:
    both = Edits((LayerEdit(LAYER, translate=(1 / 9, 0)), LayerEdit(LAYER, flip=(1, 0)), LayerEdit("other", gain=0)))
    torch.testing.assert_close(both.apply(LAYER, dot(4, 6)), dot(4, 1), atol=1e-5, rtol=0)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("channels", [None, (0, 3)])
def test_type_and_layout_stay(
    dtype: torch.dtype, layout: torch.memory_format, channels: tuple[int, ...] | None
) -> None:
    x = features().to(dtype).contiguous(memory_format=layout)
    edit = LayerEdit(LAYER, channels, 1.1, 20, (0.1, 0), (0.2, 0.1), 0.3, 0.8, amount=0.9)
    got = edit.apply(x)
    assert (got.dtype, got.stride()) == (x.dtype, x.stride())
    torch.testing.assert_close(got.float(), edit.apply(x.float().contiguous()), atol=0.05, rtol=0.05)


def test_noise_of_every_layer_can_be_turned_off(net: Generator, ws: Tensor) -> None:
    silent = Edits(tuple(LayerEdit(name, noise=0) for name in net.synthesis.layer_names))
    torch.testing.assert_close(net.synthesis(ws, edits=silent), net.synthesis(ws, noise_mode="none"))


def test_gradients_pass_through_edits(net: Generator, ws: Tensor) -> None:
    w = ws.clone().requires_grad_()
    edits = Edits((LayerEdit(LAYER, channels=(0, 2), rotate=20, threshold=0.1, flip=(0.3, 0)),))
    net.synthesis(w, edits=edits).square().mean().backward()
    assert w.grad is not None
    assert bool(w.grad.isfinite().all())
    assert bool((w.grad[:, :4].abs().sum(dim=2) > 0).all())


@pytest.mark.parametrize(
    ("edits", "sentence"),
    [
        (Edits((LayerEdit("b64.conv0", gain=0),)), "there is no layer b64.conv0; this network has b4.conv1, b8.conv0"),
        (Edits((LayerEdit(LAYER, channels=(3, 16), gain=0),)), f"layer {LAYER} names channel 16; it has 0 to 15"),
    ],
)
def test_what_is_not_there_is_one_sentence(net: Generator, ws: Tensor, edits: Edits, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        net.synthesis(ws, edits=edits)


@pytest.mark.parametrize("wrong", [{"scale": 0.0}, {"rotate": float("nan")}, {"channels": (-1,)}])
def test_an_impossible_edit_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=f"the edit of layer {LAYER}"):
        LayerEdit(LAYER, **wrong)  # type: ignore[arg-type]


FIELDS: dict[str, tuple[Callable[[float], LayerEdit], float, float]] = {
    "scale": (lambda v: LayerEdit(LAYER, scale=v), 0.5, 2),
    "rotate": (lambda v: LayerEdit(LAYER, rotate=v), -180, 180),
    "right": (lambda v: LayerEdit(LAYER, translate=(v, 0)), -0.5, 0.5),
    "up": (lambda v: LayerEdit(LAYER, translate=(0, v)), -0.5, 0.5),
    "flip": (lambda v: LayerEdit(LAYER, flip=(v, 0)), 0, 1),
    "flop": (lambda v: LayerEdit(LAYER, flip=(0, v)), 0, 1),
    "threshold": (lambda v: LayerEdit(LAYER, threshold=v), 0, 2),
    "gain": (lambda v: LayerEdit(LAYER, gain=v), -1, 3),
    "noise": (lambda v: LayerEdit(LAYER, noise=v), 0, 3),
    "amount": (lambda v: LayerEdit(LAYER, rotate=45, amount=v), 0, 1),
}


def changes(draw: Callable[[float], Tensor], low: float, high: float, step: float) -> list[float]:
    """Mean change of the picture for a step of a share of the range, at its ends and between."""
    places = [low + (high - low) * share for share in (0.0, 0.2, 0.4999, 0.75, 1 - step)]
    return [(draw(v + step * (high - low)) - draw(v)).abs().mean().item() for v in places]


@pytest.mark.parametrize("name", FIELDS)
def test_a_small_step_of_a_number_is_a_small_step_of_the_picture(net: Generator, ws: Tensor, name: str) -> None:
    """A hundredth of the range changes little, a thousandth about a tenth of that: there is no jump anywhere."""
    edit, low, high = FIELDS[name]

    def draw(value: float) -> Tensor:
        image: Tensor = net.synthesis(ws, edits=Edits((edit(value),)))
        return image

    contrast = draw(high).std().item()
    coarse, fine = changes(draw, low, high, 1e-2), changes(draw, low, high, 1e-3)
    assert max(coarse) > 0
    assert max(coarse) < 0.25 * contrast
    assert max(fine) < 0.2 * max(coarse)


@pytest.fixture(scope="module")
def other() -> Generator:
    return network(seed=4)


def test_a_blend_reaches_from_one_network_to_the_other(net: Generator, other: Generator, ws: Tensor) -> None:
    blend = Blend(other.synthesis, 1.0)
    mine, theirs = net.synthesis(ws), other.synthesis(ws)
    assert not Edits(blend=replace(blend, amount=0))
    torch.testing.assert_close(net.synthesis(ws, edits=Edits(blend=blend)), theirs)
    torch.testing.assert_close(net.synthesis(ws), mine, msg="a blend must leave the network as it was")

    def draw(amount: float) -> Tensor:
        image: Tensor = net.synthesis(ws, edits=Edits(blend=replace(blend, amount=amount)))
        return image

    coarse, fine = changes(draw, 0, 1, 1e-2), changes(draw, 0, 1, 1e-3)
    assert max(coarse) < 0.25 * mine.std()
    assert max(fine) < 0.2 * max(coarse)


def test_a_blend_of_some_layers_leaves_the_others(net: Generator, other: Generator, ws: Tensor) -> None:
    blend = Blend(other.synthesis, 0.5, first="b8.conv1", last="b16.conv0")
    changed = blend.weights(net.synthesis)
    assert {name.rpartition(".")[0].removesuffix(".affine") for name in changed} == {
        "blocks.1.conv1", "blocks.1.torgb", "blocks.2.conv0",
    }  # fmt: skip
    weight = "blocks.2.conv0.weight"
    mean = (net.synthesis.state_dict()[weight] + other.synthesis.state_dict()[weight]) / 2
    torch.testing.assert_close(changed[weight], mean)
    assert "blocks.0.const" in Blend(other.synthesis, 0.5, last="b4.conv1").weights(net.synthesis)


def test_a_blend_computes_its_weights_once(net: Generator, other: Generator) -> None:
    blend = Blend(other.synthesis, 0.5)
    assert blend.weights(net.synthesis) is blend.weights(net.synthesis)


def test_a_blend_first_used_in_inference_bears_gradients(net: Generator, other: Generator, ws: Tensor) -> None:
    edits = Edits(blend=Blend(other.synthesis, 0.5))
    with torch.inference_mode():
        net.synthesis(ws, edits=edits)
    wanted = ws.clone().requires_grad_()
    net.synthesis(wanted, edits=edits).sum().backward()
    assert wanted.grad is not None
    assert wanted.grad.abs().max() > 0


def test_a_blend_by_no_number_is_refused(other: Generator) -> None:
    with pytest.raises(ValueError, match="the blend's amount is nan"):
        Blend(other.synthesis, float("nan"))


def test_networks_of_another_shape_do_not_blend(net: Generator, ws: Tensor) -> None:
    small = Generator(32, z_dim=8, w_dim=8, channel_base=256, channel_max=8, mapping_layers=2)
    with pytest.raises(ValueError, match="the two networks to blend differ in shape"):
        net.synthesis(ws, edits=Edits(blend=Blend(small.synthesis, 0.5)))
    with pytest.raises(ValueError, match=r"there is no layer b64\.conv0"):
        net.synthesis(ws, edits=Edits(blend=Blend(small.synthesis, 0.5, first="b64.conv0")))
