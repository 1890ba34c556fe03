"""The modulated convolution of one picture: styles scale what comes in, demodulation what goes out."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from models.fast.conv import Convolution, convolve
from models.ops import FullyConnected


class Style:
    """The affine layer from w to one factor for each input channel."""

    def __init__(self, affine: FullyConnected, gain: float = 1.0) -> None:
        self.weight, self.bias = affine.weight.detach(), affine.bias.detach()
        self.weight_gain, self.bias_gain = affine.weight_gain * gain, affine.bias_gain * gain

    def __call__(self, w: Tensor) -> Tensor:
        """w [w_dim] -> [I]"""
        return torch.addmv(self.bias, self.weight, w, beta=self.bias_gain, alpha=self.weight_gain)


class ModulatedConvolution:
    """Scales whichever is smaller, the input or the weight; the weight stays packed where it is the input."""

    def __init__(self, weight: Tensor, shape: Sequence[int], padding: Sequence[int], dtype: torch.dtype) -> None:
        """weight [O, I, k, k]; `shape` is the input's height and width."""
        self.dtype = dtype
        self.padding = padding
        self.weight: Tensor | None = None
        if weight.numel() <= weight.shape[1] * math.prod(shape):
            self.weight = weight.clone(memory_format=torch.channels_last)
        else:
            self.packed = Convolution(weight.to(dtype), shape, self.padding)

    def __call__(self, x: Tensor, style: Tensor, gain: Tensor | None = None, bias: Tensor | None = None) -> Tensor:
        """x [1, I, H, W] * style [I], convolved, * gain [O] + bias [O] -> [1, O, H', W']. No gain may be zero."""
        if self.weight is not None:
            weight = self.weight * style[:, None, None]
            if gain is not None:
                weight *= gain[:, None, None, None]
            return convolve(x, weight.to(self.dtype), self._rounded(bias), self.padding)
        x = x * style.to(self.dtype)[:, None, None]
        if gain is None:
            return self.packed(x, self._rounded(bias))
        y = self.packed(x, None if bias is None else self._rounded(bias / gain))
        return y.mul_(gain.to(self.dtype)[:, None, None])

    def _rounded(self, bias: Tensor | None) -> Tensor | None:
        return None if bias is None else bias.to(self.dtype)
