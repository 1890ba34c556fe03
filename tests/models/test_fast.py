"""The fast path gives the exact networks' pictures: on the small known networks, and on every kind of layer."""

from typing import Any

import pytest
import torch
from known import SMALL, largest, needs_reference, published, reference, small
from torch import Tensor

from models import stylegan2, stylegan3
from models.base import GeneratorBase
from models.canvas import extend
from models.edits import Blend, Edits, LayerEdit
from models.fast import conv, precision
from models.fast.conv import Convolution, convolve
from models.fast.picture import to_rgba, upsample
from models.fast.precision import FAITHFUL_DB, Precision, psnr
from models.fast.stylegan2 import StyleGAN2Drawing
from models.ops import upsample as exact_upsample

WIDE = {"channel_base": 2048, "channel_max": 64}  # both more and fewer channels than a vector holds
FEW = {"channel_max": 24, "num_layers": 7}
KINDS: dict[str, tuple[Any, dict[str, Any]]] = {
    "stylegan2": (stylegan2, {"img_resolution": 64, **WIDE}),
    "stylegan2 clamped": (stylegan2, {"img_resolution": 64, "conv_clamp": 0.8, **WIDE}),
    "stylegan2 32:9": (stylegan2, {"img_resolution": 32, "canvas": (36, 128)}),
    "stylegan2 grey": (stylegan2, {"img_resolution": 32, "img_channels": 1, "c_dim": 3}),
    "stylegan3-t": (stylegan3, {"img_resolution": 32, **FEW}),
    "stylegan3-t clamped": (stylegan3, {"img_resolution": 32, **FEW, "conv_clamp": 0.5}),
    "stylegan3-t 40": (stylegan3, {"img_resolution": 40, **FEW, "canvas": (40, 70)}),
    "stylegan3-r": (
        stylegan3,
        {"img_resolution": 32, **FEW, "conv_kernel": 1, "use_radial_filters": True},
    ),
    "stylegan3 odd": (stylegan3, {"img_resolution": 32, **FEW, "lrelu_upsampling": 4, "filter_size": 5}),
    "stylegan3 plain": (stylegan3, {"img_resolution": 32, **FEW, "lrelu_upsampling": 1}),
}
TEN_THOUSANDTH = 1e-4


def network(kind: str, seed: int = 0) -> GeneratorBase:
    """A generator of some kind with every parameter random, biases and noise too."""
    module, config = KINDS[kind]
    torch.manual_seed(seed)
    generator: GeneratorBase = module.Generator(**config).eval().requires_grad_(False)
    for name, parameter in generator.named_parameters():
        if name.endswith(("bias", "noise_strength")) and "affine" not in name:
            parameter.normal_(std=0.3)
    return generator


def latents(generator: GeneratorBase, count: int = 1) -> Tensor:
    """ws [count, num_ws, w_dim], untruncated."""
    c = torch.eye(generator.c_dim)[:1].expand(count, -1) if generator.c_dim else None
    with torch.inference_mode():
        return generator.mapping(torch.randn(count, generator.z_dim), c)  # type: ignore[no-any-return]


@pytest.mark.parametrize("kind", KINDS)
def test_float32_is_the_exact_picture(kind: str) -> None:
    generator = network(kind)
    ws = latents(generator, 2)
    fast = generator.fast("float32")
    expected = generator.synthesis(ws)
    assert expected.abs().max() > 0.05
    assert largest(fast.synthesis(ws), expected) <= TEN_THOUSANDTH
    assert largest(fast.synthesis(ws, "none"), generator.synthesis(ws, "none")) <= TEN_THOUSANDTH


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("short", ["bfloat16", "float16"])
def test_a_short_type_is_faithful(kind: str, short: Precision) -> None:
    generator = network(kind)
    ws = latents(generator, 2)
    exact = generator.synthesis(ws)
    scale = 0.5 / exact.std()  # random networks are louder or quieter than trained ones, whose pictures fill [-1, 1]
    assert psnr(exact * scale, generator.fast(short).synthesis(ws) * scale) >= FAITHFUL_DB


@pytest.mark.parametrize("name", SMALL)
def test_known_networks(name: str) -> None:
    known = small(name)
    fast = known.generator.fast("float32")
    for arguments, image in known.pictures.values():
        assert largest(fast.synthesis(known.ws, **arguments), image) <= 2e-5


