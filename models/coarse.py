"""Small pictures of a large network: its coarse layers alone, which have a picture of their own.

StyleGAN2 adds up a picture from all resolutions, so that a generator without its fine layers draws the same forms,
smaller. Other architectures have no such pictures inside.
"""

from typing import Any

import torch
from torch import nn

from models.canvas import COARSE, coarse_cells
from models.stylegan2 import Config, Generator, Synthesis, SynthesisLayer

LARGEST = 128  # pixels, the side of a network's square; at 64 changes differ by up to a third from those at 128
SMALLEST = 16
MOST_PRODUCTS = 8_000_000_000  # of a picture: about a tenth of a second on one core


def coarse(network: Any, largest: int = LARGEST) -> Synthesis | None:
    """The synthesis of a network's small pictures, which takes the first of its ws and shares its weights; None where
    the architecture has none. Their size, of a square `largest` at most, depends on the network, not on the machine.
    """
    if not isinstance(network, Generator):
        return None
    resolution = min(largest, network.img_resolution)
    small = _without_weights(network, resolution)
    while _products(small) > MOST_PRODUCTS and resolution > SMALLEST:
        resolution //= 2
        small = _without_weights(network, resolution)
    own = network.synthesis.state_dict()
    small.load_state_dict({name: own[name] for name in small.state_dict()}, assign=True)
    return small.eval().requires_grad_(False)


def _without_weights(network: Generator, resolution: int) -> Synthesis:
    config = network.config
    assert isinstance(config, Config)
    rows, columns = coarse_cells(network.img_shape, config.img_resolution)
    shape = (rows * resolution // COARSE, columns * resolution // COARSE)
    with torch.device("meta"):
        return Synthesis(
            config.w_dim, shape, resolution, config.img_channels, config.channel_base, config.channel_max,
            config.conv_clamp,
        )  # fmt: skip


def _products(synthesis: nn.Module) -> int:
    """What the convolutions of one picture multiply."""
    layers = [layer for layer in synthesis.modules() if isinstance(layer, SynthesisLayer)]
    return sum(layer.weight.numel() * layer.noise_const.numel() for layer in layers)
