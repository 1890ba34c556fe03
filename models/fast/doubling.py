"""A transposed convolution with stride 2: as it is, or taken apart into the four ordinary ones it consists of.

There is one for each corner of a 2x2 cell of its output. Apart they have 1, 2, 2 and 4 taps; together, as one
convolution of 2x2 taps, 16, of which 7 are zero. AVX-512 is quickest with the transposed one; matrix units and GPUs
have only been measured with the others. Tried and left: the FIR filter behind it folded into the four (3x3),
which spares a pass and pays only where channels are few and a CPU has matrix units.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from models.fast.conv import TransposedConvolution, convolve_transposed, transposes
from models.fast.modulated import ModulatedConvolution

MANY = 256  # input channels from which on arithmetic takes longer than the passes between, with matrix units too


def transposed(weight: Tensor, shape: Sequence[int], dtype: torch.dtype) -> "Whole | Together | Apart":
    """The quickest of the three. weight [O, I, 3, 3]; `shape` is the input's height and width."""
    if transposes(weight.device, dtype):
        return Whole(weight, shape, dtype)
    apart = dtype == torch.float32 or weight.shape[1] >= MANY
    return (Apart if apart else Together)(weight, shape, dtype)


class Whole:
    """The transposed convolution itself, scaled like any `ModulatedConvolution`."""

    beyond = 0  # rows and columns of zeros behind the end of the result

    def __init__(self, weight: Tensor, shape: Sequence[int], dtype: torch.dtype) -> None:
        self.dtype = dtype
        self.weight: Tensor | None = None
        weight = weight.transpose(0, 1)  # [I, O, 3, 3]
        if weight.shape[1] * 9 <= math.prod(shape):
            self.weight = weight.clone(memory_format=torch.channels_last)
        else:
            self.packed = TransposedConvolution(weight.to(dtype), shape)

    def __call__(self, x: Tensor, style: Tensor) -> Tensor:
        """x [1, I, H, W], style [I] -> [1, O, 2H + 1, 2W + 1], channels last"""
        if self.weight is None:
            return self.packed(x * style.to(self.dtype)[:, None, None])
        return convolve_transposed(x, (self.weight * style[:, None, None, None]).to(self.dtype))


class Together:
    """The four corners as one convolution."""

    beyond = 1

    def __init__(self, weight: Tensor, shape: Sequence[int], dtype: torch.dtype) -> None:
        self.convolution = ModulatedConvolution(as_corners(weight), shape, (1, 1), dtype)

    def __call__(self, x: Tensor, style: Tensor) -> Tensor:
        """x [1, I, H, W], style [I] -> [1, O, 2H + 2, 2W + 2]"""
        return from_corners(self.convolution(x, style))


class Apart:
    """The four corners one after the other."""

    beyond = 0

    def __init__(self, weight: Tensor, shape: Sequence[int], dtype: torch.dtype) -> None:
        self.convolutions = [
            [ModulatedConvolution(weight[:, :, rows][..., columns], shape, (p, q), dtype) for columns, q in DIRECTION]
            for rows, p in DIRECTION
        ]

    def __call__(self, x: Tensor, style: Tensor) -> Tensor:
        """x [1, I, H, W], style [I] -> [1, O, 2H + 1, 2W + 1], channels last"""
        woven: Tensor | None = None
        for i, row in enumerate(self.convolutions):
            for j, convolution in enumerate(row):
                y = convolution(x, style)
                if woven is None:
                    _, channels, height, width = y.shape  # of the largest: a row and a column more than x
                    woven = y.new_empty(1, 2 * height - 1, 2 * width - 1, channels).permute(0, 3, 1, 2)
                woven[:, :, i::2, j::2] = y
        assert woven is not None
        return woven


DIRECTION = (((2, 0), 1), ((1,), 0))  # taps, and zeros around the input, of even places and of odd ones


def as_corners(weight: Tensor) -> Tensor:
    """Weight [O, I, 3, 3] of a transposed convolution with stride 2 -> [4 * O, I, 2, 2] of an ordinary one.

    The output at (2 m + p, 2 n + q) sees the inputs (m - 1 … m, n - 1 … n), each in one direction through the taps 2
    and 0 where p or q is 0, through none and 1 where it is 1; that is corner 2 p + q.
    """
    even, odd = weight[:, :, (2, 0)], F.pad(weight[:, :, (1,)], (0, 0, 1, 0))
    rows = torch.stack((even, odd))  # [2 (p), O, I, 2, 3]
    even, odd = rows[..., (2, 0)], F.pad(rows[..., (1,)], (1, 0))
    return torch.stack((even, odd), dim=1).flatten(0, 2)  # from [2 (p), 2 (q), O, I, 2, 2]


def from_corners(y: Tensor) -> Tensor:
    """[1, 4 * O, H, W] -> [1, O, 2H, 2W], channels last"""
    height, width = y.shape[2:]
    cells = y.permute(0, 2, 3, 1).view(1, height, width, 2, 2, -1)  # [1, H, W, 2, 2, O]
    return cells.transpose(2, 3).flatten(3, 4).flatten(1, 2).permute(0, 3, 1, 2)
