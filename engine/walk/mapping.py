"""The mapping network where the walk runs: a fraction of a millisecond a frame on one core."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

import models
from engine.walk.base import Floats, LatentMapping
from models.coarse import coarse
from models.stylegan2 import Synthesis


class TorchMapping:
    """LatentMapping over a generator's mapping network; nothing else of the generator is kept. Any thread."""

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


class DrawingTorchMapping(TorchMapping):
    """DrawingMapping: the same, with the coarse layers of the generator beside it."""

    def __init__(self, network: Any, synthesis: Synthesis) -> None:
        super().__init__(network)
        self._synthesis = synthesis

    def draw(self, ws: Floats) -> Floats:
        """ws [N, num_ws, w_dim] -> pictures [N, img_channels, H, W], 0 to 1, display-referred. Any thread."""
        with torch.inference_mode():
            images = self._synthesis(torch.from_numpy(ws[:, : self._synthesis.num_ws]))
            return np.asarray(images.add_(1).div_(2).clamp_(0, 1))


def mapping_of(network: Any, draws: bool) -> LatentMapping:
    """The mapping network of a generator: a DrawingMapping where that is wanted and its architecture can."""
    synthesis = coarse(network) if draws else None
    return TorchMapping(network) if synthesis is None else DrawingTorchMapping(network, synthesis)


def load_mapping(
    model: str | Path, look: Callable[[Any], object] = lambda network: None, draws: bool = False
) -> LatentMapping:
    """`mapping_of` a checkpoint, given by path or built-in name. Raises what `models.load` raises.

    `look` may see the whole generator before the rest of it is let go, and may raise.
    Torch keeps to one thread in this process from now on: the display loop shares its cores.
    """
    torch.set_num_threads(1)
    network = models.load(model)
    look(network)
    return mapping_of(network, draws)
