"""Inception v3 as FID needs it: the network of Szegedy et al. (2015) up to the 2048 numbers before its classes.

It is the variant that TensorFlow published on 5 December 2015, on which FID was defined: its averages leave the border
out, its last block pools by maximum, and pictures are stretched to 299x299 as TensorFlow 1 did. Tensors are named as
in torchvision.
"""

from functools import partial
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

INPUT = 299
WIDTH = 2048

Kernel = int | tuple[int, int]
Layer = tuple[int, Kernel] | tuple[int, Kernel, int]  # channels, kernel, stride
Branch = list[list[Layer]]  # steps of layers, mostly one; several in a step see the same and are put side by side

POOLS = {
    "average": partial(F.avg_pool2d, kernel_size=3, stride=1, padding=1, count_include_pad=False),
    "maximum": partial(F.max_pool2d, kernel_size=3, stride=1, padding=1),
    "halving": partial(F.max_pool2d, kernel_size=3, stride=2),
}
SIDEWAYS, UPRIGHT = (1, 7), (7, 1)


class Norm(nn.Module):
    """Batch normalisation with what was learned: nothing is averaged any more."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        for name in ("running_mean", "running_var", "weight", "bias"):
            self.register_buffer(name, torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        """[N, C, H, W] -> [N, C, H, W]"""
        mean, variance, weight, bias = self.buffers()
        return F.batch_norm(x, mean, variance, weight, bias, eps=0.001)


class Conv(nn.Module):
    """Convolution, normalisation, ReLU. Without `padded`, and where the stride skips, the border is lost."""

    def __init__(self, wide: int, out: int, kernel: Kernel, stride: int = 1, padded: bool = True) -> None:
        super().__init__()
        rows, columns = (kernel, kernel) if isinstance(kernel, int) else kernel
        padding = (rows // 2, columns // 2) if padded and stride == 1 else (0, 0)
        self.conv = nn.Conv2d(wide, out, (rows, columns), stride, padding, bias=False)
        self.bn = Norm(out)

    def forward(self, x: Tensor) -> Tensor:
        """[N, wide, H, W] -> [N, out, H', W']"""
        return F.relu(self.bn(self.conv(x)))


class Block(nn.Module):
    """Branches side by side over one input, the pooled one last. `width` is how many channels come out."""

    def __init__(
        self, wide: int, branches: dict[str, Branch], pool: Literal["average", "maximum", "halving"], pooled: int = 0
    ) -> None:
        super().__init__()
        self._chains = [self._chain(wide, f"branch{name}", branch) for name, branch in branches.items()]
        self._pool = POOLS[pool]
        self.branch_pool = Conv(wide, pooled, 1) if pooled else nn.Identity()
        self.width = (pooled or wide) + sum(layer[0] for branch in branches.values() for layer in branch[-1])

    def _chain(self, wide: int, name: str, branch: Branch) -> list[list[Conv]]:
        """The layers of a branch, under the field's names: NAME of a single one, else NAME_1, in a fork NAME_2a."""
        chain = []
        for i, step in enumerate(branch, 1):
            layers = [Conv(wide, *layer) for layer in step]
            number = f"_{i}" if len(branch) > 1 else ""
            for layer, letter in zip(layers, "ab" if len(step) > 1 else ("",), strict=True):
                self.add_module(f"{name}{number}{letter}", layer)
            chain.append(layers)
            wide = sum(layer[0] for layer in step)
        return chain

    def forward(self, x: Tensor) -> Tensor:
        """[N, wide, H, W] -> [N, width, H', W']"""
        results = []
        for chain in self._chains:
            y = x
            for step in chain:
                y = torch.cat([layer(y) for layer in step], dim=1)
            results.append(y)
        return torch.cat([*results, self.branch_pool(self._pool(x))], dim=1)


def squares(wide: int, pooled: int) -> Block:
    """For maps of 35x35."""
    branches: dict[str, Branch] = {
        "1x1": [[(64, 1)]], "5x5": [[(48, 1)], [(64, 5)]], "3x3dbl": [[(64, 1)], [(96, 3)], [(96, 3)]],
    }  # fmt: skip
    return Block(wide, branches, "average", pooled)


