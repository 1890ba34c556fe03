"""Directions are found where they are known, and learnt from every kind of network."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from models.explore.direction_file import PALETTE, Directions, DirectionsError
from models.explore.directions import learn
from models.stylegan2 import Generator as StyleGAN2
from models.stylegan3 import Generator as StyleGAN3

LAYERS, WIDTH, SIDE = 4, 8, 16


class Planted(nn.Module):
    """Coarse layers shift the forms; in layer 2 the first number of w is lightness, in layer 3 others are the rest."""

    num_ws, z_dim, w_dim, c_dim = LAYERS, WIDTH, WIDTH, 0

    def __init__(self) -> None:
        super().__init__()
        self.mapping = nn.Unflatten(1, (1, WIDTH))
        self.mapping.w_avg = torch.zeros(WIDTH)
        self.mapping.forward = lambda z, c, psi: (psi * z)[:, None].expand(-1, LAYERS, -1)  # type: ignore[method-assign]

    def fast(self) -> "Planted":
        return self

    def synthesis(self, ws: Tensor, noise_mode: str = "const") -> Tensor:
        place = torch.linspace(0, 12, SIDE)
        form = torch.sin(place[None] + ws[:, 0, 5, None])[:, None, :] * torch.cos(place)[:, None]  # [N, H, W]
        light, warm, contrast = ws[:, 2, 0], ws[:, 3, 1], ws[:, 3, 2]
        luminance = form * 0.3 * (1 + 0.3 * contrast[:, None, None]) + 0.1 * light[:, None, None]
        colour = torch.tensor([0.08, 0.0, -0.08])[:, None, None] * (1 + 0.5 * warm[:, None, None, None])
        return luminance[:, None] + colour


@pytest.fixture(scope="module")
def planted() -> Directions:
    return learn(Planted(), 192)


def aligned(shift: np.ndarray, layer: int, number: int) -> float:
    """The share of a shift that lies along one number of one layer."""
    return float(abs(shift[layer, number]) / np.linalg.norm(shift))


def test_planted_directions_are_found_in_their_layers(planted: Directions) -> None:
    shifts = planted.shifts
    assert aligned(shifts["lightness"], 2, 0) > 0.95
    assert aligned(shifts["warmth"], 3, 1) > 0.95
    assert aligned(shifts["contrast"], 3, 2) > 0.95
    assert all(shifts[name][layer, number] > 0 for name, layer, number in (("warmth", 3, 1), ("contrast", 3, 2)))
    assert planted.figures["first_layer"] == 2
    assert all(not shift[:2].any() for shift in shifts.values()), "forms stay"


def test_one_step_is_one_standard_deviation_and_the_model_foretells(planted: Directions) -> None:
    for name in ("warmth", "lightness", "contrast"):
        told = planted.figures[name]
        assert told["effects"][name] == pytest.approx(1, abs=0.2)
        assert told["rank_correlation"] > 0.8
        assert told["r2"] > 0.6
    assert abs(planted.figures["lightness"]["effects"]["warmth"]) < 0.2


def test_the_same_seed_gives_the_same_directions() -> None:
    first, again, other = learn(Planted(), 64), learn(Planted(), 64), learn(Planted(), 64, seed=1)
    for name, shift in first.shifts.items():
        np.testing.assert_array_equal(again.shifts[name], shift)
    assert again.figures == first.figures
    assert (other.shifts["warmth"] != first.shifts["warmth"]).any()


def small(architecture: str) -> Any:
    """A network of random weights, in pictures of many colours."""
    torch.manual_seed(2)
    config: dict[str, Any] = {"z_dim": 6, "w_dim": 6, "mapping_layers": 2, "channel_base": 256, "channel_max": 16}
    if architecture == "stylegan3":
        return StyleGAN3(16, output_scale=4.0, **config | {"channel_max": 4}).eval().requires_grad_(False)
    of = {"classes": {"c_dim": 3}, "wide": {"canvas": (16, 57)}, "grey": {"img_channels": 1}}
    return StyleGAN2(16, **config, **of.get(architecture, {})).eval().requires_grad_(False)


@pytest.mark.parametrize("architecture", ["stylegan3", "classes", "wide"])
def test_every_kind_of_network_has_directions(architecture: str) -> None:
    network, seen = small(architecture), []
    learnt = learn(network, 32, report=lambda done, total: seen.append((done, total)))
    assert learnt.shifts
    assert set(learnt.shifts) <= set(PALETTE)
    for shift in learnt.shifts.values():
        assert shift.shape == (network.num_ws, network.w_dim)
        assert shift.dtype == np.float32
        first = learnt.figures["first_layer"]
        assert not shift[:first].any()
        assert shift[first:].any(axis=1).all()
    assert [done for done, _ in seen] == list(range(1, len(seen) + 1))
    assert len({total for _, total in seen}) == 1
    assert len(seen) <= seen[0][1]


def test_grey_pictures_have_no_warmth() -> None:
    assert set(learn(small("grey"), 32).shifts) == {"lightness", "contrast"}


class Alike(Planted):
    def synthesis(self, ws: Tensor, noise_mode: str = "const") -> Tensor:
        return ws.sum() * 0 + torch.zeros(len(ws), 3, SIDE, SIDE)


class Endless(Planted):
    def synthesis(self, ws: Tensor, noise_mode: str = "const") -> Tensor:
        return super().synthesis(ws) / 0


@pytest.mark.parametrize(
    ("network", "samples", "sentence"),
    [
        (Alike(), 64, "pictures are all alike"),
        (Endless(), 64, "pictures that are not finite"),
        (Planted(), 31, "cannot be learnt from 31 pictures; take 32 to 20000"),
    ],
)
def test_what_has_no_directions_is_refused(network: Planted, samples: int, sentence: str) -> None:
    with pytest.raises(DirectionsError, match=sentence):
        learn(network, samples)
