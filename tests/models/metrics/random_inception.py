"""Inception with weights that come of a seed, the same on every machine."""

import numpy as np
import torch
from torch import Tensor

from models.metrics.inception import Inception


def tensors(seed: int = 2015) -> dict[str, Tensor]:
    """The state dict: every layer keeps the size of what passes through it, so that all of them are felt."""
    random = np.random.default_rng(seed)
    with torch.device("meta"):
        shapes = {name: tuple(tensor.shape) for name, tensor in Inception().state_dict().items()}
    made = {}
    for name in sorted(shapes):
        values = random.standard_normal(shapes[name], dtype=np.float32)
        made[name] = torch.from_numpy(_scaled(name, values))
    return made


def _scaled(name: str, values: np.ndarray) -> np.ndarray:
    if name.endswith("conv.weight"):
        return values * np.float32(np.sqrt(2 / np.prod(values.shape[1:])))
    if name.endswith(("bn.weight", "running_var")):
        return 1 + np.float32(0.2) * np.tanh(values)
    return np.float32(0.1) * values


def pictures() -> Tensor:
    """Two pictures, neither square nor of the network's size: uint8 [2, 3, 40, 52]."""
    return torch.from_numpy(np.random.default_rng(3).integers(0, 256, (2, 3, 40, 52), dtype=np.uint8))
