"""Pictures at 16x16: how much they vary, and how two sets of them lie."""

import numpy as np
import pytest
import torch
from torch import Tensor

from models.metrics.thumbnails import Thumbnails, diversity, spread, thumbnails


def seen(images: Tensor, size: int = 10) -> Thumbnails:
    thumbnails = Thumbnails()
    for some in images.split(size):
        thumbnails.add(some)
    return thumbnails


def pictures(seed: int, spread: float, count: int = 200) -> Tensor:
    """Plain ones around mid-grey: uint8 [count, 3, 32, 32]."""
    colours = np.random.default_rng(seed).normal(128, spread, (count, 3, 1, 1)).clip(0, 255).astype(np.uint8)
    return torch.from_numpy(colours).expand(-1, -1, 32, 32)


def test_the_distance_is_that_of_all_pairs() -> None:
    images = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (9, 3, 16, 16), dtype=np.uint8))
    pairs = torch.pdist(images.double().flatten(1) / 127.5)
    assert spread(seen(images, 4).all()) == pytest.approx(float(pairs.square().mean().sqrt()))


def test_as_varied_is_one_and_half_as_varied_is_a_half() -> None:
    reals = seen(pictures(1, 40))
    assert diversity(reals, seen(pictures(2, 40))) == pytest.approx(1, abs=0.1)
    assert diversity(reals, seen(pictures(2, 20))) == pytest.approx(0.5, abs=0.05)


def test_one_picture_again_and_again_is_nought() -> None:
    reals = seen(pictures(1, 40))
    assert diversity(reals, seen(pictures(2, 40)[:1].expand(50, -1, -1, -1))) == pytest.approx(0, abs=1e-5)
    assert diversity(reals, seen(pictures(2, 40)[:1])) == 0


def test_reals_that_are_all_alike_are_no_measure() -> None:
    assert diversity(seen(pictures(1, 0)), seen(pictures(2, 40))) is None


def test_a_cast_of_colour_is_the_square_of_how_far_it_is() -> None:
    images = torch.from_numpy(np.random.default_rng(0).integers(0, 200, (300, 3, 32, 32), dtype=np.uint8))
    cast = images + torch.tensor([0, 0, 51], dtype=torch.uint8)[:, None, None]
    assert thumbnails(seen(images), seen(cast)) == pytest.approx(16 * 16 * 0.4**2, rel=1e-4)
    assert thumbnails(seen(images), seen(images)) == pytest.approx(0, abs=1e-3)
