"""Augmentation: shapes, determinism under a seed, gradients that reach the image."""

import torch

from models.training.augment import augment, colour, translate


def images() -> torch.Tensor:
    return torch.rand(6, 3, 16, 16, generator=torch.Generator().manual_seed(0)) * 2 - 1


def test_same_seed_same_changes_and_another_seed_others() -> None:
    torch.manual_seed(1)
    first = augment(images())
    torch.manual_seed(1)
    again = augment(images())
    other = augment(images())
    assert first.shape == (6, 3, 16, 16)
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_gradient_reaches_the_image() -> None:
    torch.manual_seed(2)
    image = images().requires_grad_()
    (gradient,) = torch.autograd.grad(augment(image).square().sum(), image)
    assert bool((gradient.flatten(1).abs().sum(dim=1) > 0).all())


def test_colour_keeps_a_grey_image_grey() -> None:
    torch.manual_seed(3)
    grey = torch.full((4, 3, 8, 8), 0.25)
    changed = colour(grey)
    assert torch.allclose(changed, changed.mean(dim=1, keepdim=True))
    assert not torch.allclose(changed, grey)


def test_translation_moves_pixels_and_invents_none() -> None:
    torch.manual_seed(4)
    image = images()
    moved = translate(image)
    for before, after in zip(image, moved, strict=True):
        assert set(after.flatten().tolist()) <= set(before.flatten().tolist())
    assert not torch.equal(moved, image)
