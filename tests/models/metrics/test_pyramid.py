"""The Laplacian pyramid: nothing is lost, and each level holds what it should."""

import numpy as np
import pytest
import torch

from models.metrics.pyramid import _down, _up, laplacian_pyramid, level_shapes


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((16, 16), [(16, 16)]),
        ((64, 64), [(16, 16), (32, 32), (64, 64)]),
        ((64, 228), [(16, 57), (32, 114), (64, 228)]),
        ((45, 31), [(23, 16), (45, 31)]),
    ],
)
def test_levels_halve_down_to_sixteen(shape: tuple[int, int], expected: list[tuple[int, int]]) -> None:
    images = torch.zeros(2, 3, *shape)
    assert level_shapes(shape) == expected
    assert [level.shape for level in laplacian_pyramid(images)] == [(2, 3, *size) for size in expected]


@pytest.mark.parametrize("shape", [(64, 64), (45, 31), (32, 70)])
def test_the_levels_together_are_the_picture(shape: tuple[int, int]) -> None:
    images = torch.rand(2, 3, *shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    coarse, *details = laplacian_pyramid(images)
    for detail in details:
        coarse = _up(coarse, (detail.shape[2], detail.shape[3])) + detail
    torch.testing.assert_close(coarse, images)


@pytest.mark.parametrize("shape", [(64, 64), (45, 31)])
def test_a_plain_colour_has_no_detail(shape: tuple[int, int]) -> None:
    coarse, *details = laplacian_pyramid(torch.full((1, 3, *shape), 0.7, dtype=torch.float64))
    torch.testing.assert_close(coarse, torch.full_like(coarse, 0.7))
    for detail in details:
        torch.testing.assert_close(detail, torch.zeros_like(detail))


def test_coarser_pixels_are_binomial_means() -> None:
    image = torch.rand(1, 1, 12, 10, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    weights = np.outer([1, 4, 6, 4, 1], [1, 4, 6, 4, 1]) / 256
    around = np.pad(image[0, 0].numpy(), 2, mode="reflect")
    expected = [[(around[y : y + 5, x : x + 5] * weights).sum() for x in range(0, 10, 2)] for y in range(0, 12, 2)]
    np.testing.assert_allclose(_down(image)[0, 0].numpy(), expected, rtol=1e-12)