@needs_reference
@pytest.mark.parametrize("name", ["sg2_32", "sg2_64_c4", "sg2ada_32_p3", "sg3t_64", "sg3r_32_c3"])
def test_published_vectors(name: str) -> None:
    vectors = reference(name)
    generator = published(name, "G_ema")
    assert isinstance(generator, GeneratorBase)
    ws = torch.from_numpy(vectors["w_psi07"])
    assert largest(generator.eval().fast("float32").synthesis(ws), vectors["img_psi07"]) <= TEN_THOUSANDTH


def test_random_noise_is_as_strong_as_the_kept_one() -> None:
    generator = network("stylegan2")
    ws, fast = latents(generator), generator.fast("float32")
    first, second = fast.synthesis(ws, "random"), fast.synthesis(ws, "random")
    assert not torch.equal(first, second)
    assert 0.5 < (first - fast.synthesis(ws)).std() / (generator.synthesis(ws, "random") - first).std() < 2


def edits_of(generator: GeneratorBase) -> Edits:
    names = generator.synthesis.layer_names
    assert isinstance(names, list)
    return Edits(
        (
            LayerEdit(names[1], rotate=30, scale=1.2, translate=(0.2, 0.1), noise=0.5),
            LayerEdit(names[-1], channels=(0, 2), gain=0.0, noise=2.0),
        )
    )


@pytest.mark.parametrize("kind", ["stylegan2", "stylegan2 32:9", "stylegan3-t", "stylegan3-r"])
def test_edits(kind: str) -> None:
    generator = network(kind)
    ws, edits = latents(generator), edits_of(generator)
    fast = generator.fast("float32")
    expected = generator.synthesis(ws, edits=edits)
    assert largest(expected, generator.synthesis(ws)) > 0.01
    assert largest(fast.synthesis(ws, edits=edits), expected) <= TEN_THOUSANDTH
    assert torch.equal(fast.synthesis(ws, edits=Edits()), fast.synthesis(ws))


@pytest.mark.parametrize("kind", ["stylegan2", "stylegan3-t"])
def test_blend(kind: str) -> None:
    generator, other = network(kind), network(kind, seed=1)
    fast = generator.fast("float32", blendable=True)
    ws = latents(generator)
    for amount in (0.3, 1.0):
        edits = Edits(blend=Blend(other.synthesis, amount, first=fast.synthesis.layer_names[2]))
        expected = generator.synthesis(ws, edits=edits)
        assert largest(fast.synthesis(ws, edits=edits), expected) <= TEN_THOUSANDTH
        both = Edits(edits_of(generator).layers, edits.blend)
        assert largest(fast.synthesis(ws, edits=both), generator.synthesis(ws, edits=both)) <= TEN_THOUSANDTH
    assert largest(fast.synthesis(ws), generator.synthesis(ws)) <= TEN_THOUSANDTH


def test_a_blend_that_stays_is_prepared_once(monkeypatch: pytest.MonkeyPatch) -> None:
    exact = network("stylegan2")
    fast, ws = exact.fast("float32", blendable=True), latents(exact)
    edits = Edits(blend=Blend(network("stylegan2", seed=1).synthesis, 0.5))
    first = fast.synthesis(ws, edits=edits)
    monkeypatch.setattr(StyleGAN2Drawing, "prepared", pytest.fail)
    assert torch.equal(fast.synthesis(ws, edits=edits), first)


@pytest.mark.parametrize("kind", ["stylegan2", "stylegan2 grey", "stylegan3-t", "stylegan3-r"])
def test_training_on_leaves_a_prepared_network_as_it_was(kind: str) -> None:
    exact = network(kind).requires_grad_(True).train()
    z, c = torch.randn(1, exact.z_dim), torch.eye(exact.c_dim)[:1]
    fast = exact.fast("float32")
    before = fast(z, c)
    exact(z, c).square().mean().backward()
    with torch.no_grad():
        for tensor in (*exact.parameters(), *exact.buffers()):
            tensor.mul_(1.5)
    assert torch.equal(fast(z, c), before)
    assert all(parameter.grad is not None for parameter in exact.parameters())


def test_pictures_are_tensors_like_any_other() -> None:
    exact = network("stylegan2")
    picture = exact.fast("float32")(torch.randn(1, exact.z_dim))
    assert not picture.is_inference()  # such a one could not be changed in place


