"""The smallest run that learns, and its players."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from models.training import TrainConfig
from models.training.networks import fresh
from models.training.players import Players
from models.training.presets import settle

PICTURES = 8


def tiny(data: Path, out: Path, **options: Any) -> TrainConfig:
    """A run of networks of 16 pixels, in float32; two iterations unless `options` say else."""
    config = TrainConfig(
        data=data, out=out, resolution=16, kimg=0.016, batch=8, threads=1, z_dim=8, w_dim=8, channel_base=128,
        channel_max=16, dtype="float32",
    )  # fmt: skip
    return replace(config, **options)


@contextmanager
def tiny_players(**options: Any) -> Iterator[Players]:
    """Players with the same fresh weights every time."""
    config = tiny(Path(), Path(), **options)
    torch.manual_seed(0)
    players = Players(settle(config, PICTURES, 16, {}), fresh(config))
    try:
        yield players
    finally:
        players.close()
