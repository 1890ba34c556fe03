"""Latents of a generator in a fixed series, the attributes of their pictures, and their slopes in each layer's w."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.explore.attributes import attributes
from models.explore.direction_file import DirectionsError

Array = NDArray[np.float64]


class Sampler:
    """The same seed and calls give the same latents. A network with classes draws its first, as on the wall."""

    def __init__(self, network: Any, seed: int, drawn: Callable[[], object]) -> None:
        """`network` is exact, as `models.load` gives it; `drawn` is called after each picture."""
        self._network, self._fast, self._drawn = network, network.fast(), drawn
        self._random = np.random.default_rng(seed)
        self._device = network.mapping.w_avg.device

    def ws(self, count: int, truncation_psi: float) -> Tensor:
        """The next latents: [count, num_ws, w_dim]"""
        z = self._random.standard_normal((count, self._network.z_dim), dtype=np.float32)
        c = torch.eye(self._network.c_dim, device=self._device)[:1].expand(count, -1) if self._network.c_dim else None
        with torch.inference_mode():
            w = self._network.mapping(torch.from_numpy(z).to(self._device), c, truncation_psi)[:, :1]
            return torch.as_tensor(w.expand(-1, self._network.num_ws, -1))

    def attributes(self, ws: Tensor, shift: Array | None = None) -> Array:
        """What pictures of ws, moved by `shift` [num_ws, w_dim], are like: [N, attributes]. Raises DirectionsError."""
        measured = []
        with torch.inference_mode():
            offset = 0.0 if shift is None else torch.from_numpy(shift).to(ws)
            for w in ws:
                measured.append(attributes(self._fast.synthesis(w[None] + offset))[0].double().cpu().numpy())
                self._drawn()
        return _finite(np.stack(measured))

    def slopes(self, ws: Tensor) -> Array:
        """The change of each attribute with each layer's w, mean over pictures: [num_ws, attributes, w_dim].

        Raises DirectionsError.
        """
        total: Array | float = 0.0
        for w in ws:
            layers = w[None].clone().requires_grad_(True)
            found = attributes(self._network.synthesis(layers, noise_mode="const"))[0]
            slopes = [torch.autograd.grad(value, layers, retain_graph=True)[0][0] for value in found]
            total = total + torch.stack(slopes, dim=1).double().cpu().numpy()
            self._drawn()
        return _finite(np.asarray(total) / len(ws))


def _finite(values: Array) -> Array:
    if not np.isfinite(values).all():
        raise DirectionsError("the network draws pictures that are not finite; give another, or an earlier one")
    return values
