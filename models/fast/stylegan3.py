"""StyleGAN3's synthesis for one picture at a time, in real time.

Convolutions run in a short type where there is one, the filters around each non-linearity in float32, which is as fast
and keeps the network's equivariance. What lies so far outside the picture that no later layer sees it is left out.
"""

import math
from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn import functional as F

from models import stylegan3
from models.base import Noise
from models.canvas import crop
from models.edits import Edits
from models.fast.drawing import Canvas, Drawing
from models.fast.modulated import ModulatedConvolution, Style
from models.fast.resample import filtered_lrelu


class Layer:
    """A modulated convolution between magnitude normalisation and a filtered leaky ReLU."""

    def __init__(self, layer: stylegan3.SynthesisLayer, place: int, dtype: torch.dtype) -> None:
        """`place` is that of its w."""
        self.spec, self.place, self.dtype = layer.spec, place, dtype
        self.style = Style(layer.affine)
        weight = layer.weight.detach()
        weight = weight * weight.square().mean(dim=(1, 2, 3), keepdim=True).rsqrt()
        self.squares = weight.square().sum(dim=(2, 3))  # [O, I]
        self.input_gain = layer.magnitude_ema.rsqrt()
        self.bias = layer.bias.detach().clone()
        self.filtered = filtered_lrelu(self.spec, weight.device)
        padding = self.spec.kernel - 1
        self.convolution = ModulatedConvolution(weight, self.spec.in_size, (padding, padding), dtype)

    def __call__(self, canvas: Canvas, ws: Tensor, noise: Noise, edits: Edits | None) -> None:
        """As `drawing.Stage`: x [1, I, *in_size] -> [1, O, *out_size]"""
        style = self.style(ws[self.place])
        style = style * style.square().mean().rsqrt()
        gain = (self.squares @ style.square() + 1e-8).rsqrt() * self.input_gain
        y = self.filtered(self._convolved(canvas.take(), style, gain))
        canvas.put(y if edits is None else edits.apply(self.spec.name, y, self.spec.margin))

    def _convolved(self, x: Tensor, style: Tensor, gain: Tensor) -> Tensor:
        x = x.to(self.dtype).contiguous(memory_format=torch.channels_last)
        return self.convolution(x, style, gain, self.bias)


class ToRGB:
    """A modulated 1x1 convolution to planes, without demodulation."""

    def __init__(self, layer: stylegan3.SynthesisLayer, place: int) -> None:
        self.spec, self.place = layer.spec, place
        self.style = Style(layer.affine, float(layer.magnitude_ema.rsqrt()) / math.sqrt(self.spec.in_channels))
        self.weight = layer.weight.detach().flatten(1).clone()  # [img_channels, I]
        self.bias = layer.bias.detach()[:, None].clone()

    def __call__(self, canvas: Canvas, ws: Tensor, noise: Noise, edits: Edits | None) -> None:
        """As `drawing.Stage`, to an image."""
        x = canvas.take()
        pixels = x[0].permute(1, 2, 0).flatten(0, 1)  # [H * W, I], a view
        rgb = torch.addmm(self.bias, self.weight * self.style(ws[self.place]), pixels.t())
        rgb = F.pad(rgb.view(-1, *x.shape[2:]), self.spec.padding)
        canvas.img = rgb if self.spec.clamp is None else rgb.clamp_(-self.spec.clamp, self.spec.clamp)


class StyleGAN3Drawing(Drawing):
    """The same pictures as `models.stylegan3.Synthesis`; there is no noise."""

    def __init__(self, synthesis: stylegan3.Synthesis, dtype: torch.dtype) -> None:
        super().__init__(synthesis, dtype)
        self.output_scale = synthesis.output_scale
        self.input = synthesis.input

    def prepare(self, synthesis: stylegan3.Synthesis) -> Iterator[Layer | ToRGB]:
        """As the base."""
        for place, layer in enumerate(synthesis.layers, start=1):
            assert isinstance(layer, stylegan3.SynthesisLayer)
            yield ToRGB(layer, place) if layer.spec.is_torgb else Layer(layer, place, self.dtype)

    def begin(self, ws: Tensor, transform: Tensor | None) -> Canvas:
        """As the base."""
        return Canvas(self.input(ws[:1], transform))

    def finish(self, canvas: Canvas) -> Tensor:
        """As the base."""
        assert canvas.img is not None
        return crop(canvas.img[None], self.img_shape)[0] * self.output_scale
