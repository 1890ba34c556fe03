"""Residual discriminator of StyleGAN2, with minibatch standard deviation and optional class condition.

Written from Karras et al. 2020. `patch_size` 2 is ours: the image enters as 2x2 patches, 12 channels at half the
resolution, which spares the block that costs most on a CPU.
"""

import math
from typing import Literal, Self

import torch
from pydantic import BaseModel, ConfigDict, Field, model_validator
from torch import Tensor, nn
from torch.nn import functional as F

from models.canvas import Canvas, check_canvas, coarse_cells, pad
from models.mapping import MOST_CLASSES, Mapping
from models.ops import LRELU_GAIN, FullyConnected, conv_down, gaussian, leaky_relu

KIND = "stylegan2-discriminator"  # as a manifest names it; no ARCHITECTURE, so that no show can choose one
SQRT_HALF = math.sqrt(0.5)


class Conv(nn.Module):
    """Equalised convolution, scaled by `gain` and leaky ReLU's own; halves the resolution when `down`.

    The gains are folded into weight and bias, so the clamp, which comes last, is scaled by `gain` alone.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel: int,
        *,
        down: bool = False,
        lrelu: bool = True,
        gain: float = 1.0,
        clamp: float | None = None,
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(gaussian(out_channels, in_channels, kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(out_channels)) if lrelu else None
        self.down = down
        self.clamp = None if clamp is None else clamp * gain
        self.gain = gain * LRELU_GAIN if lrelu else gain
        self.weight_gain = self.gain / math.sqrt(in_channels * kernel * kernel)

    def forward(self, x: Tensor) -> Tensor:
        """[N, I, H, W] -> [N, O, H, W], or [N, O, H/2, W/2] when `down`."""
        weight = self.weight * self.weight_gain
        bias = None if self.bias is None else self.bias * self.gain
        if self.down:
            x = conv_down(x, weight, bias)
        else:
            x = F.conv2d(
                x, weight.to(x.dtype), None if bias is None else bias.to(x.dtype), padding=weight.shape[-1] // 2
            )
        return x if bias is None else leaky_relu(x, self.clamp)


class ResidualBlock(nn.Module):
    """Two convolutions beside a skip; halves the resolution."""

    def __init__(self, in_channels: int, out_channels: int, clamp: float | None) -> None:
        super().__init__()
        self.conv0 = Conv(in_channels, in_channels, 3, clamp=clamp)
        self.conv1 = Conv(in_channels, out_channels, 3, down=True, gain=SQRT_HALF, clamp=clamp)
        self.skip = Conv(in_channels, out_channels, 1, down=True, lrelu=False, gain=SQRT_HALF)

    def forward(self, x: Tensor) -> Tensor:
        """[N, I, H, W] -> [N, O, H/2, W/2]"""
        return self.skip(x) + self.conv1(self.conv0(x))  # type: ignore[no-any-return]


def minibatch_std(x: Tensor, group_size: int) -> Tensor:
    """Append to x [N, C, H, W] one channel with the standard deviation over groups of samples: [N, C + 1, H, W].

    N must be a multiple of min(group_size, N); the members of a group lie N / group apart.
    """
    n, _, h, w = x.shape
    group = min(group_size, n)
    y = x.float().reshape(group, n // group, -1)  # [G, N/G, C*H*W]
    std = (y.var(dim=0, correction=0) + 1e-8).sqrt().mean(dim=1)  # [N/G]
    channel = std.to(x.dtype).repeat(group).view(n, 1, 1, 1).expand(n, 1, h, w)
    return torch.cat([x, channel], dim=1)


class Config(BaseModel):
    """What a discriminator is built from, bounded so that a file cannot ask for more than a machine has."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    img_resolution: Literal[16, 32, 64, 128, 256, 512, 1024]
    img_channels: Literal[1, 3] = 3
    c_dim: int = Field(0, ge=0, le=MOST_CLASSES)
    channel_base: int = Field(4096, ge=64, le=65536)
    channel_max: int = Field(128, ge=1, le=1024)
    conv_clamp: float | None = Field(None, gt=0)
    mbstd_group_size: int = Field(4, ge=1, le=1024)
    patch_size: Literal[1, 2] = 1
    cmap_dim: int | None = Field(None, ge=1, le=2048)
    canvas: Canvas | None = None

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        check_canvas(self.canvas, self.img_resolution)
        return self


class Discriminator(nn.Module):
    """Image to one logit: positive means real."""

    def __init__(
        self,
        img_resolution: int,
        img_channels: int = 3,
        c_dim: int = 0,
        channel_base: int = 4096,
        channel_max: int = 128,
        conv_clamp: float | None = None,
        mbstd_group_size: int = 4,
        patch_size: int = 1,
        cmap_dim: int | None = None,
        canvas: tuple[int, int] | None = None,
    ) -> None:
        """`canvas`: height and width of the pictures, None the square of `img_resolution`."""
        super().__init__()
        self.config = Config(
            img_resolution=img_resolution, img_channels=img_channels, c_dim=c_dim, channel_base=channel_base,
            channel_max=channel_max, conv_clamp=conv_clamp, mbstd_group_size=mbstd_group_size, patch_size=patch_size,
            cmap_dim=cmap_dim, canvas=canvas,
        )  # fmt: skip
        self.img_resolution = img_resolution
        self.shape = canvas or (img_resolution, img_resolution)
        self.compute_dtype = torch.float32
        self.patch_size = patch_size
        self.mbstd_group_size = mbstd_group_size

        def width(resolution: int) -> int:
            return min(channel_base // resolution, channel_max)

        top = img_resolution // patch_size
        resolutions = [2**i for i in range(int(math.log2(top)), 2, -1)]
        self.fromrgb = Conv(img_channels * patch_size**2, width(top), 1, clamp=conv_clamp)
        self.blocks = nn.ModuleList(ResidualBlock(width(r), width(r // 2), conv_clamp) for r in resolutions)
        last = width(4)
        self.conv = Conv(last + (1 if mbstd_group_size > 1 else 0), last, 3, clamp=conv_clamp)
        rows, columns = coarse_cells(self.shape, img_resolution)
        self.fc = FullyConnected(last * rows * columns, last, lrelu=True)
        self.cmap_dim = (cmap_dim or last) if c_dim else 0
        self.mapping = Mapping(0, c_dim, self.cmap_dim, num_ws=1, num_layers=8) if c_dim else None
        self.out = FullyConnected(last, self.cmap_dim or 1)

    def forward(self, img: Tensor, c: Tensor | None = None) -> Tensor:
        """img [N, img_channels, H, W] in about [-1, 1], c [N, c_dim] or None -> logits [N], precise as the weights."""
        x = pad(img, self.img_resolution).to(self.compute_dtype, memory_format=torch.channels_last)
        if self.patch_size > 1:
            x = F.pixel_unshuffle(x, self.patch_size).contiguous(memory_format=torch.channels_last)
        x = self.fromrgb(x)
        for block in self.blocks:
            x = block(x)
        x = x.to(self.out.weight.dtype)
        if self.mbstd_group_size > 1:
            x = minibatch_std(x, self.mbstd_group_size)
        features: Tensor = self.fc(self.conv(x).flatten(1))  # [N, C, rows, columns] -> [N, C]
        logits: Tensor = self.out(features)  # [N, 1 or cmap_dim]
        if self.mapping is not None:
            cmap = self.mapping.map_w(x.new_zeros(x.shape[0], 0), c)  # [N, cmap_dim]
            logits = (logits * cmap).sum(dim=1, keepdim=True) / math.sqrt(self.cmap_dim)
        return logits.squeeze(1)
