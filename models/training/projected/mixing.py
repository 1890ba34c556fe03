"""Random fixed mixing of features: across the channels of each level, then from the coarse levels to the fine ones.

Without it a discriminator looks at a few prominent features only (Sauer et al. 2021, section 3.2).
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

WIDTHS = (64, 128, 256, 512)  # channels of each level, the finest first; further levels are as wide as the last


class Mixing(nn.Module):
    """Features of levels, the finest first, to as many maps, in each of which all that is coarser is mixed in.

    `channels`: of the maps that come out.
    """

    def __init__(self, channels: tuple[int, ...], generator: torch.Generator) -> None:
        """`channels` of the features' levels; `generator` decides the weights, which are buffers: never learned."""
        super().__init__()
        widths = tuple(WIDTHS[min(level, len(WIDTHS) - 1)] for level in range(len(channels)))
        self.channels = (widths[0], *widths[:-1])  # a map joins the finer level, which is as wide
        for level, (known, wide, out) in enumerate(zip(channels, widths, self.channels, strict=True)):
            self.register_buffer(f"across{level}", _random(wide, known, generator))
            self.register_buffer(f"onwards{level}", _random(out, wide, generator))

    def forward(self, features: list[Tensor]) -> list[Tensor]:
        """[N, channels, h, w] of each level -> [N, self.channels, h, w] of each"""
        found: list[Tensor] = []
        for level in reversed(range(len(features))):
            x = self._mixed(f"across{level}", features[level])
            if found:
                x = x + F.interpolate(found[0], size=x.shape[2:], mode="bilinear", align_corners=False)
            found.insert(0, self._mixed(f"onwards{level}", x))
        return found

    def _mixed(self, name: str, x: Tensor) -> Tensor:
        y: Tensor = F.conv2d(x, self.get_buffer(name).to(x.dtype))
        return y


def _random(out: int, channels: int, generator: torch.Generator) -> Tensor:
    """Weights [out, channels, 1, 1] that keep the size of what they mix."""
    return torch.randn(out, channels, 1, 1, generator=generator) / math.sqrt(channels)
