"""Light augmentation: shapes, determinism by the generator, gradients that reach the image."""

import torch

from models.training.augment.light import STRONG, colour, light, translate


def images() -> torch.Tensor:
    return torch.rand(6, 3, 16, 16, generator=torch.Generator().manual_seed(0)) * 2 - 1


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_same_generator_same_changes_and_another_others() -> None:
    generator = seeded(1)
    first, other = light(images(), 0.0, generator), light(images(), 0.0, generator)
    torch.manual_seed(2)  # the global generator has no part in it
    again = light(images(), 1.0, seeded(1))
    assert first.shape == (6, 3, 16, 16)
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_gradient_reaches_the_image() -> None:
    image = images().requires_grad_()
    (gradient,) = torch.autograd.grad(light(image, 0.0, seeded(2)).square().sum(), image)
    assert bool((gradient.flatten(1).abs().sum(dim=1) > 0).all())


def test_colour_keeps_a_grey_image_grey() -> None:
    grey = torch.full((4, 3, 8, 8), 0.25)
    changed = colour(grey, STRONG, seeded(3))
    assert torch.allclose(changed, changed.mean(dim=1, keepdim=True))
    assert not torch.allclose(changed, grey)


def test_translation_moves_pixels_and_invents_none() -> None:
    image = images()
    moved = translate(image, seeded(4))
    for before, after in zip(image, moved, strict=True):
        assert set(after.flatten().tolist()) <= set(before.flatten().tolist())
    assert not torch.equal(moved, image)
