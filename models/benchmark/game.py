"""What is measured of a training: two players on pictures that are always the same."""

from dataclasses import dataclass
from typing import Any, Protocol, Self

import torch
from torch import Tensor

Z_DIM = W_DIM = 512  # as published
TURN = 16  # iterations; every interval of a penalty divides it, so a turn holds each as often as a long training does


@dataclass(frozen=True, slots=True)
class Size:
    """Of the networks, square and in colour, and of a batch; channels as in `models.stylegan2`."""

    resolution: int
    channel_base: int
    channel_max: int
    batch: int

    @property
    def gamma(self) -> float:
        """Weight of R1 in the published game (Karras et al. 2020, ADA)."""
        return 0.0002 * self.resolution**2 / self.batch


@dataclass(frozen=True, slots=True)
class Entry:
    """Which game: `official`, `twin`, `projected` or one of our losses; how large; on what.

    `twin` is the published game between networks of the published build, in the number type the published code uses;
    `checkout` the folder of that code. `features` and `feature_size` are of a `projected` game, None: as in training.
    """

    kind: str
    size: Size
    device: str
    threads: int
    checkout: str | None = None
    features: str | None = None
    feature_size: int | None = None

    @classmethod
    def of(cls, values: dict[str, Any]) -> Self:
        """From plain values, as `dataclasses.asdict` makes them."""
        return cls(**values | {"size": Size(**values["size"])})


class Game(Protocol):
    """Two players, their optimisers and the moving average."""

    facts: dict[str, Any]

    def iterate(self, iteration: int) -> None:
        """One step of both players, with the penalties that are due in this iteration, and the moving average."""
        ...


def reals(count: int, side: int, device: str) -> Tensor:
    """Noise in place of pictures, [count, 3, H, W] in [-1, 1]: reading a set is not what is measured."""
    return torch.rand(count, 3, side, side).to(device) * 2 - 1


def parameters(network: Any) -> int:
    """How many numbers it learns."""
    return sum(parameter.numel() for parameter in network.parameters())
