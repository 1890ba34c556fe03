"""The discriminator on features: random mixing, then for each level a small one that ends in a map of logits."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn
from torch.nn import functional as F

from models import discriminator
from models.discriminator import Discriminator
from models.training.projected.mixing import Mixing
from models.training.projected.spectral import SpectralConv

KIND = "projected"
SMALL = 8  # the maps come down to about so many positions a side before the logits
SLOPE = 0.2  # of the leaky ReLU


class Config(BaseModel):
    """What a projected discriminator is built from."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["projected"] = "projected"
    features: str = Field(max_length=4096)  # by name or path
    features_sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    channels: tuple[Annotated[int, Field(ge=1, le=8192)], ...] = Field(min_length=1, max_length=8)  # of the levels
    sides: tuple[Annotated[int, Field(ge=1, le=1024)], ...] = Field(min_length=1, max_length=8)  # of the levels' maps
    width: int = Field(128, ge=8, le=1024)
    pixels: discriminator.Config | None = None  # a discriminator of pictures beside those of features


class Normalised(nn.Module):
    """Batch norm by the statistics of what passes, and leaky ReLU."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        """[N, C, H, W] -> [N, C, H, W]"""
        return F.leaky_relu(F.batch_norm(x, None, None, self.weight, self.bias, training=True), SLOPE)


class OneLevel(nn.Sequential):
    """Of one level: [N, C, side, side] -> a map of logits [N, 1, h, w]."""

    def __init__(self, channels: int, side: int, width: int) -> None:
        layers: list[nn.Module] = []
        if side <= SMALL:
            wide = max(channels, width)
            layers += [SpectralConv(channels, wide, 3, 1, 1), Normalised(wide)]
            channels = wide
        while side > SMALL:
            wide = min(2 * max(channels, 64), width)
            layers += [SpectralConv(channels, wide, 4, 2, 1), Normalised(wide)]
            channels, side = wide, side // 2
        super().__init__(*layers, SpectralConv(channels, 1, 4, 1, 1))


class Projected(nn.Module):
    """Logits for what features see in pictures; in `pixels`, if it has one, a discriminator of the pictures too."""

    def __init__(self, config: Config, seed: torch.Generator | None = None) -> None:
        """`seed` decides the mixing, which is part of the state."""
        super().__init__()
        self.config = config
        self.mixing = Mixing(config.channels, seed or torch.Generator())
        self.levels = nn.ModuleList(
            OneLevel(channels, side, config.width)
            for channels, side in zip(self.mixing.channels, config.sides, strict=True)
        )
        self.pixels = None if config.pixels is None else Discriminator(**config.pixels.model_dump())
        self.requires_grad_()

    def forward(self, mixed: list[Tensor]) -> list[Tensor]:
        """Mixed features of each level, [N, C, h, w] -> logits of each, float32 [N, positions]"""
        return [judge(x).float().flatten(1) for judge, x in zip(self.levels, mixed, strict=True)]

    @property
    def mbstd_group_size(self) -> int:
        """Of the discriminator of pictures, where there is one."""
        return 1 if self.pixels is None else self.pixels.mbstd_group_size

    def follow(self) -> None:
        """Once an iteration, before anything passes: see SpectralConv."""
        for conv in self._convolutions():
            conv.follow()

    def _convolutions(self) -> Iterator[SpectralConv]:
        return (module for module in self.levels.modules() if isinstance(module, SpectralConv))


def sizes_of(features: list[Tensor]) -> dict[str, Any]:
    """`channels` and `sides` of a Config, of features of one picture."""
    return {
        "channels": tuple(level.shape[1] for level in features),
        "sides": tuple(min(level.shape[2:]) for level in features),
    }
