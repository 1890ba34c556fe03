"""Small patches of many pictures, at every scale: what the sliced Wasserstein distance compares."""

import numpy as np
import torch
from numpy.lib.stride_tricks import sliding_window_view
from torch import Tensor

from models.metrics.pyramid import Shape, laplacian_pyramid, level_shapes

SIDE = 7
PER_PICTURE = 128
MOST = 2**19  # patches kept of one level: 154 MB of a colour picture's


class Patches:
    """Patches of up to `count` pictures, taken at random places of each level of their Laplacian pyramids.

    PER_PICTURE of each picture and level, fewer where `count` is so large that MOST would be exceeded; kept as float16.
    The places follow from `seed` and the order of the pictures, however these come in batches.
    """

    def __init__(self, shape: Shape, count: int, seed: tuple[int, ...], channels: int = 3) -> None:
        self.levels = [min(level) for level in level_shapes(shape)]
        self._per_picture = max(1, min(PER_PICTURE, MOST // count))
        self._channels = channels
        size = (count * self._per_picture, channels * SIDE**2)
        self._kept = {level: torch.empty(size, dtype=torch.float16) for level in self.levels}
        self._random = {level: np.random.default_rng((*seed, level)) for level in self.levels}
        self._moments = {level: torch.zeros(2, channels, dtype=torch.float64) for level in self.levels}
        self._filled = 0

    def add(self, images: Tensor) -> None:
        """Take in uint8 images [N, C, H, W]; no more of them than `count` in all."""
        pyramid = laplacian_pyramid(images.float() / 127.5 - 1)
        end = self._filled + len(images) * self._per_picture
        for name, level in zip(self.levels, pyramid, strict=True):
            found = self._cut(level, self._random[name])
            self._kept[name][self._filled : end] = found
            by_channel = found.view(-1, self._channels, SIDE**2)
            self._moments[name] += torch.stack(
                [values.sum(dim=(0, 2), dtype=torch.float64) for values in (by_channel, by_channel.square())]
            )
        self._filled = end

    def _cut(self, level: Tensor, random: np.random.Generator) -> Tensor:
        """Patches [N * per picture, C * SIDE²] of a level [N, C, h, w]."""
        windows = sliding_window_view(level.numpy(), (SIDE, SIDE), (2, 3))  # [N, C, rows, columns, SIDE, SIDE]
        count, _, rows, columns = windows.shape[:4]
        row, column = np.divmod(random.integers(0, rows * columns, (count, self._per_picture)), columns)
        chosen = windows[np.arange(count)[:, None], :, row, column]  # [N, per picture, C, SIDE, SIDE]
        return torch.from_numpy(chosen).flatten(0, 1).flatten(1)

    def take(self, level: int) -> Tensor:
        """The patches of a level, float32 [n, C * SIDE²], each channel brought to mean 0 and deviation 1 over all of
        them. They are given once, and no longer kept.
        """
        patches = self._kept.pop(level)[: self._filled].float()
        mean, square = self._moments[level] / (self._filled * SIDE**2)
        deviation = (square - mean.square()).clamp_min(1e-12).sqrt()
        by_channel = patches.view(-1, self._channels, SIDE**2)
        by_channel.sub_(mean.float()[:, None]).div_(deviation.float()[:, None])
        return patches
