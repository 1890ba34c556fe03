"""StyleGAN3's synthesis for one picture at a time, in real time.

Convolutions run in a short type where there is one, the filters around each non-linearity in float32, which is as fast
and keeps the network's equivariance. What lies so far outside the picture that no later layer sees it is left out.
"""

import copy
import math

import torch
from torch import Tensor
from torch.nn import functional as F

from models import stylegan3
from models.base import NoiseMode
from models.canvas import crop
from models.edits import Edits
from models.fast.modulated import ModulatedConvolution, Style
from models.fast.resample import filtered_lrelu


class Layer:
    """A modulated convolution between magnitude normalisation and a filtered leaky ReLU."""

    def __init__(self, layer: stylegan3.SynthesisLayer, dtype: torch.dtype) -> None:
        self.spec, self.dtype = layer.spec, dtype
        self.style = Style(layer.affine)
        weight = layer.weight.detach()
        weight = weight * weight.square().mean(dim=(1, 2, 3), keepdim=True).rsqrt()
        self.squares = weight.square().sum(dim=(2, 3))  # [O, I]
        self.input_gain = layer.magnitude_ema.rsqrt()
        self.bias = layer.bias.detach().clone()
        self.filtered = filtered_lrelu(self.spec, weight.device)
        padding = self.spec.kernel - 1
        self.convolution = ModulatedConvolution(weight, self.spec.in_size, (padding, padding), dtype)

    def __call__(self, x: Tensor, w: Tensor, edits: Edits | None) -> Tensor:
        """x [1, I, *in_size], w [w_dim] -> [1, O, *out_size]"""
        style = self.style(w)
        style = style * style.square().mean().rsqrt()
        gain = (self.squares @ style.square() + 1e-8).rsqrt() * self.input_gain
        x = x.to(self.dtype).contiguous(memory_format=torch.channels_last)
        y = self.filtered(self.convolution(x, style, gain, self.bias))
        return y if edits is None else edits.apply(self.spec.name, y, self.spec.margin)


class ToRGB:
    """A modulated 1x1 convolution to planes, without demodulation."""

    def __init__(self, layer: stylegan3.SynthesisLayer) -> None:
        self.spec = layer.spec
        self.style = Style(layer.affine, float(layer.magnitude_ema.rsqrt()) / math.sqrt(self.spec.in_channels))
        self.weight = layer.weight.detach().flatten(1).clone()  # [img_channels, I]
        self.bias = layer.bias.detach()[:, None].clone()

    def __call__(self, x: Tensor, w: Tensor) -> Tensor:
        """x [1, I, H, W], w [w_dim] -> float32 [img_channels, H, W]"""
        pixels = x[0].permute(1, 2, 0).flatten(0, 1)  # [H * W, I], a view
        rgb = torch.addmm(self.bias, self.weight * self.style(w), pixels.t())
        rgb = F.pad(rgb.view(-1, *x.shape[2:]), self.spec.padding)
        return rgb if self.spec.clamp is None else rgb.clamp_(-self.spec.clamp, self.spec.clamp)


class Drawing:
    """The same pictures as `models.stylegan3.Synthesis`, its convolutions in `dtype`."""

    def __init__(self, synthesis: stylegan3.Synthesis, dtype: torch.dtype) -> None:
        self.img_shape, self.output_scale = synthesis.img_shape, synthesis.output_scale
        self.layer_names, self.num_ws = synthesis.layer_names, synthesis.num_ws
        self.input = copy.deepcopy(synthesis.input)
        *layers, torgb = (layer for layer in synthesis.layers if isinstance(layer, stylegan3.SynthesisLayer))
        self.layers = [Layer(layer, dtype) for layer in layers]
        self.torgb = ToRGB(torgb)

    def draw(self, ws: Tensor, noise_mode: NoiseMode, edits: Edits | None, transform: Tensor | None) -> Tensor:
        """ws [num_ws, w_dim] -> float32 image [img_channels, H, W]; there is no noise."""
        w = ws.unbind()
        x = self.input(ws[:1], transform)
        for layer, own in zip(self.layers, w[1:], strict=False):
            x = layer(x, own, edits)
        return crop(self.torgb(x, w[-1])[None], self.img_shape)[0] * self.output_scale
