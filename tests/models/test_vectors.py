"""The published networks against what the published code gives, by the numbers in shared/reference.

Bounds: images 2e-5 absolute (the published code differs from itself by up to 8.6e-6, by batch size), w 1e-5, gradients
1e-4 relative.
"""

import math
import re
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest
import torch
from known import largest, needs_reference, published, reference, tensor
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import softplus

from models.stylegan3 import Config, schedule

pytestmark = needs_reference

STYLEGAN2 = ["sg2_32", "sg2_64_c4", "sg2ada_32_p3"]
STYLEGAN3 = ["sg3t_64", "sg3r_32_c3"]
WITH_D = ["sg2_32", "sg2_64_c4"]
IMAGE, W, GRADIENT = 2e-5, 1e-5, 1e-4

arrays = cache(reference)


@cache
def frozen(name: str, role: str = "G_ema") -> Any:
    """A network that no test changes."""
    return published(name, role).eval().requires_grad_(False)


def trainable(name: str, role: str) -> Any:
    """A network of the test's own."""
    return published(name, role).requires_grad_()


def label(name: str, key: str = "c") -> Tensor | None:
    """Class labels [N, c_dim] of the arrays, None for a network without."""
    c = tensor(arrays(name)[key])
    return c if c.shape[1] else None


def relative(found: Tensor | NDArray[Any], expected: NDArray[Any]) -> float:
    """Largest difference, relative to each number."""
    found = np.asarray(found.detach() if isinstance(found, Tensor) else found)
    assert found.shape == expected.shape
    return float(np.max(np.abs(found - expected) / np.abs(expected)))


@pytest.fixture(params=STYLEGAN2 + STYLEGAN3)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_w(name: str) -> None:
    network, v = frozen(name), arrays(name)
    z, c = tensor(v["z"]), label(name)
    assert largest(network.mapping(z, c), v["w_psi1"]) <= W
    assert largest(network.mapping(z, c, truncation_psi=0.7), v["w_psi07"]) <= W
    assert largest(network.mapping(z, c, truncation_psi=0.5, truncation_cutoff=4), v["w_psi05_cutoff4"]) <= W


def test_images(name: str) -> None:
    network, v = frozen(name), arrays(name)
    assert largest(network.synthesis(tensor(v["w_psi1"])), v["img_psi1"]) <= IMAGE
    assert largest(network.synthesis(tensor(v["w_psi07"])), v["img_psi07"]) <= IMAGE
    assert largest(network.synthesis(tensor(v["mix_ws"])), v["img_mix"]) <= IMAGE


def test_generator_in_one_call(name: str) -> None:
    network, v, c = frozen(name), arrays(name), label(name)
    z = tensor(v["z"])
    assert largest(network(z, c, truncation_psi=0.7), v["img_psi07_call"]) <= IMAGE
    alone = [network(z[i : i + 1], None if c is None else c[i : i + 1], truncation_psi=0.7) for i in range(3)]
    assert largest(torch.cat(alone), v["img_psi07_single"]) <= IMAGE


def test_mixed_styles(name: str) -> None:
    v = arrays(name)
    one, other = frozen(name).mapping(tensor(v["z"]), label(name))[:2]
    crossover = int(v["mix_crossover"])
    assert largest(torch.cat([one[:crossover], other[crossover:]])[None], v["mix_ws"]) <= W


def test_the_network_before_averaging_is_another(name: str) -> None:
    network, v, c = frozen(name, "G"), arrays(name), label(name)
    image = network(tensor(v["z"])[:1], None if c is None else c[:1])
    assert largest(image, v["img_G_not_ema_psi1"]) <= IMAGE
    assert largest(image, v["img_psi1"][:1]) > 1000 * IMAGE


@pytest.mark.parametrize("name", STYLEGAN2)
def test_noise_and_the_unfused_order(name: str) -> None:
    network, v = frozen(name), arrays(name)
    assert largest(network.synthesis(tensor(v["w_psi07"]), noise_mode="none"), v["img_psi07_nonoise"]) <= IMAGE
    assert largest(network.synthesis(tensor(v["w_psi1"])), v["img_psi1_unfused"]) <= IMAGE


