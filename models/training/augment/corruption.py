"""Noise over an image, and a hole in it."""

import torch
from torch import Tensor

from models.training.augment.chance import Chance

CORRUPTION = frozenset({"noise", "cutout"})

DEVIATION = 0.1  # scale of the noise's half-normal standard deviation, in units of [-1, 1]
HOLE = 0.5  # of either side


def draw_noise(chance: Chance) -> Tensor:
    """Standard deviations [N]."""
    return torch.where(chance.happens("noise"), chance.normal(DEVIATION).abs(), 0.0)


def draw_cutout(chance: Chance) -> Tensor:
    """Centres of the holes [N, 2] as shares of width and height; beyond any image where there is none."""
    cut = chance.happens("cutout")
    return torch.stack([torch.where(cut, chance.uniform(0.0, 1.0), torch.inf) for _ in range(2)], dim=1)


def add_noise(images: Tensor, deviations: Tensor, generator: torch.Generator) -> Tensor:
    """Images [N, C, H, W] with white noise of the deviations [N], drawn on the CPU."""
    noise = torch.randn(images.shape, generator=generator).to(images)
    return images + deviations[:, None, None, None] * noise


def cut_out(images: Tensor, centres: Tensor) -> Tensor:
    """Images [N, C, H, W], mid-grey in a rectangle of half the width and height about centres [N, 2]."""
    inside_x, inside_y = (
        _inside(centre, side) for centre, side in zip(centres.t(), reversed(images.shape[2:]), strict=True)
    )
    hole = inside_y[:, None, :, None] & inside_x[:, None, None, :]  # [N, 1, H, W]
    return images.masked_fill(hole, 0.0)


def _inside(centre: Tensor, side: int) -> Tensor:
    """Which pixels of each line are within the hole: [N, side]."""
    pixel = torch.arange(side, device=centre.device)
    first, end = (((centre + half) * side).round()[:, None] for half in (-HOLE / 2, HOLE / 2))
    return (pixel >= first) & (pixel < end)