def test_a_transform_or_precision_there_is_not() -> None:
    exact = network("stylegan2")
    with pytest.raises(ValueError, match="StyleGAN2 has no plane to move in"):
        exact.fast("float32").synthesis(latents(exact), transform=torch.eye(3))
    with pytest.raises(ValueError, match="no precision 'int8'; use float32, bfloat16, float16"):
        exact.fast("int8")  # type: ignore[arg-type]


def test_a_blend_must_have_been_asked_for() -> None:
    generator = network("stylegan2")
    fast = generator.fast("float32")
    with pytest.raises(ValueError, match="blendable"):
        fast.synthesis(latents(generator), edits=Edits(blend=Blend(generator.synthesis)))


@pytest.mark.parametrize("kind", ["stylegan2", "stylegan3-t"])
@pytest.mark.parametrize("fast", [False, True])
def test_what_synthesis_cannot_take_is_said(kind: str, fast: bool) -> None:
    generator = network(kind)
    ws = latents(generator)
    synthesis: Any = generator.fast("float32").synthesis if fast else generator.synthesis
    for wrong in (ws[:, 1:], torch.cat([ws, ws], dim=1)):
        with pytest.raises(ValueError, match=rf"this network takes \[N, {generator.num_ws}, w_dim\]"):
            synthesis(wrong)
    with pytest.raises(ValueError, match="there is no noise mode 'loud'; there are const, random, none"):
        synthesis(ws, "loud")


def test_an_unknown_layer_is_named() -> None:
    generator = network("stylegan2")
    with pytest.raises(ValueError, match="there is no layer b3"):
        generator.fast("float32").synthesis(latents(generator), edits=Edits((LayerEdit("b3", gain=2.0),)))


@pytest.mark.parametrize("kind", ["stylegan3-t", "stylegan3-r"])
def test_camera(kind: str) -> None:
    generator = network(kind)
    ws, turn = latents(generator, 2), torch.tensor([[0.8, -0.6, 0.1], [0.6, 0.8, 0.0], [0.0, 0.0, 1.0]])
    fast = generator.fast("float32")
    each = torch.stack([turn, torch.eye(3)])
    for transform in (turn, each):
        expected = generator.synthesis(ws, transform=transform)
        assert largest(fast.synthesis(ws, transform=transform), expected) <= TEN_THOUSANDTH


def test_an_extended_canvas() -> None:
    generator = extend(network("stylegan2"), 100, 200)
    ws = latents(generator)
    picture = generator.fast("float32").synthesis(ws)
    assert picture.shape == (1, 3, 100, 200)
    assert largest(picture, generator.synthesis(ws)) <= TEN_THOUSANDTH


def test_the_whole_generator() -> None:
    generator = network("stylegan2 grey")
    fast = generator.fast("float32")
    for name in ("z_dim", "c_dim", "w_dim", "num_ws", "img_resolution", "img_channels", "img_shape", "config"):
        assert getattr(fast, name) == getattr(generator, name)
    z, c = torch.randn(2, generator.z_dim), torch.eye(3)[:2]
    assert largest(fast(z, c, 0.7, 3), generator(z, c, 0.7, 3)) <= TEN_THOUSANDTH


def test_nothing_of_the_exact_synthesis_is_kept() -> None:
    """Else a wall would hold each network twice."""
    import gc
    import weakref

    generator = network("stylegan2")
    fast, watched = generator.fast("bfloat16"), weakref.ref(generator.synthesis)
    ws = latents(generator)
    del generator
    gc.collect()
    assert watched() is None
    assert fast.synthesis(ws).isfinite().all()


def test_an_architecture_without_a_fast_path_says_so() -> None:
    class Own(stylegan2.Synthesis):
        pass

    generator = network("stylegan2")
    generator.synthesis.__class__ = Own
    with pytest.raises(ValueError, match="no fast path"):
        generator.fast("float32")


def test_pixels() -> None:
    generator = network("stylegan2")
    ws = latents(generator)
    fast = generator.fast("float32")
    levels = (fast.synthesis(ws)[0] * 127.5 + 128).clamp(0, 255).byte()
    pixels = fast.synthesis.rgba(ws[0])
    assert pixels is not None
    assert pixels.dtype == torch.uint8
    assert torch.equal(pixels[..., :3].permute(2, 0, 1), levels)
    assert bool((pixels[..., 3] == 255).all())
    assert fast.synthesis.rgba(ws[0] * float("nan")) is None
    grey = to_rgba(torch.full((1, 2, 3), -1.0))
    assert grey.tolist() == [[[0, 0, 0, 255]] * 3] * 2


