"""What the players do with their gradients."""

import torch
from torch import nn

from models.training.players import _apply, adam


def test_gradients_in_another_order_in_memory() -> None:
    torch.manual_seed(0)
    gradients = [torch.randn(4, 3, 3, 3), torch.randn(4)]
    moved = []
    for layout in (torch.contiguous_format, torch.channels_last):
        network = nn.Conv2d(3, 4, 3)
        nn.init.zeros_(network.weight)
        nn.init.zeros_(network.bias)
        optimiser = adam(network, 0.1)
        for _ in range(2):
            _apply(optimiser, [gradients[0].contiguous(memory_format=layout), gradients[1]])
        moved.append((network.weight, network.bias))
    for one, other in zip(*moved, strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=0)
    torch.testing.assert_close(moved[0][0].sign(), -gradients[0].sign())
