"""Attributes of pictures that anybody would call warm, light, colourful or rich in contrast."""

import numpy as np
import pytest
import torch
from torch import Tensor

from models.explore.attributes import ATTRIBUTES, attributes, oklab


def flat(*rgb: float) -> Tensor:
    """A picture of one colour, 0 to 1: [1, 3, 8, 8]"""
    return torch.tensor(rgb).view(1, 3, 1, 1).expand(1, 3, 8, 8) * 2 - 1


def measured(picture: Tensor) -> dict[str, float]:
    return dict(zip(ATTRIBUTES, attributes(picture)[0].tolist(), strict=True))


@pytest.mark.parametrize(
    ("rgb", "expected"),
    [  # L, a and b as the author of OKLab gives them for sRGB
        ((1, 1, 1), (1.0, 0.0, 0.0)),
        ((1, 0, 0), (0.628, 0.225, 0.126)),
        ((0, 0, 1), (0.452, -0.032, -0.312)),
    ],
)
def test_oklab_is_oklab(rgb: tuple[float, ...], expected: tuple[float, ...]) -> None:
    np.testing.assert_allclose(oklab(flat(*rgb))[0, :, 0, 0], expected, atol=0.006)


def test_orange_is_warm_and_blue_is_cold() -> None:
    orange, grey, blue = measured(flat(1, 0.5, 0)), measured(flat(0.5, 0.5, 0.5)), measured(flat(0, 0.5, 1))
    assert orange["warmth"] > 0.1
    assert abs(grey["warmth"]) < 1e-3
    assert blue["warmth"] < -0.1
    assert abs(orange["tint"]) < 0.03
    assert measured(flat(1, 0, 1))["tint"] > 0.1 > -0.1 > measured(flat(0, 1, 0))["tint"]
    assert grey["colourfulness"] < 1e-3 < 0.1 < min(orange["colourfulness"], blue["colourfulness"])


def test_contrast_is_of_the_whole_and_detail_of_neighbours() -> None:
    halves = flat(0, 0, 0).clone()
    halves[..., 4:] = 1
    board = flat(0, 0, 0).clone()
    board[..., ::2, ::2] = board[..., 1::2, 1::2] = 1
    even, halved, checked = measured(flat(0.4, 0.4, 0.4)), measured(halves), measured(board)
    assert even["contrast"] < 1e-3
    assert halved["contrast"] == pytest.approx(checked["contrast"], abs=0.01)
    assert halved["lightness"] == pytest.approx(checked["lightness"], abs=0.01)
    assert even["detail"] < halved["detail"] < checked["detail"]


def test_what_a_screen_clips_does_not_count() -> None:
    assert measured(flat(1.5, 0.2, -3)) == measured(flat(1, 0.2, 0))


def test_black_and_grey_pictures_have_slopes() -> None:
    grey = torch.full((1, 1, 8, 8), -1.0, requires_grad=True)
    attributes(grey).sum().backward()
    assert grey.grad is not None
    assert bool(grey.grad.isfinite().all())
