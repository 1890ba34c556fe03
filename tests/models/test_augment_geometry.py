"""Moved pixels and warps against the naive ones, against known pictures, and against functions known everywhere."""

import math

import numpy as np
import pytest
import torch

from models.training.augment.geometry import blit, rotation, scaling, translation, warp
from models.training.augment.lookup import lookup
from models.training.augment.wavelets import MARGIN, SYM6
from tests.models import naive_augment as naive

Tensor = torch.Tensor


def picture(height: int, width: int, count: int = 1, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(count, 3, height, width, dtype=torch.float64, generator=generator)


def numbers(*values: float) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def tilt() -> Tensor:
    """Two transforms with all there is in them: [2, 3, 3]."""
    scaled = scaling(numbers(1.3, 0.8), numbers(0.9, 0.8)) @ rotation(numbers(0.4, -2.0))
    return scaled @ translation(numbers(0.7, -3.2), numbers(-1.4, 5.5))


def test_matrices_are_what_they_are_called() -> None:
    point = numbers(2, 1, 1)
    assert (scaling(numbers(3), numbers(-1)) @ point)[0].tolist() == [6, -1, 1]
    assert (translation(numbers(3), numbers(-1)) @ point)[0].tolist() == [5, 0, 1]
    assert (rotation(numbers(math.pi / 2)) @ point)[0].tolist() == pytest.approx([-1, 2, 1])


@pytest.mark.parametrize("shape", [(6, 6), (5, 7), (6, 4), (5, 4)])
def test_moved_pixels_are_those_of_the_naive(shape: tuple[int, int]) -> None:
    image = picture(*shape)
    for flip in (1, -1):
        for quarter in range(4):
            turned = scaling(numbers(flip), numbers(1)) @ rotation(numbers(quarter * math.pi / 2)).round()
            matrix = turned @ translation(numbers(2), numbers(-9))
            moved = blit(image, matrix)[0].numpy()
            for channel, before in zip(moved, image[0].numpy(), strict=True):
                np.testing.assert_array_equal(channel, naive.moved_pixels(before, matrix[0].numpy()))


def test_flips_turns_and_shifts_of_a_square_are_those_one_knows() -> None:
    image = picture(6, 6)
    assert torch.equal(blit(image, scaling(numbers(-1), numbers(1))), image.flip(3))
    for quarter in range(4):
        matrix = rotation(numbers(quarter * math.pi / 2)).round()
        assert torch.equal(blit(image, matrix), torch.rot90(image, quarter, (2, 3)))
    shifted = blit(image, translation(numbers(2), numbers(-1)))
    assert torch.equal(shifted[:, :, 1:, :4], image[:, :, :5, 2:])
    assert torch.equal(shifted[:, :, 0], shifted[:, :, 2])  # mirrored about the border pixel, which is row 1 now


@pytest.mark.parametrize("shape", [(7, 7), (5, 8)])
def test_warp_is_the_naive_one(shape: tuple[int, int]) -> None:
    images = picture(*shape, count=2)
    matrices = tilt()
    warps = warp(images, matrices)
    for image, matrix, out in zip(images, matrices, warps, strict=True):
        expected = naive.warped(image[0].numpy(), matrix.numpy(), np.array(SYM6), MARGIN)
        np.testing.assert_allclose(out[0].numpy(), expected, atol=1e-10)


def test_what_is_not_moved_stays_sharp() -> None:
    image = picture(24, 28)
    assert torch.allclose(warp(image, torch.eye(3).double()[None]), image, atol=1e-9)
    assert torch.allclose(warp(image.float(), torch.eye(3)[None]), image.float(), atol=1e-4)
    shifted = warp(image, translation(numbers(1), numbers(-2)))
    assert torch.allclose(shifted[:, :, 8:-6, 6:-7], image[:, :, 6:-8, 7:-6], atol=1e-9)


def sources(matrix: Tensor, height: int, width: int) -> tuple[Tensor, Tensor]:
    """Where each output pixel comes from, about the centre: x and y [H, W]."""
    y, x = torch.meshgrid(torch.arange(height) - (height - 1) / 2, torch.arange(width) - (width - 1) / 2, indexing="ij")
    x, y, _ = torch.einsum("ij,jhw->ihw", matrix, torch.stack([x, y, torch.ones_like(x)]).double())
    return x, y


@pytest.mark.parametrize("wave", [0.0, 0.2])
def test_a_warp_of_a_smooth_function_is_the_function_of_the_warped_places(wave: float) -> None:
    """Independent of filters and sampling: a plane (wave 0) comes out exactly, a wave as well as lines fit it."""
    height, width = 50, 70

    def function(x: Tensor, y: Tensor) -> Tensor:
        return 0.3 * x - 0.2 * y if wave == 0 else torch.cos(wave * x + wave / 2 * y + 1)

    unmoved = sources(torch.eye(3, dtype=torch.float64), height, width)
    image = function(*unmoved).expand(1, 1, -1, -1)
    for matrix in tilt():
        x, y = sources(matrix, height, width)
        inside = (x.abs() < width / 2 - 9) & (y.abs() < height / 2 - 9)
        out = warp(image, matrix[None])[0, 0]
        assert inside.sum() > 800
        assert torch.allclose(out[inside], function(x, y)[inside], atol=1e-9 if wave == 0 else 3e-3)


def test_beyond_the_border_lies_the_mirrored_image() -> None:
    """Waves whose crests lie on the borders are their own mirror image: they go on as they are, as far as one looks."""
    height, width = 33, 41

    def function(x: Tensor, y: Tensor) -> Tensor:
        across = torch.cos(2 * math.pi * (x / (width - 1) + 0.5))
        return across * torch.cos(math.pi * (y / (height - 1) + 0.5))

    image = function(*sources(torch.eye(3, dtype=torch.float64), height, width)).expand(1, 1, -1, -1)
    far = scaling(numbers(3.5), numbers(3.0)) @ rotation(numbers(0.5)) @ translation(numbers(20), numbers(-9))
    for matrix in (*tilt(), far[0]):
        x, y = sources(matrix, height, width)
        assert torch.allclose(warp(image, matrix[None])[0, 0], function(x, y), atol=0.03)


def test_a_constant_stays_constant() -> None:
    image = torch.full((2, 3, 11, 14), 0.37)
    assert torch.allclose(warp(image, tilt().float()), image, atol=1e-6)
    assert torch.equal(blit(image, tilt().float()), image)


def test_lookup_has_first_and_second_derivatives() -> None:
    image = picture(4, 5)
    grid = torch.rand(1, 3, 3, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) * 2 - 1

    def squared(images: Tensor) -> Tensor:
        return lookup(images, grid).square()

    assert torch.autograd.gradcheck(squared, image.requires_grad_())
    assert torch.autograd.gradgradcheck(squared, image)
