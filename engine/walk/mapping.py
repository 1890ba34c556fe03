"""The mapping network where the walk runs: a fraction of a millisecond a frame on one core."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

import models
from engine.walk.base import Floats, LatentMapping


class TorchMapping:
    """LatentMapping over a generator's mapping network; nothing else of the generator is kept."""

    def __init__(self, network: Any) -> None:
        self.z_dim, self.w_dim, self.num_ws = network.z_dim, network.w_dim, network.num_ws
        self._mapping = network.mapping.eval().requires_grad_(False)
        self._label = torch.eye(network.c_dim)[:1] if network.c_dim else None
        self.w_avg: Floats = self._mapping.w_avg.float().numpy().copy()

    def __call__(self, z: Floats) -> Floats:
        """z [N, z_dim] -> w [N, w_dim], not truncated; a conditional network walks in its first class."""
        with torch.inference_mode():
            label = None if self._label is None else self._label.expand(len(z), -1)
            ws = self._mapping(torch.from_numpy(z), label)  # [N, num_ws, w_dim]
            return np.asarray(ws[:, 0])


def load_mapping(model: str | Path, look: Callable[[Any], object] = lambda network: None) -> LatentMapping:
    """The mapping network of a checkpoint, given by path or built-in name. Raises what `models.load` raises.

    `look` may see the whole generator before the rest of it is let go, and may raise.
    Torch keeps to one thread in this process from now on: the display loop shares its cores.
    """
    torch.set_num_threads(1)
    network = models.load(model)
    look(network)
    return TorchMapping(network)