@pytest.mark.parametrize("name", STYLEGAN3)
@pytest.mark.parametrize("move", ["translate", "rotate", "both", "zoomout"])
def test_transforms(name: str, move: str) -> None:
    v = arrays(name)
    image = frozen(name).synthesis(tensor(v["w_psi07"]), transform=tensor(v[f"transform_{move}"]))
    assert largest(image, v[f"img_{move}"]) <= IMAGE


def module_of(synthesis: nn.Module, layer: str) -> nn.Module:
    """A layer by the name it has in the traces: b8.conv0, input, L3_36_40."""
    if layer == "input":
        return synthesis.get_submodule(layer)
    if match := re.fullmatch(r"L(\d+)_\d+_\d+", layer):
        return synthesis.get_submodule(f"layers.{match[1]}")
    resolution, part = layer.split(".")
    return synthesis.get_submodule(f"blocks.{int(math.log2(int(resolution[1:]))) - 2}.{part}")


def test_every_layer(name: str) -> None:
    network, v = frozen(name), arrays(name)
    seen: dict[str, Tensor] = {}

    def keep(layer: str) -> Callable[[nn.Module, Any, Tensor], None]:
        return lambda module, inputs, output: seen.update({layer: output})

    layers = [str(layer) for layer in v["trace_names"]]
    hooks = [module_of(network.synthesis, layer).register_forward_hook(keep(layer)) for layer in layers]
    network.synthesis(tensor(v["w_psi07"])[:1])
    for hook in hooks:
        hook.remove()
    assert list(seen) == layers
    for i, layer in enumerate(layers):
        x = seen[layer].double()
        assert list(x.shape) == v["trace_shapes"][i].tolist(), layer
        assert x.mean().item() == pytest.approx(v["trace_mean"][i], abs=1e-6), layer
        assert x.square().mean().sqrt().item() == pytest.approx(v["trace_rms"][i], abs=2e-6), layer
        top, left = x.shape[2] // 2 - 2, x.shape[3] // 2 - 2
        assert largest(x[0, :3, top : top + 4, left : left + 4], v[f"trace_patch_{layer}"]) <= IMAGE, layer


def test_average_w_in_training(name: str) -> None:
    v = arrays(name)
    mapping = trainable(name, "G_ema").mapping
    mapping.track_w_avg(mapping.map_w(tensor(v["z"]), label(name)))
    assert largest(mapping.w_avg, v["w_avg_after_one_update"]) <= 1e-6
    assert largest(mapping.w_avg, frozen(name).mapping.w_avg) > 1e-5


@pytest.mark.parametrize("name", STYLEGAN3)
def test_magnitudes_in_training(name: str) -> None:
    v = arrays(name)
    synthesis = trainable(name, "G_ema").synthesis
    before = torch.stack([layer.magnitude_ema.clone() for layer in synthesis.layers])
    with torch.no_grad():
        synthesis(tensor(v["w_psi1"]), update_emas=True)
    after = torch.stack([layer.magnitude_ema for layer in synthesis.layers])
    assert largest(after, v["magnitude_ema_after"]) <= 1e-6
    assert largest(after, before) > 1e-4


@pytest.mark.parametrize("name", WITH_D)
def test_logits(name: str) -> None:
    d, v, c = frozen(name, "D"), arrays(f"{name}_D"), label(f"{name}_D")
    images = tensor(v["images"])
    logits = d(images, c)
    assert relative(logits, v["logits"][:, 0]) <= 1e-5
    assert relative(d(images[4:5], None if c is None else c[4:5]), v["logits_first_alone"][:, 0]) <= 1e-5
    assert relative(softplus(-logits), v["softplus_neg"][:, 0]) <= 1e-5
    assert relative(softplus(logits), v["softplus_pos"][:, 0]) <= 1e-5


def path_in_d(path: str, img_resolution: int) -> str:
    """The name in our discriminator of a parameter of the published one."""
    head, *rest = path.replace("mapping.fc", "mapping.layers.").split(".")
    if head == "mapping" or head == "b4" or rest[0] == "fromrgb":
        return ".".join([head, *rest] if head == "mapping" else rest)
    return ".".join([f"blocks.{int(math.log2(img_resolution / int(head[1:])))}", *rest])


def path_in_g(path: str) -> str:
    """The name in our generator of a parameter of the published one."""
    path = path.replace("mapping.fc", "mapping.layers.")
    return re.sub(r"^synthesis\.b(\d+)", lambda found: f"synthesis.blocks.{int(math.log2(int(found[1]))) - 2}", path)


