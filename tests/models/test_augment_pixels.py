"""Colour, filters, noise and holes against pixel-by-pixel ones, and the spread of what is drawn."""

import numpy as np
import pytest
import torch

from models.training.augment import ALL, colour, corruption, filters, geometry
from models.training.augment.chance import Chance
from tests.models import naive_augment as naive

Tensor = torch.Tensor


def pictures(*shape: int) -> Tensor:
    return torch.rand(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) * 2 - 1


def numbers(*values: float) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def certain(count: int, transform: str | None = None) -> Chance:
    """Every image transformed, by one transform or by all."""
    return Chance(count, 1.0, ALL if transform is None else frozenset({transform}), torch.Generator().manual_seed(1))


def test_each_change_of_colour_is_what_it_is_called() -> None:
    image = pictures(1, 3, 4, 5)
    grey = image.mean(dim=1, keepdim=True)
    for matrix, expected in [
        (colour.brightness(numbers(0.3)), image + 0.3),
        (colour.contrast(numbers(1.7)), image * 1.7),
        (colour.luma_flip(numbers(1)), image - 2 * grey),
        (colour.luma_flip(numbers(0)), image),
        (colour.saturation(numbers(2.5)), grey + 2.5 * (image - grey)),
    ]:
        assert torch.allclose(colour.recolour(image, matrix), expected)
    turned = colour.recolour(image, colour.hue(numbers(0.8)))[0].flatten(1).T
    for before, after in zip(image[0].flatten(1).T, turned, strict=True):
        np.testing.assert_allclose(after.numpy(), naive.turned_hue(before.numpy(), 0.8))


def test_a_third_of_a_turn_of_hue_takes_red_to_green() -> None:
    red = numbers(1, -0.5, -0.5).view(1, 3, 1, 1)
    assert colour.recolour(red, colour.hue(numbers(2 * np.pi / 3))).flatten().tolist() == pytest.approx([-0.5, 1, -0.5])


def test_drawn_colour_is_the_five_changes_one_after_another() -> None:
    """Of one pixel, in the order of the paper, from the values that each transform alone is drawn with."""
    names = ("brightness", "contrast", "luma_flip", "hue", "saturation")
    alone = {name: colour.draw(certain(6, name)) for name in names}
    pixel = pictures(6, 3, 1, 1)
    expected = pixel
    for name in names:
        expected = colour.recolour(expected, alone[name])
    assert torch.allclose(colour.recolour(pixel, colour.draw(certain(6))), expected)


def test_greys_are_coloured_like_grey_pictures() -> None:
    grey = pictures(6, 1, 4, 4)
    matrices = colour.draw(certain(6))
    in_colour = colour.recolour(grey.expand(-1, 3, -1, -1), matrices)
    assert torch.allclose(colour.recolour(grey, matrices), in_colour[:, :1])
    assert torch.allclose(in_colour, in_colour[:, :1].expand(-1, 3, -1, -1))


def test_bands_are_amplified_as_by_direct_sums() -> None:
    images = pictures(2, 3, 30, 40)
    gains = filters.draw(certain(2))
    out = filters.equalise(images, gains)
    for image, gain, found in zip(images, gains.numpy(), out, strict=True):
        expected = naive.filtered(image[1].numpy(), gain @ filters.band_taps())
        np.testing.assert_allclose(found[1].numpy(), expected, atol=1e-12)


def test_filters_leave_the_expected_power_of_an_image() -> None:
    """In a picture whose bands have the power that natural ones have; the gain of one band alone does not."""
    gains = filters.draw(certain(20_000))
    power = (filters.POWER * gains.square()).sum(dim=1)
    assert power.log2().mean().abs() < 0.2
    assert gains[:, 3].log2().std() > 0.7


def test_noise_is_white_with_its_deviation() -> None:
    deviations = torch.tensor([0.05, 0.2])
    noisy = corruption.add_noise(torch.zeros(2, 3, 64, 64), deviations, torch.Generator().manual_seed(0))
    assert noisy.flatten(1).std(dim=1).tolist() == pytest.approx(deviations.tolist(), rel=0.05)
    assert (noisy[:, 0] * noisy[:, 1]).mean().abs() < 1e-3
    assert (noisy[..., 1:] * noisy[..., :-1]).mean().abs() < 1e-3


def test_holes_are_half_of_either_side_about_their_centre() -> None:
    centres = numbers(0.5, 0.5, 0.0, 0.9).view(2, 2)
    cut = corruption.cut_out(torch.ones(2, 1, 8, 12), centres)[:, 0]
    assert (cut[0] == 0).nonzero().amin(dim=0).tolist() == [2, 3]
    assert (cut[0] == 0).nonzero().amax(dim=0).tolist() == [5, 8]
    assert int((cut[0] == 0).sum()) == 4 * 6
    assert int((cut[1] == 0).sum()) == 3 * 3  # rows 5 to 7, columns 0 to 2
    assert bool((cut[1, 5:, :3] == 0).all())


SIDE = 1000.0


def spread(transform: str) -> Tensor:
    """The drawn value of one transform, in the unit in which the paper gives its deviation."""
    chance = certain(20_000, transform)
    if transform in colour.COLOUR:
        matrix = colour.draw(chance)
        return {"brightness": matrix[:, 0, 3], "contrast": matrix[:, 0, 0].log2()}.get(
            transform, (matrix[:, 0, 0] - matrix[:, 0, 1]).log2()
        )
    if transform in corruption.CORRUPTION:
        return corruption.draw_noise(chance) * torch.randn(20_000).sign()
    matrix = geometry.draw_general(chance, int(SIDE), int(SIDE))
    return matrix[:, 1, 2] / SIDE if transform == "translate" else matrix[:, 0, 0].log2()


@pytest.mark.parametrize(
    ("transform", "deviation"),
    [
        ("brightness", 0.2),
        ("contrast", 0.5),
        ("saturation", 1.0),
        ("scale", 0.2),
        ("stretch", 0.2),
        ("translate", 0.125),
        ("noise", 0.1),
    ],
)
def test_what_is_drawn_has_the_spread_of_the_paper(transform: str, deviation: float) -> None:
    assert spread(transform).std().item() == pytest.approx(deviation, rel=0.03)


def test_whole_shifts_reach_an_eighth_of_the_side() -> None:
    matrices = geometry.draw_blit(certain(2000, "shift"), 32, 64)
    assert matrices[:, :2, 2].abs().amax(dim=0).tolist() == [8, 4]
    assert torch.equal(matrices, matrices.round())
