"""Small pictures of a network: those that its coarse layers draw."""

import torch

from models import stylegan3
from models.coarse import coarse
from models.ops import upsample
from models.stylegan2 import Generator, Synthesis


def generator(resolution: int = 32, canvas: tuple[int, int] | None = None) -> Generator:
    torch.manual_seed(8)
    made = Generator(resolution, z_dim=8, w_dim=8, channel_base=256, channel_max=16, mapping_layers=2, canvas=canvas)
    for block in made.synthesis.blocks:
        block.torgb.bias.data.normal_()  # type: ignore[union-attr, operator]
    return made


def some_ws(network: Generator, small: Synthesis) -> tuple[torch.Tensor, torch.Tensor]:
    """All ws of three pictures, and those that the small pictures take."""
    ws = network.mapping(torch.randn(3, 8))
    return ws, ws[:, : small.num_ws]


@torch.inference_mode()
def test_they_are_what_the_finest_layers_are_added_to() -> None:
    network = generator()
    small = coarse(network, 16)
    assert small is not None
    finest = network.synthesis.blocks[-1].torgb
    finest.weight.zero_()  # type: ignore[union-attr, operator]
    finest.bias.zero_()  # type: ignore[union-attr, operator]
    ws, first = some_ws(network, small)
    torch.testing.assert_close(upsample(small(first)), network.synthesis(ws))


@torch.inference_mode()
def test_a_network_that_is_small_enough_is_whole() -> None:
    network = generator()
    small = coarse(network)
    assert small is not None
    ws, first = some_ws(network, small)
    assert ws.shape == first.shape
    torch.testing.assert_close(small(first), network.synthesis(ws))


@torch.inference_mode()
def test_on_a_canvas_they_have_whole_cells() -> None:
    network = generator(canvas=(40, 20))
    small = coarse(network, 16)
    assert small is not None
    assert small(some_ws(network, small)[1]).shape == (3, 3, 20, 12)


def test_weights_are_shared_and_fine_ones_are_not_kept() -> None:
    network = generator()
    small = coarse(network, 16)
    assert small is not None
    own = network.synthesis.state_dict()
    assert all(tensor.data_ptr() == own[name].data_ptr() for name, tensor in small.state_dict().items())
    assert {name for name in own if name not in small.state_dict()} == {n for n in own if n.startswith("blocks.3.")}


def test_a_wide_network_is_drawn_smaller() -> None:
    with torch.device("meta"):
        wide = Generator(512, z_dim=512, w_dim=512, channel_base=32768, channel_max=512)
        narrow = Generator(512, channel_base=4096, channel_max=128)
    shapes = [small.img_shape for small in map(coarse, (wide, narrow)) if small is not None]
    assert shapes == [(32, 32), (128, 128)]


def test_stylegan3_has_none() -> None:
    with torch.device("meta"):
        assert coarse(stylegan3.Generator(32, z_dim=8, w_dim=8)) is None
