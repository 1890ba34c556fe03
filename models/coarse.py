"""Small pictures of a large network: its coarse layers alone, which have a picture of their own.

StyleGAN2 adds up a picture from all resolutions, so that a generator without its fine layers draws the same forms,
smaller. Other architectures have no such pictures inside.
"""

from typing import Any

import torch
from torch import nn

from models.canvas import COARSE, coarse_cells
from models.stylegan2 import Generator, Synthesis, SynthesisLayer

LARGEST = 64  # pixels, the side of a network's square; change in these is within a seventh of that in pictures of 128²
SMALLEST = 16
MOST_PRODUCTS = 8_000_000_000  # of a picture: about a tenth of a second on one core


def coarse(network: Any) -> Synthesis | None:
    """The synthesis of a network's small pictures, which takes the first of its ws and shares its weights; None where
    the architecture has none. Their size depends on the network alone, not on the machine.
    """
    if not isinstance(network, Generator):
        return None
    resolution = min(LARGEST, network.img_resolution)
    small = _without_weights(network, resolution)
    while _products(small) > MOST_PRODUCTS and resolution > SMALLEST:
        resolution //= 2
        small = _without_weights(network, resolution)
    own = network.synthesis.state_dict()
    small.load_state_dict({name: own[name] for name in small.state_dict()}, assign=True)
    return small.eval().requires_grad_(False)


def _without_weights(network: Generator, resolution: int) -> Synthesis:
    config = network.config
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
