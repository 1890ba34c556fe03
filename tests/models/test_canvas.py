"""Networks on canvases that are neither square nor a power of two: drawn, extended, saved and trained."""

from pathlib import Path
from typing import Any

import pytest
import torch
from pydantic import ValidationError
from torch import Tensor

import models
from models import checkpoint
from models.canvas import Extension, extend
from models.discriminator import Discriminator
from models.seeds import seed_z
from models.stylegan2 import Generator
from models.training.losses import LOSSES
from models.training.regularisation import gradient_penalty

WIDE = [(128, 456), (180, 640), (144, 256), (100, 36), (40, 24)]


@pytest.fixture(scope="module")
def museum() -> Any:
    return models.load("museum-128")


def small(canvas: tuple[int, int] | None = None) -> Generator:
    torch.manual_seed(5)
    return Generator(32, z_dim=8, w_dim=8, channel_base=256, channel_max=8, mapping_layers=2, canvas=canvas)


def w_of(network: Any, seed: int) -> Tensor:
    ws: Tensor = network.mapping(torch.from_numpy(seed_z(seed, network.z_dim))[None], truncation_psi=0.7)
    return ws


@pytest.mark.parametrize("canvas", WIDE)
def test_the_built_in_network_covers_any_canvas(museum: Any, canvas: tuple[int, int]) -> None:
    wide = extend(museum, *canvas)
    assert (wide.img_shape, wide.img_resolution, wide.config.canvas) == (canvas, 128, canvas)
    with torch.inference_mode():
        image = wide.synthesis(w_of(wide, 1))
    assert image.shape == (1, 3, *canvas)
    assert bool(image.isfinite().all())
    assert image.std() > 0.1


@pytest.mark.parametrize("how", ["mirror", "tile", "stretch"])
def test_each_way_to_extend_fills_the_canvas_with_something_else(museum: Any, how: Extension) -> None:
    ways = [extend(museum, 128, 384, way) for way in ("mirror", "tile", "stretch")]
    drawn = extend(museum, 128, 384, how).synthesis(w_of(museum, 2))
    alike = [torch.equal(drawn, way.synthesis(w_of(museum, 2))) for way in ways]
    assert alike.count(True) == 1


def likeness(a: Tensor, b: Tensor) -> float:
    """Correlation of two pictures' coarse forms."""
    coarse = torch.stack([torch.nn.functional.avg_pool2d(x, 16).flatten() for x in (a, b)])
    return float(torch.corrcoef(coarse)[0, 1])


def test_the_middle_of_the_wide_picture_is_like_the_square_one(museum: Any) -> None:
    wide = extend(museum, 128, 384)
    with torch.inference_mode():
        squares = [museum.synthesis(w_of(museum, seed)) for seed in range(12)]
        middles = [wide.synthesis(w_of(museum, seed))[..., 128:256] for seed in range(12)]
    own = [likeness(s, m) for s, m in zip(squares, middles, strict=True)]
    strange = [likeness(s, m) for s, m in zip(squares, middles[1:] + middles[:1], strict=True)]
    assert sum(own) / 12 > sum(strange) / 12 + 0.4


def test_a_mirrored_constant_and_its_noise_keep_their_middle() -> None:
    network = small()
    wide = extend(network, 32, 96)
    const, whole = network.synthesis.blocks[0].const, wide.synthesis.blocks[0].const
    assert whole.shape == (const.shape[0], 4, 12)
    assert torch.equal(whole[..., 4:8], const)
    assert torch.equal(whole[..., :4], const.flip(2))
    assert torch.equal(whole[..., 8:], const.flip(2))
    layer, wider = network.synthesis.blocks[2].conv1, wide.synthesis.blocks[2].conv1
    assert torch.equal(wider.noise_const[:, 16:32], layer.noise_const)
    assert wider.noise_const.std() == pytest.approx(1, abs=0.15)
    assert torch.equal(wider.noise_const, extend(network, 32, 96).synthesis.blocks[2].conv1.noise_const)
    assert wider.weight is not layer.weight
    assert wider.weight.data_ptr() == layer.weight.data_ptr(), "weights are shared"


def test_a_canvas_of_the_nominal_size_draws_the_same_picture() -> None:
    network = small().eval()
    assert torch.equal(extend(network, 32, 32).synthesis(w_of(network, 1)), network.synthesis(w_of(network, 1)))


@pytest.mark.parametrize("canvas", [(8, 64), (4096, 4096), (16, 2**20)])
def test_a_canvas_out_of_bounds_is_refused(canvas: tuple[int, int]) -> None:
    with pytest.raises(ValidationError, match=r"canvas"):
        small(canvas)


def test_an_extended_network_survives_its_checkpoint(museum: Any, tmp_path: Path) -> None:
    wide = extend(museum, 40, 150, "tile")
    path = tmp_path / "wide.safetensors"
    checkpoint.save(path, wide, {"source": "museum-128"})
    loaded = models.load(path)
    assert loaded.img_shape == (40, 150)
    with torch.inference_mode():
        drawn, again = wide.synthesis(w_of(wide, 3)), loaded.synthesis(w_of(loaded, 3))
    torch.testing.assert_close(drawn, again, atol=1e-2, rtol=1e-2)


@pytest.mark.parametrize("canvas", [(32, 112), (36, 50), None])
@pytest.mark.parametrize("patch_size", [1, 2])
@pytest.mark.parametrize("name", LOSSES)
def test_both_players_take_a_step_on_a_wide_canvas(name: str, patch_size: int, canvas: tuple[int, int] | None) -> None:
    loss, generator = LOSSES[name](), small(canvas)
    discriminator = Discriminator(
        32, channel_base=256, channel_max=8, mbstd_group_size=2, patch_size=patch_size, canvas=canvas
    )
    real = torch.rand(4, 3, *generator.img_shape) * 2 - 1
    fake = generator(torch.randn(4, 8), noise_mode="random")
    assert fake.shape == real.shape
    loss_g = loss.generator(discriminator(real).detach(), discriminator(fake))
    of_g = torch.autograd.grad(loss_g, list(generator.synthesis.parameters()), retain_graph=True)
    assert all(bool(gradient.isfinite().all()) for gradient in of_g)
    assert sum(float(gradient.abs().sum()) for gradient in of_g) > 0

    loss_d = loss.discriminator(discriminator(real), discriminator(fake.detach()))
    before = loss_d.item()
    loss_d = loss_d + gradient_penalty(discriminator, real)
    optimiser = torch.optim.Adam(discriminator.parameters(), lr=1e-3)
    loss_d.backward()
    assert all(bool(parameter.grad.isfinite().all()) for parameter in discriminator.parameters())
    optimiser.step()
    assert loss.discriminator(discriminator(real), discriminator(fake.detach())).item() < before


def test_the_border_of_a_canvas_between_cells_counts() -> None:
    """A canvas of 36 × 50 lies inside 5 × 7 cells of 8 pixels; all of it reaches the logit."""
    discriminator = Discriminator(32, channel_base=256, channel_max=8, canvas=(36, 50))
    assert discriminator.fc.weight.shape == (8, 8 * 5 * 7)
    image = torch.zeros(1, 3, 36, 50, requires_grad=True)
    discriminator(image).sum().backward()
    assert image.grad is not None
    assert bool((image.grad.abs().sum(dim=1) > 0).all())
