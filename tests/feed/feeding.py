"""Networks a thumb's nail big, each of another colour."""

from pathlib import Path

import torch

from models.checkpoint import save
from models.stylegan2 import Generator


def tiny(
    seed: int = 1, colour: tuple[float, float, float] | None = None, resolution: int = 16, z_dim: int = 8
) -> Generator:
    """A seeded generator; with a `colour`, RGB from -1 to 1, its pictures are nearly nothing but that."""
    torch.manual_seed(seed)
    generator = Generator(resolution, z_dim=z_dim, w_dim=8, channel_base=128, channel_max=8, mapping_layers=2)
    if colour is not None:
        for block in generator.synthesis.blocks:
            block.torgb.weight.data.mul_(0.01)  # type: ignore[union-attr, operator]
            block.torgb.bias.data.zero_()  # type: ignore[union-attr, operator]
        generator.synthesis.blocks[-1].torgb.bias.data.copy_(torch.tensor(colour))  # type: ignore[union-attr, operator]
    return generator


def save_tiny(path: Path, seed: int = 1, colour: tuple[float, float, float] | None = None, **sizes: int) -> Path:
    """The checkpoint of one."""
    save(path, tiny(seed, colour, **sizes), {"made for": "a test"})
    return path