def gradient_norms(loss: Tensor, network: nn.Module, paths: list[str]) -> NDArray[np.float64]:
    parameters = dict(network.named_parameters())
    gradients = torch.autograd.grad(loss, [parameters[path] for path in paths], retain_graph=True, allow_unused=True)
    return np.array([0.0 if g is None else g.norm().item() for g in gradients])


def norms_apart(norms: NDArray[np.float64], expected: NDArray[np.float64]) -> float:
    """Largest relative difference; where nothing is expected, nothing must be found."""
    something = expected != 0
    assert not norms[~something].any()
    return relative(norms[something], expected[something])


@pytest.mark.parametrize("name", WITH_D)
def test_gradients_of_the_discriminator(name: str) -> None:
    d, v = trainable(name, "D"), arrays(f"{name}_D")
    images = tensor(v["images"]).requires_grad_()
    logits = d(images, label(f"{name}_D"))
    (gradient,) = torch.autograd.grad(logits.sum(), images, create_graph=True)
    assert largest(gradient, v["r1_grad"]) <= GRADIENT * np.abs(v["r1_grad"]).max()
    penalty = gradient.square().sum(dim=(1, 2, 3))
    assert relative(penalty, v["r1_penalty"]) <= GRADIENT

    paths = [path_in_d(path, images.shape[3]) for path in v["param_names"]]
    assert sorted(paths) == sorted(path for path, _ in d.named_parameters())
    second_order = gradient_norms((0.5 * penalty).mean(), d, paths)
    assert norms_apart(second_order, v["r1_param_grad_norms"]) <= GRADIENT
    assert norms_apart(gradient_norms(softplus(-logits).mean(), d, paths), v["dreal_param_grad_norms"]) <= GRADIENT


def generator_loss(g: Any, d: Any, name: str) -> Tensor:
    """Loss of each sample [3], in the precision of the networks."""
    v, c = arrays(f"{name}_D"), label(f"{name}_D", "gmain_c")
    g.synthesis.compute_dtype = d.compute_dtype = dtype = g.mapping.w_avg.dtype
    c = None if c is None else c.to(dtype)
    loss: Tensor = softplus(-d(g(tensor(v["gmain_z"]).to(dtype), c), c))
    return loss


@pytest.mark.parametrize("name", WITH_D)
def test_gradients_of_the_generator(name: str) -> None:
    """Each norm within 1e-4 of the whole gradient's. See the next test for why not of its own in sg2_32."""
    g, d, v = trainable(name, "G_ema"), trainable(name, "D"), arrays(f"{name}_D")
    loss = generator_loss(g, d, name)
    assert relative(loss, v["gmain_loss_per_sample"][:, 0]) <= 1e-5
    paths = [path_in_g(path) for path in v["G_param_names"]]
    assert sorted(paths) == sorted(path for path, _ in g.named_parameters())
    norms, expected = gradient_norms(loss.mean(), g, paths), v["gmain_param_grad_norms"]
    assert np.abs(norms - expected).max() <= GRADIENT * np.linalg.norm(expected)
    if name == "sg2_64_c4":
        assert norms_apart(norms, expected) <= GRADIENT


KINK = (0, 9, 18, 15)  # sample, channel, row, column behind fromrgb


def beyond_the_kink(module: nn.Module, inputs: tuple[Tensor], output: Tensor) -> Tensor:
    """The output of fromrgb with one activation taken as negative: its value stays, its slope falls from 1 to 0.2."""
    assert 0 < output[KINK] < 5e-6
    slopes = torch.ones_like(output)
    slopes[KINK] = 0.2
    return output * slopes


def test_one_activation_at_the_kink_explains_the_rest() -> None:
    """In sg2_32 some norms of the published float32 pass are off by up to 0.5 %: one of its discriminator's 86,016
    first activations is 3.5e-6 in exact arithmetic, and its rounding puts it below zero, where leaky ReLU's slope is
    another. With that one taken as negative all 68 norms agree.
    """
    g, d, v = trainable("sg2_32", "G_ema").double(), trainable("sg2_32", "D").double(), arrays("sg2_32_D")
    paths, expected = [path_in_g(path) for path in v["G_param_names"]], v["gmain_param_grad_norms"]
    exact = gradient_norms(generator_loss(g, d, "sg2_32").mean(), g, paths)
    assert norms_apart(exact, expected) > 20 * GRADIENT
    d.fromrgb.register_forward_hook(beyond_the_kink)
    forced = gradient_norms(generator_loss(g, d, "sg2_32").mean(), g, paths)
    assert norms_apart(forced, expected) <= GRADIENT / 10


