"""Channel clusters: planted groups are found, again and again the same."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

import models
from models.explore.clusters import channel_clusters


class Planted(nn.Module):
    """A layer whose 12 channels draw three patterns, each at its own scale, offset and a little noise."""

    groups = ((0, 3, 6, 9, 10, 11), (1, 4, 7), (2, 5, 8))

    def forward(self, ws: Tensor) -> Tensor:
        random = torch.Generator().manual_seed(int(ws.abs().sum() * 1e4))
        patterns = torch.randn(3, 16, 16, generator=random)
        channels = torch.randn(12, 16, 16, generator=random) * 0.1
        for group, pattern in zip(self.groups, patterns, strict=True):
            for i in group:
                channels[i] += pattern * (1 + i) + 3 * i
        return channels[None]


class Network(nn.Module):
    """The generator's contract around it."""

    z_dim, c_dim = 4, 0

    def __init__(self) -> None:
        super().__init__()
        self.mapping = nn.Unflatten(1, (1, 4))
        self.mapping.w_avg = torch.zeros(4)
        self.synthesis: Any = nn.Sequential(Planted())
        self.synthesis.layer_names, self.synthesis.layer_paths = ["b16.conv1"], ["0"]
        self.mapping.forward = lambda z, c: z[:, None]  # type: ignore[method-assign]


@pytest.mark.parametrize("seed", range(5))
def test_planted_groups_are_found(seed: int) -> None:
    assert channel_clusters(Network(), "b16.conv1", 3, seed) == Planted.groups


def test_groups_of_a_real_layer_hold_every_channel_once_and_stay_the_same() -> None:
    network = models.load("museum-128")
    groups = channel_clusters(network, "b32.conv1", 5)
    assert groups == channel_clusters(network, "b32.conv1", 5)
    channels = network.synthesis.get_submodule("blocks.3.conv1").bias.numel()
    assert sorted(i for group in groups for i in group) == list(range(channels))
    assert 2 <= len(groups) <= 5
    assert [len(group) for group in groups] == sorted(map(len, groups), reverse=True)
    assert not network.synthesis.get_submodule("blocks.3.conv1")._forward_hooks


def test_no_more_groups_than_channels() -> None:
    groups = channel_clusters(Network(), "b16.conv1", 40)
    assert sorted(i for group in groups for i in group) == list(range(12))


@pytest.mark.parametrize(
    ("layer", "count", "sentence"),
    [("b8.conv0", 3, "there is no layer b8.conv0; this network has b16.conv1"), ("b16.conv1", 0, "0 groups")],
)
def test_what_cannot_be_grouped_is_refused(layer: str, count: int, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        channel_clusters(Network(), layer, count)
