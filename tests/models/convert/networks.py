"""Small networks with every weight drawn at random, and a comparison."""

from typing import Any

import torch
from torch import nn

from models import stylegan2, stylegan3
from models.discriminator import Discriminator


def scrambled(network: Any, seed: int = 1) -> Any:
    """The network with other numbers in every parameter and buffer."""
    random = torch.Generator().manual_seed(seed)
    for name, tensor in network.state_dict().items():
        values = torch.randn(tensor.shape, generator=random)
        tensor.copy_(values.abs() if name.endswith("magnitude_ema") else values)
    return network.eval().requires_grad_(False)


def small_stylegan2(c_dim: int = 0, seed: int = 1) -> stylegan2.Generator:
    network = stylegan2.Generator(
        32, z_dim=5, c_dim=c_dim, w_dim=6, channel_base=256, channel_max=12, mapping_layers=2, conv_clamp=2.5
    )
    return scrambled(network, seed)  # type: ignore[no-any-return]


def small_stylegan3(c_dim: int = 0, seed: int = 1, radial: bool = False) -> stylegan3.Generator:
    network = stylegan3.Generator(
        32, z_dim=5, c_dim=c_dim, w_dim=6, channel_base=128, channel_max=8, num_layers=4,
        conv_kernel=1 if radial else 3, use_radial_filters=radial, conv_clamp=2.0,
    )  # fmt: skip
    return scrambled(network, seed)  # type: ignore[no-any-return]


def small_critic(c_dim: int = 0, seed: int = 2) -> Discriminator:
    network = Discriminator(
        32, c_dim=c_dim, channel_base=256, channel_max=12, conv_clamp=2.5, cmap_dim=7 if c_dim else None
    )
    network = scrambled(network, seed)
    if network.mapping is not None:
        network.mapping.w_avg.zero_()  # the one tensor that the official file has not
    return network  # type: ignore[no-any-return]


def assert_same(network: nn.Module, expected: nn.Module, rtol: float = 0.0) -> None:
    """The same class, config and tensors, bit for bit unless told otherwise."""
    assert type(network) is type(expected)
    assert network.config == expected.config
    ours, theirs = network.state_dict(), expected.state_dict()
    assert ours.keys() == theirs.keys()
    for name, tensor in ours.items():
        torch.testing.assert_close(tensor, theirs[name], atol=0.0, rtol=rtol, msg=name)