@pytest.mark.parametrize("name", WITH_D)
def test_path_lengths(name: str) -> None:
    g, v = trainable(name, "G_ema"), arrays(f"{name}_D")
    ws = g.mapping(tensor(v["gmain_z"]), label(f"{name}_D", "gmain_c"))
    image = g.synthesis(ws)
    noise = tensor(v["pl_unit_noise"]) / math.sqrt(image.shape[2] * image.shape[3])
    (gradient,) = torch.autograd.grad((image * noise).sum(), ws, create_graph=True)
    lengths = gradient.square().sum(dim=2).mean(dim=1).sqrt()
    assert relative(lengths, v["pl_lengths"]) <= GRADIENT
    assert 0.01 * lengths.mean().item() == pytest.approx(float(v["pl_mean_after_from_zero"]), rel=GRADIENT)
    (lengths - 0.01 * lengths.mean()).square().mean().backward()
    assert g.synthesis.blocks[0].const.grad.abs().sum() > 0


T, R = {"channel_max": 512}, {"channel_max": 1024, "conv_kernel": 1, "use_radial_filters": True}
STANDARD: dict[str, dict[str, Any]] = {
    "t_128_c8k": {"channel_base": 8192, "channel_max": 256},
    "t_256_c16k": {"channel_base": 16384} | T,
    "t_512": {"channel_base": 32768} | T,
    "t_1024": {"channel_base": 32768} | T,
    "r_256_c32k": {"channel_base": 32768} | R,
    "r_512": {"channel_base": 65536} | R,
    "r_1024": {"channel_base": 65536} | R,
}
FIELDS = {
    "in_channels": "in_channels", "out_channels": "out_channels", "conv_kernel": "kernel",
    "in_sampling_rate": "in_rate", "out_sampling_rate": "out_rate", "tmp_sampling_rate": "tmp_rate",
    "in_cutoff": "in_cutoff", "out_cutoff": "out_cutoff",
    "in_half_width": "in_half_width", "out_half_width": "out_half_width",
    "up_factor": "up_factor", "down_factor": "down_factor", "up_taps": "up_taps", "down_taps": "down_taps",
    "padding": "padding",
}  # fmt: skip


@pytest.mark.parametrize("network", STANDARD)
def test_schedules(network: str) -> None:
    v = {key.split("/")[1]: array for key, array in arrays("sg3_schedules").items() if key.startswith(f"{network}/")}
    first, layers = schedule(Config(img_resolution=int(network.split("_")[1]), **STANDARD[network]))
    assert (first.channels, first.rate, first.bandwidth) == tuple(
        v.pop(f"input_{key}") for key in ("channels", "sampling_rate", "bandwidth")
    )
    assert first.size == (v["input_size"], v.pop("input_size"))
    for published_name, ours in FIELDS.items():
        np.testing.assert_allclose([getattr(s, ours) for s in layers], v.pop(published_name), rtol=1e-13)
    for key in ("in_size", "out_size"):
        assert [getattr(s, key) for s in layers] == [(size, size) for size in v.pop(key)]
    names = [f"{s.name}_{s.out_size[1]}_{s.out_channels}" for s in layers]
    assert names == v.pop("layer_names").tolist()
    radial = [s.down_filter is not None and s.down_filter.radial for s in layers]
    assert radial == v.pop("down_radial").tolist()
    critical = [s.out_cutoff == s.out_rate / 2 for s in layers]
    assert critical == v.pop("is_critically_sampled").tolist()
    for i, spec in enumerate(layers[:-1]):
        np.testing.assert_allclose(spec.up_filter.design(), v.pop(f"up_filter_{i}"), atol=2e-8)
        np.testing.assert_allclose(spec.down_filter.design(), v.pop(f"down_filter_{i}"), atol=2e-8)
    assert not v, f"not compared: {list(v)}"
