"""The pipeline whole: nothing at p = 0, how often at p, the same again, no leak between images, derivatives."""

import pytest
import torch

from models.training.augment import ALL, BGC, Ada, light

Tensor = torch.Tensor


def pictures(*shape: int, dtype: torch.dtype = torch.float32) -> Tensor:
    return torch.rand(*shape, dtype=dtype, generator=torch.Generator().manual_seed(0)) * 2 - 1


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("shape", [(5, 3, 16, 16), (5, 1, 16, 16), (5, 3, 12, 20), (5, 3, 9, 4)])
def test_any_shape_stays_and_p_0_changes_no_bit(shape: tuple[int, ...]) -> None:
    images = pictures(*shape)
    ada = Ada(shape[1], ALL)
    assert torch.equal(ada(images, 0.0, seeded()), images)
    changed = ada(images, 1.0, seeded())
    assert changed.shape == images.shape
    assert changed.dtype == torch.float32
    assert bool(changed.isfinite().all())
    assert bool((changed != images).flatten(1).any(dim=1).all())


def test_the_same_generator_makes_the_same_and_leaves_the_images_alone() -> None:
    images = pictures(8, 3, 16, 16)
    before = images.clone()
    first = Ada(3, ALL)(images, 0.7, seeded(1))
    torch.manual_seed(5)  # the global generator has no part in it
    assert torch.equal(Ada(3, ALL)(images, 0.7, seeded(1)), first)
    assert not torch.equal(Ada(3, ALL)(images, 0.7, seeded(2)), first)
    assert torch.equal(images, before)


HOW_OFTEN = {
    "flip": 0.5,
    "rotate90": 0.75,
    "shift": 15 / 16,  # of 16 pixels by up to 2, rounded: a quarter of the shifts along either axis is none
    "luma_flip": 0.5,
}


@pytest.mark.parametrize("transform", sorted(ALL))
def test_each_transform_happens_as_often_as_it_should(transform: str) -> None:
    p, count = 0.3, 1500
    images = pictures(count, 3, 16, 16)
    changed = (Ada(3, frozenset({transform}))(images, p, seeded()) != images).flatten(1).any(dim=1)
    expected = 1 - (1 - p) ** 4 if transform == "filter" else p * HOW_OFTEN.get(transform, 1.0)
    assert changed.double().mean().item() == pytest.approx(expected, abs=4 * (0.25 / count) ** 0.5)


def test_what_is_switched_off_changes_nothing_else() -> None:
    """Images that an absent transform would have left alone come out the same without it."""
    images = pictures(40, 3, 16, 16)
    whole, less = Ada(3, ALL)(images, 0.1, seeded()), Ada(3, ALL - {"cutout"})(images, 0.1, seeded())
    same = (whole == less).flatten(1).all(dim=1)
    assert 0.7 < same.double().mean() < 1.0
    assert torch.equal(Ada(3, frozenset())(images, 1.0, seeded()), images)


def test_images_do_not_leak_into_each_other() -> None:
    images = pictures(6, 3, 12, 16)
    other = images.clone()
    other[2] = 0.1
    ada = Ada(3, ALL)
    for p in (0.5, 1.0):
        kept, changed = ada(images, p, seeded(3)), ada(other, p, seeded(3))
        assert (kept == changed).flatten(1).all(dim=1).tolist() == [True, True, False, True, True, True]


@pytest.mark.parametrize("channels", [1, 3])
def test_it_is_differentiable_twice(channels: int) -> None:
    ada = Ada(channels, ALL)

    def run(shown: Tensor) -> Tensor:
        return ada(shown, 1.0, seeded(1))

    small = pictures(1, channels, 4, 3, dtype=torch.float64).requires_grad_()
    assert torch.autograd.gradcheck(run, small)  # every entry of the Jacobian
    images = pictures(3, channels, 6, 5, dtype=torch.float64).requires_grad_()
    assert torch.autograd.gradcheck(run, images, fast_mode=True)  # and random projections of larger ones
    assert torch.autograd.gradgradcheck(lambda shown: run(shown).square(), images, fast_mode=True)


@pytest.mark.parametrize("transform", sorted(ALL))
def test_the_gradient_of_the_mean_flows_through_each(transform: str) -> None:
    images = pictures(12, 3, 16, 16, dtype=torch.float64).requires_grad_()
    out = Ada(3, frozenset({transform}))(images, 1.0, seeded())
    (gradient,) = torch.autograd.grad(out.mean(), images)
    assert bool((gradient.flatten(1).abs().sum(dim=1) > 0).all())
    if transform in BGC - {"shift", "scale", "rotate", "rotate90", "stretch", "translate", "luma_flip", "filter"}:
        assert bool((gradient.mean(dim=1).abs() > 0).all())  # no pixel lost
    if transform == "cutout":
        assert torch.equal(gradient == 0, out == 0)


def test_gradients_of_the_discriminator_pass_to_the_unaugmented_image() -> None:
    """As a penalty through the pipeline needs: a gradient of a gradient, finite and not nothing."""
    images = pictures(4, 3, 16, 16).requires_grad_()
    weight = torch.ones((), requires_grad=True)
    logits = (weight * Ada(3, ALL)(images, 0.8, seeded())).square().sum()
    (gradient,) = torch.autograd.grad(logits, images, create_graph=True)
    (of_weight,) = torch.autograd.grad(gradient.square().sum(), weight)
    assert of_weight.isfinite()
    assert of_weight > 0


def test_the_work_is_done_where_the_images_are() -> None:
    """Tensors without values refuse to meet those of the CPU, as those of a GPU do; random numbers cross over."""
    images = torch.empty(6, 3, 16, 20, device="meta", requires_grad=True)
    for augmentation in (Ada(3, ALL), light):
        out = augmentation(images, 0.7, seeded())
        (gradient,) = torch.autograd.grad(out.sum(), images)
        assert (out.device, out.shape) == (images.device, images.shape)
        assert gradient.shape == images.shape


def test_what_cannot_be_augmented_is_said() -> None:
    with pytest.raises(ValueError, match="4 channels"):
        Ada(4)
    with pytest.raises(ValueError, match=r"\['swirl'\] is unknown"):
        Ada(3, frozenset({"flip", "swirl"}))
    with pytest.raises(ValueError, match="images have 1 channels"):
        Ada(3)(pictures(1, 1, 4, 4), 0.5, seeded())
