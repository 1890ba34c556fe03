"""When a transform happens, and by how much: one generator, one fixed order of draws."""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Chance:
    """Random numbers for `count` images, float64 on the CPU.

    How much is drawn depends neither on `p` nor on which `transforms` are allowed, so that another p changes which
    images are transformed and not how.
    """

    count: int
    p: float
    transforms: frozenset[str]
    generator: torch.Generator

    def happens(self, transform: str, p: float | None = None) -> Tensor:
        """Which images it happens to [N], each with probability p (else that of all)."""
        drawn = self.uniform(0.0, 1.0) < (self.p if p is None else p)
        return drawn & (transform in self.transforms)

    def uniform(self, low: float, high: float) -> Tensor:
        """[N] in [low, high)."""
        return low + (high - low) * torch.rand(self.count, generator=self.generator, dtype=torch.float64)

    def normal(self, deviation: float) -> Tensor:
        """[N] about 0."""
        return deviation * torch.randn(self.count, generator=self.generator, dtype=torch.float64)

    def lognormal(self, octaves: float) -> Tensor:
        """[N] about 1, whose logarithm to base 2 has the standard deviation `octaves`."""
        return self.normal(octaves).exp2()

    def integer(self, end: int) -> Tensor:
        """[N] whole numbers in [0, end)."""
        return torch.randint(end, (self.count,), generator=self.generator).double()
