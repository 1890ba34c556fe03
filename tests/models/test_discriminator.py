"""The discriminator against a naive one in float64."""

import numpy as np
import pytest
import torch
from naive import logits, parameters

from models.discriminator import Discriminator, minibatch_std


def random_discriminator(clamp: float | None, c_dim: int) -> Discriminator:
    """16x16 in float64 with random parameters."""
    torch.manual_seed(5)
    network = Discriminator(16, c_dim=c_dim, channel_base=64, channel_max=7, conv_clamp=clamp, cmap_dim=6)
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            parameter.normal_(std=100 if name.startswith("mapping.layers") else 1)
    network.compute_dtype = torch.float64
    return network.double()


@pytest.mark.parametrize("c_dim", [0, 3])
@pytest.mark.parametrize("clamp", [None, 0.6])
def test_logits_equal_the_naive_ones(clamp: float | None, c_dim: int) -> None:
    network = random_discriminator(clamp, c_dim)
    images = torch.randn(8, 3, 16, 16, dtype=torch.float64)
    labels = torch.randn(8, 3, dtype=torch.float64) if c_dim else None
    found = network(images, labels).detach().numpy()
    c = None if labels is None else labels.numpy()
    np.testing.assert_allclose(found, logits(parameters(network), images.numpy(), c, 2, 4, clamp), atol=1e-11)


def test_minibatch_deviation_of_groups() -> None:
    x = torch.zeros(8, 2, 4, 4)
    x[1::2] = torch.tensor([1.0, 3.0, 1.0, 3.0])[:, None, None, None]  # samples 1, 3, 5, 7: the second group
    appended = minibatch_std(x, 4)[:, 2]
    torch.testing.assert_close(appended[0::2], torch.full((4, 4, 4), 1e-4))
    torch.testing.assert_close(appended[1::2], torch.ones(4, 4, 4))


def test_patches_at_the_entrance() -> None:
    network = Discriminator(32, channel_base=256, channel_max=16, patch_size=2)
    assert network.fromrgb.weight.shape == (16, 12, 1, 1)
    found = network(torch.randn(4, 3, 32, 32))
    assert (found.shape, found.dtype) == ((4,), torch.float32)
    found.sum().backward()
    assert all(parameter.grad is not None for parameter in network.parameters())
