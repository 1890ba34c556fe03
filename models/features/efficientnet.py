"""EfficientNet-Lite, frozen: what networks trained on ImageNet see in a picture.

The architecture is that of Tan and Le (2019) in its Lite variant (no squeeze-and-excitation, ReLU6, stem and head of
one width), published with weights by Google in 2020. Batch norm is folded into the convolutions.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from models.features.frozen import FrozenConv

EPSILON = 1e-3  # of its batch norm
STEM, HEAD = 32, 1280  # channels


@dataclass(frozen=True)
class Stage:
    """Blocks of one width, of which the first strides; `level`: index of the features it belongs to."""

    kernel: int
    stride: int
    expansion: int
    channels: int
    repeats: int
    level: int


STAGES = (
    Stage(3, 1, 1, 16, 1, 0), Stage(3, 2, 6, 24, 2, 0), Stage(5, 2, 6, 40, 2, 1), Stage(3, 2, 6, 80, 3, 2),
    Stage(5, 1, 6, 112, 3, 2), Stage(5, 2, 6, 192, 4, 3), Stage(3, 1, 6, 320, 1, 3),
)  # fmt: skip
LEVELS = 4
SCALES = {0: (1.0, 1.0), 1: (1.0, 1.1), 2: (1.1, 1.2)}  # width and depth of lite0, lite1, lite2


class Block(nn.Module):
    """Expansion, depthwise convolution, projection (Sandler et al. 2018), beside a skip where shapes allow."""

    def __init__(self, convolutions: list[FrozenConv], skip: bool) -> None:
        super().__init__()
        self.convolutions = nn.Sequential(*convolutions)
        self.skip = skip

    def forward(self, x: Tensor) -> Tensor:
        """[N, I, H, W] -> [N, O, H', W']"""
        y: Tensor = self.convolutions(x)
        return x + y if self.skip else y


class EfficientNetLite(nn.Module):
    """Pictures [N, 3, H, W] in [-1, 1] to features of four levels, at strides 4, 8, 16 and 32, the finest first.

    `weights` are those of the published PyTorch files, by name. Raises KeyError where one is missing and ValueError
    where one has another shape.
    """

    def __init__(self, kind: int, weights: Mapping[str, Tensor]) -> None:
        super().__init__()
        self.stem = _folded(weights, "_conv_stem", "_bn0", (STEM, 3, 3, 3), stride=2)
        levels: list[list[Block]] = [[] for _ in range(LEVELS)]
        channels, index = STEM, 0
        for stage in _scaled(kind):
            for repeat in range(stage.repeats):
                stride = 1 if repeat else stage.stride
                levels[stage.level].append(_block(weights, f"_blocks.{index}", stage, channels, stride))
                channels, index = stage.channels, index + 1
        self.levels = nn.ModuleList(nn.Sequential(*blocks) for blocks in levels)
        self.head = _folded(weights, "_conv_head", "_bn1", (HEAD, channels, 1, 1))
        self.eval().requires_grad_(False)

    def forward(self, x: Tensor) -> list[Tensor]:
        """[N, 3, H, W] -> [N, C, H / stride, W / stride] of each level"""
        x = self.stem(x.contiguous(memory_format=torch.channels_last))
        found = []
        for level in self.levels:
            x = level(x)
            found.append(x)
        return found

    def pooled(self, x: Tensor) -> Tensor:
        """[N, 3, H, W] -> float32 [N, 1280], what its classes are told by"""
        y: Tensor = self.head(self(x)[-1])
        return y.float().mean(dim=(2, 3))


def _scaled(kind: int) -> list[Stage]:
    """The stages of one of the family: the first and the last are never repeated more often."""
    width, depth = SCALES[kind]
    return [
        Stage(
            stage.kernel, stage.stride, stage.expansion, _rounded(stage.channels * width),
            stage.repeats if stage in (STAGES[0], STAGES[-1]) else math.ceil(depth * stage.repeats), stage.level,
        )
        for stage in STAGES
    ]  # fmt: skip


def _rounded(channels: float) -> int:
    """To a multiple of 8, and by no more than a tenth downwards."""
    nearest = max(8, int(channels + 4) // 8 * 8)
    return nearest + 8 if nearest < 0.9 * channels else nearest


def _block(weights: Mapping[str, Tensor], name: str, stage: Stage, channels: int, stride: int) -> Block:
    wide, kernel = channels * stage.expansion, stage.kernel
    steps = []
    if stage.expansion > 1:
        steps.append(_folded(weights, f"{name}._expand_conv", f"{name}._bn0", (wide, channels, 1, 1)))
    depthwise = (wide, 1, kernel, kernel)
    steps.append(_folded(weights, f"{name}._depthwise_conv", f"{name}._bn1", depthwise, stride, groups=wide))
    projected = (stage.channels, wide, 1, 1)
    steps.append(_folded(weights, f"{name}._project_conv", f"{name}._bn2", projected, clipped=False))
    return Block(steps, skip=stride == 1 and channels == stage.channels)


def _folded(
    weights: Mapping[str, Tensor], conv: str, norm: str, shape: tuple[int, ...], stride: int = 1, groups: int = 1,
    clipped: bool = True,
) -> FrozenConv:  # fmt: skip
    """A convolution that does what it and the batch norm after it did."""
    weight = _taken(weights, f"{conv}.weight", shape)
    gain, bias, mean, variance = (
        _taken(weights, f"{norm}.{part}", shape[:1]) for part in ("weight", "bias", "running_mean", "running_var")
    )
    scale = gain / (variance + EPSILON).sqrt()
    return FrozenConv(weight * scale[:, None, None, None], bias - mean * scale, stride, groups, clipped)


def _taken(weights: Mapping[str, Tensor], name: str, shape: tuple[int, ...]) -> Tensor:
    tensor = weights[name]
    if tensor.shape != shape:
        raise ValueError(f"{name} is {list(tensor.shape)}, expected {list(shape)}")
    return tensor.float()
