"""Building blocks shared by the networks.

The FIR filter [1, 3, 3, 1] of StyleGAN2 is folded into the convolution beside it: a 3x3 convolution followed or
preceded by the 4x4 filter is one 6x6 convolution, because both are linear. On CPUs with matrix units the larger
convolution costs less than the extra pass over memory that a separate filter needs.
"""

import math
from functools import cache

import torch
from torch import Tensor, nn
from torch.nn import functional as F

LRELU_SLOPE = 0.2
LRELU_GAIN = math.sqrt(2.0)
FIR_TAPS = (1.0, 3.0, 3.0, 1.0)


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


def conv_up(x: Tensor, weight: Tensor) -> Tensor:
    """3x3 transposed convolution with stride 2, then the FIR filter: [N, I, H, W] -> [N, O, 2H, 2W].

    weight [O, I, 3, 3]
    """
    folded = (fold_fir(weight) * 4.0).transpose(0, 1)  # [I, O, 6, 6]; 4 makes up for the zeros between samples
    return F.conv_transpose2d(x, folded.to(x.dtype), stride=2, padding=2)


def conv_down(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """The FIR filter, then a k x k convolution with stride 2: [N, I, H, W] -> [N, O, H/2, W/2].

    weight [O, I, k, k], bias [O]
    """
    folded = fold_fir(weight)  # [O, I, k+3, k+3]
    padding = (weight.shape[-1] + 1) // 2
    return F.conv2d(x, folded.to(x.dtype), None if bias is None else bias.to(x.dtype), stride=2, padding=padding)


def upsample(img: Tensor) -> Tensor:
    """Double an image [N, C, H, W] with the FIR filter: [N, C, 2H, 2W]."""
    channels = img.shape[1]
    kernel = (_fir().to(img) * 4.0).expand(channels, 1, 4, 4)
    return F.conv_transpose2d(img, kernel, stride=2, padding=1, groups=channels)