@pytest.mark.parametrize("shape", [(3, 5, 4), (1, 1, 7)])
def test_upsample(shape: tuple[int, ...]) -> None:
    img = torch.randn(shape)
    assert largest(upsample(img), exact_upsample(img[None])[0]) < 1e-6


@pytest.mark.parametrize("kind", ["stylegan2", "stylegan3-t"])
def test_without_the_fused_kernels(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a GPU, and should torch take them away, plain steps do the same."""
    monkeypatch.setattr(conv, "fuses", lambda weight: False)
    generator = network(kind)
    ws = latents(generator)
    assert largest(generator.fast("float32").synthesis(ws), generator.synthesis(ws)) <= TEN_THOUSANDTH


def test_convolutions_add_up() -> None:
    weight, x = torch.randn(8, 1, 3, 2), torch.randn(1, 8, 9, 9).contiguous(memory_format=torch.channels_last)
    packed = Convolution(weight, (9, 9), (1, 0), groups=8)
    once = packed(x)
    assert largest(once, torch.nn.functional.conv2d(x, weight, padding=(1, 0), groups=8)) < 1e-5
    total = packed.add_to(packed.add_to(None, x), x)
    assert largest(total, 2 * once) < 1e-5
    lrelu = convolve(x, weight, None, (1, 0), 8, lrelu=True)
    assert largest(lrelu, torch.nn.functional.leaky_relu(once, 0.2)) < 1e-5


def test_a_short_type_is_only_chosen_where_it_is_faithful(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = network("stylegan2")
    generator.synthesis.blocks[-1].torgb.weight *= 0.1  # a picture within [-1, 1], as trained ones are
    monkeypatch.setattr(precision, "quick_precision", lambda device: "bfloat16")
    assert generator.fast().precision == "bfloat16"
    monkeypatch.setattr(precision, "FAITHFUL_DB", 200.0)
    assert generator.fast().precision == "float32"
    monkeypatch.setattr(precision, "FAITHFUL_DB", 40.0)
    monkeypatch.setattr(precision, "quick_precision", lambda device: "float32")
    assert generator.fast().precision == "float32"


def test_the_probe_of_a_short_type_must_be_faithful(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a network with classes, too."""
    monkeypatch.setattr(precision, "quick_precision", lambda device: "bfloat16")
    for figure, expected in ((50.0, "bfloat16"), (39.9, "float32"), (float("nan"), "float32")):
        monkeypatch.setattr(precision, "psnr", lambda *pair, found=figure: found)
        assert network("stylegan2 grey").fast().precision == expected


def test_what_a_cpu_is_quick_at(monkeypatch: pytest.MonkeyPatch) -> None:
    for capabilities, expected in (({"avx2": True}, "float32"), ({"amx_bf16": True}, "bfloat16"), ({}, "float32")):
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda found=capabilities: found, raising=False)
        assert precision.quick_precision(torch.device("cpu")) == expected


def test_psnr() -> None:
    a = torch.zeros(3, 4, 4)
    assert psnr(a, a) == float("inf")
    assert psnr(a, a + 2) == pytest.approx(6.02, abs=0.01)
    assert psnr(a, a + 2 / 255) == pytest.approx(48.13, abs=0.01)
    assert not psnr(a, a * float("nan")) >= FAITHFUL_DB


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
@pytest.mark.parametrize("kind", ["stylegan2", "stylegan3-t", "stylegan3-r"])
def test_on_a_gpu(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Replayed graphs follow their latent, the camera and edits; and the pictures are the exact ones."""
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", False)
    generator = network(kind)
    ws = latents(generator, 3).cuda()
    generator = generator.cuda()
    expected = generator.synthesis(ws)
    fast = generator.fast("float32")
    for _ in range(2):
        assert largest(fast.synthesis(ws).cpu(), expected.cpu()) <= 1e-3
    edits = edits_of(generator)
    edited = fast.synthesis(ws, edits=edits).cpu()
    assert largest(edited, generator.synthesis(ws, edits=edits).cpu()) <= 1e-3
    if kind == "stylegan2":
        assert not torch.equal(fast.synthesis(ws[:1], "random"), fast.synthesis(ws[:1], "random"))
    pixels = generator.fast().synthesis.rgba(ws[0])
    assert pixels is not None
    assert pixels.is_cuda
