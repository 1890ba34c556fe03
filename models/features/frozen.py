"""Convolutions whose weights never change, forwards and backwards by the fast forward kernels of oneDNN.

What flows back through a convolution is itself a convolution, with the weights mirrored (and their inputs and outputs
exchanged); with a stride, of a gradient that is spread with zeros. As the weights are frozen nothing else is asked of
the backward pass, and in bfloat16 the forward kernels do it in half of the time of torch's own backward ones.
"""

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

CEILING = 6.0  # of ReLU6
ONES = [1, 1]
LAST = torch.channels_last


def same_padding(size: int, kernel: int, stride: int) -> tuple[int, int]:
    """Zeros before and after, so that `size` becomes ceil(size / stride): TensorFlow's SAME."""
    total = max((math.ceil(size / stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


class FrozenConv(nn.Module):
    """A convolution with bias, padded as TensorFlow's SAME, and ReLU6 if `clipped`.

    `weight` [O, I / groups, k, k]; k odd, stride 1 or 2; with groups O = I = groups (depthwise).
    """

    weight: Tensor
    bias: Tensor
    back: Tensor

    def __init__(self, weight: Tensor, bias: Tensor, stride: int = 1, groups: int = 1, clipped: bool = True) -> None:
        super().__init__()
        mirrored = weight.flip(2, 3)
        back = mirrored if groups > 1 else mirrored.transpose(0, 1)
        for name, value in {"weight": weight, "bias": bias, "back": back}.items():
            kept = value.contiguous(memory_format=LAST) if value.dim() == 4 else value
            self.register_buffer(name, kept, persistent=False)
        self.kernel, self.stride, self.groups, self.clipped = weight.shape[-1], stride, groups, clipped

    def forward(self, x: Tensor) -> Tensor:
        """[N, I, H, W] -> [N, O, ceil(H / stride), ceil(W / stride)]"""
        if _has_kernels(x):
            y: Tensor = _ByForwardKernels.apply(x, self)  # type: ignore[no-untyped-call]
            return y
        return self.plainly(x)

    def plainly(self, x: Tensor) -> Tensor:
        """The same by torch's own operators."""
        x, padding = self._padded(x)
        x = F.conv2d(x, self.weight, self.bias, self.stride, padding, 1, self.groups)
        return F.relu6(x) if self.clipped else x

    def _padded(self, x: Tensor) -> tuple[Tensor, list[int]]:
        """x, and what a convolution has yet to pad: where both ends are alike it does so at no cost."""
        rows, columns = self.paddings(x.shape[2], x.shape[3])
        if rows[0] == rows[1] and columns[0] == columns[1]:
            return x, [rows[0], columns[0]]
        return F.pad(x, (*columns, *rows)), [0, 0]

    def paddings(self, height: int, width: int) -> tuple[tuple[int, int], tuple[int, int]]:
        """Of rows and of columns."""
        return same_padding(height, self.kernel, self.stride), same_padding(width, self.kernel, self.stride)

    def forwards(self, x: Tensor) -> Tensor:
        """Without a gradient, ReLU6 in the same pass over memory."""
        x, padding = self._padded(x)
        strides = [self.stride, self.stride]
        return _fused(x, self.weight, self.bias, padding, strides, self.groups, self.clipped)

    def backwards(self, gradient: Tensor, y: Tensor | None, height: int, width: int) -> Tensor:
        """The gradient of an input [N, I, height, width], from that of the output `y`, which ReLU6 needs to know."""
        if y is not None:
            gradient = torch.ops.aten.hardtanh_backward(gradient, y, 0.0, CEILING)
        (top, _), (left, _) = self.paddings(height, width)
        padding = [self.kernel - 1 - top, self.kernel - 1 - left]
        if self.stride > 1:
            gradient, padding = self._spread(gradient, padding, height, width), [0, 0]
        gradient = gradient.contiguous(memory_format=LAST)
        return _fused(gradient, self.back, None, padding, ONES, self.groups, clipped=False)

    def _spread(self, gradient: Tensor, padding: list[int], height: int, width: int) -> Tensor:
        """With zeros between and around."""
        n, channels = gradient.shape[:2]
        shape = (n, channels, height + self.kernel - 1, width + self.kernel - 1)
        spread = torch.empty(shape, dtype=gradient.dtype, memory_format=LAST).zero_()
        top, left = padding
        spread[:, :, top : top + height : self.stride, left : left + width : self.stride] = gradient
        return spread


def _has_kernels(x: Tensor) -> bool:
    """Whether oneDNN takes such numbers here: bfloat16 it refuses on many processors, where torch itself does not."""
    if x.device.type != "cpu" or not torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
        return False
    return x.dtype == torch.float32 or bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


class _ByForwardKernels(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, conv: FrozenConv) -> Tensor:
        y = conv.forwards(x)
        ctx.conv, ctx.size = conv, (x.shape[2], x.shape[3])
        ctx.save_for_backward(*([y] if conv.clipped else []))
        return y

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        y = ctx.saved_tensors[0] if ctx.conv.clipped else None
        return ctx.conv.backwards(gradients[0], y, *ctx.size), None


def _fused(
    x: Tensor, weight: Tensor, bias: Tensor | None, padding: list[int], strides: list[int], groups: int, clipped: bool
) -> Tensor:
    after, limits = ("hardtanh", [0.0, CEILING]) if clipped else ("none", [])
    y: Tensor = torch.ops.mkldnn._convolution_pointwise(
        x, weight, bias, padding, strides, ONES, groups, after, limits, ""
    )
    return y