def to_17(wide: int) -> Block:
    """From 35x35 to 17x17."""
    branches: dict[str, Branch] = {"3x3": [[(384, 3, 2)]], "3x3dbl": [[(64, 1)], [(96, 3)], [(96, 3, 2)]]}
    return Block(wide, branches, "halving")


def lines(wide: int, narrow: int) -> Block:
    """For maps of 17x17: squares of seven as a line and an upright."""
    branches: dict[str, Branch] = {
        "1x1": [[(192, 1)]],
        "7x7": [[(narrow, 1)], [(narrow, SIDEWAYS)], [(192, UPRIGHT)]],
        "7x7dbl": [
            [(narrow, 1)], [(narrow, UPRIGHT)], [(narrow, SIDEWAYS)], [(narrow, UPRIGHT)], [(192, SIDEWAYS)],
        ],
    }  # fmt: skip
    return Block(wide, branches, "average", 192)


def to_8(wide: int) -> Block:
    """From 17x17 to 8x8."""
    branches: dict[str, Branch] = {
        "3x3": [[(192, 1)], [(320, 3, 2)]],
        "7x7x3": [[(192, 1)], [(192, SIDEWAYS)], [(192, UPRIGHT)], [(192, 3, 2)]],
    }
    return Block(wide, branches, "halving")


def forks(wide: int, pool: Literal["average", "maximum"]) -> Block:
    """For maps of 8x8."""
    fork: list[Layer] = [(384, (1, 3)), (384, (3, 1))]
    branches: dict[str, Branch] = {
        "1x1": [[(320, 1)]], "3x3": [[(384, 1)], fork], "3x3dbl": [[(448, 1)], [(384, 3)], fork],
    }  # fmt: skip
    return Block(wide, branches, pool, 192)


class Inception(nn.Module):
    """uint8 pictures [N, 3, H, W] -> float32 features [N, 2048]"""

    def __init__(self) -> None:
        super().__init__()
        self.Conv2d_1a_3x3 = Conv(3, 32, 3, stride=2)
        self.Conv2d_2a_3x3 = Conv(32, 32, 3, padded=False)
        self.Conv2d_2b_3x3 = Conv(32, 64, 3)
        self.Conv2d_3b_1x1 = Conv(64, 80, 1)
        self.Conv2d_4a_3x3 = Conv(80, 192, 3, padded=False)
        self.Mixed_5b = squares(192, 32)
        self.Mixed_5c = squares(self.Mixed_5b.width, 64)
        self.Mixed_5d = squares(self.Mixed_5c.width, 64)
        self.Mixed_6a = to_17(self.Mixed_5d.width)
        self.Mixed_6b = lines(self.Mixed_6a.width, 128)
        self.Mixed_6c = lines(self.Mixed_6b.width, 160)
        self.Mixed_6d = lines(self.Mixed_6c.width, 160)
        self.Mixed_6e = lines(self.Mixed_6d.width, 192)
        self.Mixed_7a = to_8(self.Mixed_6e.width)
        self.Mixed_7b = forks(self.Mixed_7a.width, "average")
        self.Mixed_7c = forks(self.Mixed_7b.width, "maximum")

    def forward(self, images: Tensor) -> Tensor:
        """As the class says."""
        x = (stretch(images.float(), INPUT) - 128) / 128
        x = self.Conv2d_2b_3x3(self.Conv2d_2a_3x3(self.Conv2d_1a_3x3(x)))
        x = self.Conv2d_4a_3x3(self.Conv2d_3b_1x1(POOLS["halving"](x)))
        x = POOLS["halving"](x)  # [N, 192, 35, 35]
        for block in self.children():
            if isinstance(block, Block):
                x = block(x)
        return x.mean(dim=(2, 3))  # [N, 2048, 8, 8] -> [N, 2048]


def stretch(images: Tensor, side: int) -> Tensor:
    """[N, C, H, W] -> [N, C, side, side], bilinear as TensorFlow 1: pixel i comes from i * (old / new), not from the
    middle of its area.
    """
    for axis in (2, 3):
        size = images.shape[axis]
        at = torch.arange(side, device=images.device) * (size / side)
        low = at.long()
        part = (at - low).view(-1, 1) if axis == 2 else at - low
        high = (low + 1).clamp_max(size - 1)
        images = images.index_select(axis, low).lerp(images.index_select(axis, high), part)
    return images
