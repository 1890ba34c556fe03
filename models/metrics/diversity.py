"""How different a network's pictures are from each other, against how different the real ones are."""

import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

from models.metrics.pyramid import COARSEST

ALIKE = 1e-4  # a distance below this is rounding; the least that two pictures can be apart is 1 / 255 of one of 16x16


class Thumbnails:
    """Sums over pictures that were brought to 16x16 pixels; memory does not grow with their number."""

    def __init__(self) -> None:
        self._count = 0
        self._sum = torch.zeros((), dtype=torch.float64)
        self._square = torch.zeros((), dtype=torch.float64)

    def add(self, images: Tensor) -> None:
        """Take in uint8 images [N, C, H, W]."""
        small = adaptive_avg_pool2d(images.float(), COARSEST).double().flatten(1) / 255
        self._count += len(images)
        self._sum = self._sum + small.sum(dim=0)
        self._square = self._square + small.square().sum()

    def distance(self) -> float:
        """Root of the mean squared distance of two pictures; 0 of a single one."""
        if self._count < 2:
            return 0.0
        squares = 2 * (self._square - self._sum.square().sum() / self._count) / (self._count - 1)
        return float(squares.clamp_min(0).sqrt())


def diversity(reals: Thumbnails, fakes: Thumbnails) -> float | None:
    """The fakes' distance over the reals': near 1 when they vary as much, near 0 when they are all alike.

    None where the reals are all alike.
    """
    return None if reals.distance() < ALIKE else fakes.distance() / reals.distance()
