"""Building blocks shared by the networks.

The FIR filter [1, 3, 3, 1] of StyleGAN2 can be folded into the convolution beside it: a 3x3 convolution followed or
preceded by the 4x4 filter is one 6x6 convolution, because both are linear. On CPUs with matrix units that costs less
than the filter's own pass over memory, as long as the channels are few; see FOLDED.
"""

import math
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

LRELU_SLOPE = 0.2
LRELU_GAIN = math.sqrt(2.0)
FIR_TAPS = (1.0, 3.0, 3.0, 1.0)
UP_GAIN = 4.0  # makes up for the zeros between samples
FOLDED = 32 * 32  # pairs of channels up to which folding the filter pays in bfloat16; in float32 it never does


def normalize_second_moment(x: Tensor, eps: float = 1e-8) -> Tensor:
    """Scale each row of x [N, D] to a mean square of one."""
    return x * (x.square().mean(dim=1, keepdim=True) + eps).rsqrt()


def leaky_relu(x: Tensor, clamp: float | None = None) -> Tensor:
    """Leaky ReLU without its gain, in place; `clamp` bounds the result to [-clamp, clamp].

    Scaling by a positive number commutes with leaky ReLU, so callers fold the gain into the weights before it.
    """
    x = F.leaky_relu_(x, LRELU_SLOPE)
    return x if clamp is None else x.clamp(-clamp, clamp)


def gaussian(*shape: int, scale: float = 1.0) -> Tensor:
    """Normal start values of that deviation. On the meta device shapes only: arithmetic there imports half of torch."""
    empty = torch.empty(shape)
    return empty if empty.is_meta else empty.normal_(std=scale)


class FullyConnected(nn.Module):
    """Equalised linear layer: weights are stored at unit variance and scaled at run time."""

    def __init__(
        self,
        in_features: int,
        out_features: int,
        lr_multiplier: float = 1.0,
        bias_init: float = 0.0,
        lrelu: bool = False,
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(gaussian(out_features, in_features, scale=1.0 / lr_multiplier))
        self.bias = nn.Parameter(torch.full((out_features,), bias_init / lr_multiplier))
        self.lrelu = lrelu
        gain = LRELU_GAIN if lrelu else 1.0
        self.weight_gain = gain * lr_multiplier / math.sqrt(in_features)
        self.bias_gain = gain * lr_multiplier

    def forward(self, x: Tensor) -> Tensor:
        """[N, in_features] -> [N, out_features]"""
        y = torch.addmm(self.bias * self.bias_gain, x, self.weight.t(), alpha=self.weight_gain)
        return leaky_relu(y) if self.lrelu else y


def _fir() -> Tensor:
    """The 4x4 low-pass filter, sum 1."""
    taps = torch.tensor(FIR_TAPS)
    taps = taps / taps.sum()
    return torch.outer(taps, taps)


class _Filter(torch.autograd.Function):
    """The FIR filter on each channel by itself, as a convolution or, `transposed`, as its adjoint.

    Its derivatives of any order are such filters again. Torch's own second derivative would seek, channel by channel,
    a gradient of the filter's taps, which took longer than the rest of a gradient penalty.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, stride: int, padding: int, transposed: bool) -> Tensor:
        ctx.adjoint = (1, 3 - padding, False) if stride == 1 else (stride, padding, not transposed)  # it is symmetric
        taps = _fir().to(x).expand(x.shape[1], 1, 4, 4)
        sides = [stride, stride], [padding, padding], [1, 1]
        return torch.convolution(x, taps, None, *sides, transposed, [0, 0], x.shape[1])

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None, None]:
        return _filtered(gradient, *ctx.adjoint), None, None, None


def _filtered(x: Tensor, stride: int, padding: int, transposed: bool = False) -> Tensor:
    """x [N, C, H, W] through _Filter."""
    return _Filter.apply(x, stride, padding, transposed)  # type: ignore[no-any-return, no-untyped-call]


@cache
@torch.inference_mode(False)  # the matrix is kept, and training may need it after a first use in inference
def _fold_matrix(kernel: int) -> Tensor:
    """Matrix [k*k, (k+3)*(k+3)] that maps a flattened k x k kernel to its convolution with the FIR filter."""
    basis = torch.eye(kernel * kernel).view(-1, 1, kernel, kernel)  # [k*k, 1, k, k]
    folded = F.conv2d(basis, _fir()[None, None], padding=3)  # [k*k, 1, k+3, k+3]; the filter is symmetric
    return folded.flatten(1)


def fold_fir(weight: Tensor) -> Tensor:
    """Convolve each kernel of weight [O, I, k, k] with the FIR filter: [O, I, k+3, k+3]."""
    kernel = weight.shape[-1]
    folded = weight.flatten(2) @ _fold_matrix(kernel).to(weight)  # [O, I, (k+3)*(k+3)]
    return folded.view(*weight.shape[:2], kernel + 3, kernel + 3)


def _folds(x: Tensor, weight: Tensor) -> bool:
    """Whether the filter is folded into the convolution of x with weight [O, I, k, k]."""
    return x.dtype == torch.bfloat16 and weight.shape[0] * weight.shape[1] <= FOLDED


def conv_up(x: Tensor, weight: Tensor) -> Tensor:
    """3x3 transposed convolution with stride 2, then the FIR filter: [N, I, H, W] -> [N, O, 2H, 2W].

    weight [O, I, 3, 3]
    """
    if _folds(x, weight):
        folded = (fold_fir(weight) * UP_GAIN).transpose(0, 1)  # [I, O, 6, 6]
        return F.conv_transpose2d(x, folded.to(x.dtype), stride=2, padding=2)
    scaled = (weight * UP_GAIN).transpose(0, 1)  # [I, O, 3, 3]
    spread = F.conv_transpose2d(x, scaled.to(x.dtype), stride=2)  # [N, O, 2H + 1, 2W + 1]
    return _filtered(spread, 1, 1)


def conv_down(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """The FIR filter, then a k x k convolution with stride 2: [N, I, H, W] -> [N, O, H/2, W/2].

    weight [O, I, k, k], bias [O]
    """
    kernel = weight.shape[-1]
    padding = (kernel + 1) // 2
    bias = None if bias is None else bias.to(x.dtype)
    if _folds(x, weight):
        return F.conv2d(x, fold_fir(weight).to(x.dtype), bias, stride=2, padding=padding)
    if kernel > 1:
        return F.conv2d(_filtered(x, 1, padding), weight.to(x.dtype), bias, stride=2)
    wide = x.to(torch.promote_types(x.dtype, torch.float32))  # the gradient of a filter with stride crawls in bfloat16
    filtered = _filtered(wide, 2, padding)  # [N, I, H/2, W/2]
    return F.conv2d(filtered.to(x.dtype), weight.to(x.dtype), bias)


def upsample(img: Tensor) -> Tensor:
    """Double an image [N, C, H, W] with the FIR filter: [N, C, 2H, 2W]."""
    return UP_GAIN * _filtered(img, 2, 1, transposed=True)
