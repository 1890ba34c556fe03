"""Convolutions of one picture on the CPU or a GPU, channels last, with what follows them fused where it can be.

On the CPU the library behind torch (oneDNN) can keep a fixed weight in the order its kernels read, add to a tensor that
is there, and apply a leaky ReLU, all in the pass that writes the result. torch offers that under `torch.ops.mkldnn`
without promising to keep it: where it is missing, the same is done in separate steps. Tried and left: an addend of
another shape than the output's, which runs in a reference loop a thousand times slower.
"""

from collections.abc import Sequence
from functools import cache

import torch
from torch import Tensor
from torch.backends import mkldnn
from torch.nn import functional as F

from models.device import cpu_computes
from models.ops import LRELU_SLOPE

ONE = [1, 1]
NEEDED = (
    "_convolution_pointwise",
    "_convolution_pointwise_",
    "_reorder_convolution_weight",
    "_is_mkldnn_bf16_supported",
)
NEEDED_TRANSPOSED = ("_convolution_transpose_pointwise", "_reorder_convolution_transpose_weight")
TWO = [2, 2]
NONE = [0, 0]


class Convolution:
    """A convolution whose weight [O, I / groups, kh, kw] never changes: packed once for inputs of one shape."""

    def __init__(self, weight: Tensor, shape: Sequence[int], padding: Sequence[int], groups: int = 1) -> None:
        """`shape` is the input's height and width; the weight's type is the type computed in."""
        self.padding = list(padding)
        self.groups = groups
        self.weight = weight.clone(memory_format=torch.channels_last)
        if fuses(self.weight):
            size = [1, weight.shape[1] * groups, *shape]
            self.weight = torch.ops.mkldnn._reorder_convolution_weight(
                self.weight, self.padding, ONE, ONE, groups, size
            )

    def __call__(self, x: Tensor, bias: Tensor | None = None, lrelu: bool = False) -> Tensor:
        """x [1, I, H, W], bias [O] -> [1, O, H', W'], through a leaky ReLU where asked for."""
        return convolve(x, self.weight, bias, self.padding, self.groups, lrelu)

    def add_to(self, total: Tensor | None, x: Tensor) -> Tensor:
        """The result added to `total` in place; the result itself where there is no total yet."""
        return self(x) if total is None else convolve_into(total, x, self.weight, self.padding, self.groups)


class TransposedConvolution:
    """A transposed convolution with stride 2 whose weight [I, O, 3, 3] never changes, where `transposes`."""

    def __init__(self, weight: Tensor, shape: Sequence[int]) -> None:
        """`shape` is the input's height and width; the weight's type is the type computed in."""
        size = [1, len(weight), *shape]
        weight = weight.contiguous(memory_format=torch.channels_last)
        self.weight = torch.ops.mkldnn._reorder_convolution_transpose_weight(weight, NONE, NONE, TWO, ONE, 1, size)

    def __call__(self, x: Tensor) -> Tensor:
        """x [1, I, H, W] -> [1, O, 2H + 1, 2W + 1]"""
        return torch.ops.mkldnn._convolution_transpose_pointwise(  # type: ignore[no-any-return]
            x, self.weight, None, NONE, NONE, TWO, ONE, 1, "none", [], ""
        )


def convolve_transposed(x: Tensor, weight: Tensor) -> Tensor:
    """x [1, I, H, W] with weight [I, O, 3, 3], stride 2 -> [1, O, 2H + 1, 2W + 1]"""
    return F.conv_transpose2d(x, weight, stride=2)


def convolve(
    x: Tensor, weight: Tensor, bias: Tensor | None, padding: Sequence[int], groups: int = 1, lrelu: bool = False
) -> Tensor:
    """x [1, I, H, W] with weight [O, I / groups, kh, kw] and bias [O], then a leaky ReLU where asked for."""
    if fuses(weight):
        activation = ("leaky_relu", [LRELU_SLOPE]) if lrelu else ("none", [])
        return torch.ops.mkldnn._convolution_pointwise(  # type: ignore[no-any-return]
            x, weight, bias, padding, ONE, ONE, groups, *activation, ""
        )
    x = F.conv2d(x, weight, bias, padding=list(padding), groups=groups)
    return F.leaky_relu_(x, LRELU_SLOPE) if lrelu else x


def convolve_into(total: Tensor, x: Tensor, weight: Tensor, padding: Sequence[int], groups: int = 1) -> Tensor:
    """Add a convolution of x to `total` [1, O, H', W'], in place.

    All are channels last, in their strides too where there is but one channel: else the fused kernel steps aside.
    """
    if fuses(weight):
        return torch.ops.mkldnn._convolution_pointwise_.binary(  # type: ignore[no-any-return]
            total, x, weight, None, padding, ONE, ONE, groups, "add", 1.0, None, [], ""
        )
    return total.add_(F.conv2d(x, weight, padding=list(padding), groups=groups))


def fuses(weight: Tensor) -> bool:
    """Whether the fused kernels are there for this device and type."""
    return _fused(weight.device.type, weight.dtype)


@cache
def _fused(device: str, dtype: torch.dtype) -> bool:
    ops = torch.ops.mkldnn
    built = mkldnn.is_available()  # type: ignore[no-untyped-call]
    if device != "cpu" or not built or not all(hasattr(ops, name) for name in NEEDED):
        return False
    return dtype == torch.float32 or (dtype == torch.bfloat16 and bool(ops._is_mkldnn_bf16_supported()))


@cache
def transposes(device: torch.device, dtype: torch.dtype) -> bool:
    """Whether a transposed convolution is known to be the quickest way: with AVX-512 and no matrix units it is."""
    if not _fused(device.type, dtype) or not all(hasattr(torch.ops.mkldnn, name) for name in NEEDED_TRANSPOSED):
        return False
    return cpu_computes("avx512_f") and not cpu_computes("amx_bf16")
