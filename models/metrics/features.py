"""Features of pictures, gathered from a stream."""

import torch
from torch import Tensor

from models.metrics.extractors import Extractor


class Features:
    """Grows by up to 8 KB a picture."""

    def __init__(self, extractor: Extractor) -> None:
        self._extractor = extractor
        self._found: list[Tensor] = []

    def add(self, images: Tensor) -> None:
        """Take in uint8 images [N, 3, H, W]."""
        with torch.inference_mode():
            self._found.append(self._extractor.extract(images).cpu())

    def all(self) -> Tensor:
        """float32 [N, D]"""
        return torch.cat(self._found)
