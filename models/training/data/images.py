"""A set of training pictures: in memory where they fit, else decoded when they are asked for."""

from collections.abc import Sequence
from types import TracebackType
from typing import Self

import numpy as np
import torch
from torch import Tensor

from models.training.data.decode import decode
from models.training.data.fingerprint import Fingerprint
from models.training.data.labels import Labels
from models.training.data.source import Source


class ImageSet:
    """Pictures by number, all of `shape` (height, width). `batch` may be called from any thread.

    `labels` are the classes, int64 [N] from 0 to `classes` - 1, None where the set has none; `class_names` by number,
    empty where they have no names. `sha256` is that of the set's manifest where one lies beside it and fits, else of
    the bytes of all pictures in order.
    """

    def __init__(
        self,
        source: Source,
        shape: tuple[int, int],
        labels: Labels | None,
        fingerprint: Fingerprint,
        held: Tensor | None,
    ) -> None:
        self.shape = shape
        self.sha256 = fingerprint.sha256
        self.labels = None if labels is None else torch.tensor(labels.numbers, dtype=torch.int64)
        self.classes = 0 if labels is None else labels.classes
        self.class_names = () if labels is None else labels.names or fingerprint.class_names
        self._source = source
        self._held = held  # uint8 [N, 3, H, W]

    def __len__(self) -> int:
        return len(self._source.names)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def batch(self, indices: Sequence[int]) -> Tensor:
        """Those pictures, uint8 [len(indices), 3, H, W]. Raises TrainingError where one can no longer be read."""
        if self._held is not None:
            return self._held[torch.as_tensor(indices, dtype=torch.int64)]
        pixels = np.empty((len(indices), 3, *self.shape), dtype=np.uint8)
        for place, index in zip(pixels, indices, strict=True):
            name = self._source.names[index]
            place[:] = decode(self._source.read(name), self.shape, self._source.where(name))
        return torch.from_numpy(pixels)

    def spread(self, count: int) -> Tensor:
        """At most `count` pictures, evenly from the whole set: float32 [<= count, 3, H, W] in [-1, 1]."""
        return scaled(self.batch(range(0, len(self), -(-len(self) // count))))

    def close(self) -> None:
        """Let go of the file."""
        self._source.close()


def scaled(pixels: Tensor) -> Tensor:
    """uint8 to float32 in [-1, 1]."""
    return pixels.float().div_(127.5).sub_(1.0)
