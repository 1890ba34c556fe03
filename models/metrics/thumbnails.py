"""Pictures at 16x16 pixels: how different they are from each other, and how two sets of them lie."""

import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

from models.metrics.distances import frechet
from models.metrics.pyramid import COARSEST

ALIKE = 1e-4  # a distance below this is rounding; the least that two pictures can be apart is 1 / 255 of one of 16x16


class Thumbnails:
    """Gathered from a stream; grows by 3 KB a picture."""

    def __init__(self) -> None:
        self._found: list[Tensor] = []

    def add(self, images: Tensor) -> None:
        """Take in uint8 images [N, C, H, W]."""
        self._found.append(adaptive_avg_pool2d(images.float(), COARSEST).flatten(1) / 127.5 - 1)

    def all(self) -> Tensor:
        """float32 [N, C * 16 * 16] in [-1, 1]"""
        return torch.cat(self._found)


def diversity(reals: Thumbnails, fakes: Thumbnails) -> float | None:
    """The root mean squared distance of two fakes, over that of two reals: near 1 when they vary as much, near 0 when
    they are all alike.

    None where the reals are all alike.
    """
    apart = spread(reals.all())
    return None if apart < ALIKE else spread(fakes.all()) / apart


def spread(points: Tensor) -> float:
    """Root of the mean squared distance of two points of [N, D]; 0 of a single one."""
    if len(points) < 2:
        return 0.0
    return float((2 * points.double().var(dim=0).sum()).sqrt())


def thumbnails(reals: Thumbnails, fakes: Thumbnails) -> float:
    """Fréchet distance of the two sets: large forms and colours together, which `swd` does not see. Less is better."""
    return frechet(reals.all(), fakes.all())
