"""The generator: against a naive one in float64, and the properties that walks and shows rely on."""

import numpy as np
import pytest
import torch
from naive import Array, mapping, parameters, synthesis
from torch import Tensor

from models import ops
from models.stylegan2 import Generator


def random_generator(clamp: float | None = None, c_dim: int = 0) -> Generator:
    """16x16 in float64, every parameter and buffer random, so that nothing is hidden by a start value."""
    torch.manual_seed(7)
    generator = Generator(
        16, z_dim=5, c_dim=c_dim, w_dim=6, channel_base=64, channel_max=7, mapping_layers=3, conv_clamp=clamp
    )
    with torch.no_grad():
        for name, tensor in generator.state_dict().items():
            tensor.copy_(torch.randn(tensor.shape) * (100 if name.startswith("mapping.layers") else 1))
    generator.synthesis.compute_dtype = torch.float64
    return generator.double()


def tiny(resolution: int = 32) -> Generator:
    torch.manual_seed(3)
    generator = Generator(resolution, z_dim=8, w_dim=8, channel_base=256, channel_max=16, mapping_layers=2)
    for name, parameter in generator.named_parameters():
        if name.endswith("noise_strength"):
            parameter.data.fill_(0.5)
    return generator.eval().requires_grad_(False)


def latents(generator: Generator, count: int = 3) -> Tensor:
    z: Tensor = torch.randn(count, generator.z_dim, generator=torch.Generator().manual_seed(1))
    return z


@pytest.mark.parametrize("noisy", [True, False])
@pytest.mark.parametrize("clamp", [None, 0.9])
def test_synthesis_equals_the_naive_one(clamp: float | None, noisy: bool) -> None:
    generator = random_generator(clamp)
    ws = torch.randn(2, generator.num_ws, 6, dtype=torch.float64)
    images = generator.synthesis(ws, noise_mode="const" if noisy else "none").detach().numpy()
    p = parameters(generator)
    for w, image in zip(ws.numpy(), images, strict=True):
        np.testing.assert_allclose(image, synthesis(p, w, blocks=3, noisy=noisy, clamp=clamp), atol=1e-11)


@pytest.mark.parametrize("c_dim", [0, 4])
def test_mapping_equals_the_naive_one(c_dim: int) -> None:
    generator = random_generator(c_dim=c_dim)
    z = torch.randn(2, 5, dtype=torch.float64)
    c = torch.randn(2, 4, dtype=torch.float64) if c_dim else None
    ws = generator.mapping(z, c).detach().numpy()
    p = parameters(generator)
    for i in range(2):
        label: Array | None = None if c is None else c[i].numpy()
        np.testing.assert_allclose(ws[i], np.tile(mapping(p, z[i].numpy(), label, layers=3), (6, 1)), atol=1e-12)


def test_label_is_asked_for() -> None:
    with pytest.raises(ValueError, match=r"needs a class label c of shape \[N, 4\]"):
        random_generator(c_dim=4).mapping(torch.zeros(1, 5, dtype=torch.float64))


@pytest.mark.parametrize(("resolution", "num_ws"), [(16, 6), (32, 8), (64, 10)])
def test_shapes(resolution: int, num_ws: int) -> None:
    generator = tiny(resolution)
    assert generator.num_ws == num_ws
    ws = generator.mapping(latents(generator))
    assert ws.shape == (3, num_ws, 8)
    image = generator.synthesis(ws)
    assert (image.shape, image.dtype) == ((3, 3, resolution, resolution), torch.float32)


def test_truncation_moves_towards_the_average() -> None:
    generator = tiny()
    generator.mapping.w_avg.normal_()
    z = latents(generator)
    whole, average = generator.mapping(z), generator.mapping.w_avg
    torch.testing.assert_close(generator.mapping(z, truncation_psi=0), average.expand(3, 8, 8))
    torch.testing.assert_close(generator.mapping(z, truncation_psi=0.7), average + 0.7 * (whole - average))
    cut = generator.mapping(z, truncation_psi=0.5, truncation_cutoff=3)
    torch.testing.assert_close(cut[:, :3], average + 0.5 * (whole[:, :3] - average))
    assert torch.equal(cut[:, 3:], whole[:, 3:])


def test_every_w_has_its_say() -> None:
    generator = tiny()
    ws = generator.mapping(latents(generator))
    image = generator.synthesis(ws[:1])
    for layer in range(generator.num_ws):
        mixed = ws[:1].clone()
        mixed[:, layer] = ws[1:2, layer]
        assert not torch.allclose(generator.synthesis(mixed), image, atol=1e-3)


def test_mixed_styles_end_in_the_other_picture() -> None:
    generator = tiny()
    one, other = generator.mapping(latents(generator, 2)).split(1)
    far = generator.synthesis(other)
    distances = []
    for crossover in (8, 6, 3, 0):
        mixed = torch.cat([one[:, :crossover], other[:, crossover:]], dim=1)
        distances.append((generator.synthesis(mixed) - far).abs().mean().item())
    assert distances[0] > 0
    assert distances[-1] == 0


def test_same_latent_same_picture_alone_and_in_company() -> None:
    generator = tiny()
    ws = generator.mapping(latents(generator))
    images = generator.synthesis(ws)
    assert torch.equal(generator.synthesis(ws), images)
    alone = torch.cat([generator.synthesis(w) for w in ws.split(1)])
    torch.testing.assert_close(alone, images, atol=1e-5, rtol=1e-5)


def test_noise_modes() -> None:
    generator = tiny()
    ws = generator.mapping(latents(generator, 1))
    pictures = [generator.synthesis(ws, noise_mode=mode) for mode in ("const", "none", "random", "random")]
    for i, picture in enumerate(pictures):
        assert not any(torch.allclose(picture, other, atol=1e-3) for other in pictures[i + 1 :])


def test_bfloat16_stays_close() -> None:
    generator = tiny()
    ws = generator.mapping(latents(generator))
    exact = generator.synthesis(ws)
    generator.synthesis.compute_dtype = torch.bfloat16
    rounded = generator.synthesis(ws)
    assert rounded.dtype == torch.float32
    assert (rounded - exact).abs().mean() < 0.02 * exact.abs().mean()


def test_average_w_is_tracked() -> None:
    generator = tiny()
    generator.mapping.track_w_avg(torch.ones(4, 8))
    torch.testing.assert_close(generator.mapping.w_avg, torch.full((8,), 0.002))


def test_network_used_for_inference_first_can_still_be_trained() -> None:
    ops._fold_matrix.cache_clear()
    generator = tiny().requires_grad_()
    generator.synthesis.compute_dtype = torch.bfloat16  # in which the filter is folded
    ws = torch.randn(1, 8, 8)
    with torch.inference_mode():
        generator.synthesis(ws)
    generator.synthesis(ws).square().mean().backward()
    assert generator.synthesis.blocks[1].conv0.weight.grad.abs().sum() > 0
