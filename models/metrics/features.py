"""Inception's features of pictures, gathered from a stream."""

import torch
from torch import Tensor

from models.metrics.inception import Inception


class Features:
    """Grows by 8 KB a picture."""

    def __init__(self, network: Inception, device: torch.device) -> None:
        self._network, self._device = network, device
        self._found: list[Tensor] = []

    def add(self, images: Tensor) -> None:
        """Take in uint8 images [N, 3, H, W]."""
        with torch.inference_mode():
            self._found.append(self._network(images.to(self._device)).cpu())

    def all(self) -> Tensor:
        """float32 [N, 2048]"""
        return torch.cat(self._found)
