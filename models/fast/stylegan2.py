"""StyleGAN2's synthesis for one picture at a time, in real time.

What the exact network works out anew for each picture is prepared once: squared weights for the demodulation, weights
in the order the convolution reads, and the up-convolutions in the quickest of their forms, see doubling.py. Tried and
left: noise as a further input channel, which cost more than the pass it saves.
"""

import math
from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn import functional as F

from models import stylegan2
from models.base import Noise
from models.canvas import crop
from models.edits import Edits
from models.fast.conv import convolve, convolve_into, fuses
from models.fast.doubling import transposed
from models.fast.drawing import Canvas, Drawing
from models.fast.modulated import ModulatedConvolution, Style
from models.fast.picture import upsample
from models.ops import FIR_TAPS, LRELU_GAIN, LRELU_SLOPE

FEW = 32**2  # pixels; up to so many a product in float32 is quicker than a convolution in a short type
VECTOR = 32  # bfloat16 values; over shorter rows a broadcast sum goes value by value, a 1x1 convolution does not


class Layer:
    """A modulated 3x3 convolution with demodulation, noise, bias and leaky ReLU."""

    def __init__(self, layer: stylegan2.SynthesisLayer, dtype: torch.dtype) -> None:
        self.name, self.clamp, self.dtype = layer.name, layer.clamp, dtype
        self.style = Style(layer.affine)
        self.squares = layer.weight.detach().square().sum(dim=(2, 3))  # [O, I]
        self.bias = layer.bias.detach() * LRELU_GAIN  # [O]
        self.noise = layer.noise_const.to(dtype, copy=True)  # [H, W]
        self.fields: Tensor | None = None  # [FIELDS, H * W] float32, once it turns
        self.strength = layer.noise_strength.detach() * LRELU_GAIN
        self.noisy = bool(self.strength != 0)
        self._prepare(layer.weight.detach(), *layer.noise_const.shape)

    def _prepare(self, weight: Tensor, height: int, width: int) -> None:
        """For a result of that size."""
        self.convolution = ModulatedConvolution(weight, (height, width), (1, 1), self.dtype)

    def __call__(self, canvas: Canvas, w: Tensor, noise: Noise, edits: Edits | None) -> None:
        """w [w_dim]; on the canvas [1, I, H, W] -> [1, O, H, W], or [1, O, 2H, 2W] where the layer doubles the size"""
        style = self.style(w)  # [I]
        demod = LRELU_GAIN * (self.squares @ style.square() + 1e-8).rsqrt()  # [O]
        y = self._convolved(canvas, style, demod)
        if self.noisy and noise.mode != "none":
            self._add_noise(y, self._field(noise), 1.0 if edits is None else edits.noise(self.name))
        F.leaky_relu_(y, LRELU_SLOPE)
        if self.clamp is not None:
            y.clamp_(-self.clamp, self.clamp)
        canvas.put(y if edits is None else edits.apply(self.name, y))

    def _convolved(self, canvas: Canvas, style: Tensor, demod: Tensor) -> Tensor:
        """With demodulation and bias."""
        return self.convolution(canvas.take(), style, demod, self.bias)

    def _field(self, noise: Noise) -> Tensor:
        """Unit noise [H, W]."""
        if noise.mode == "random":
            return torch.randn_like(self.noise)
        if noise.weights is None:
            return self.noise
        if self.fields is None:
            self.fields = stylegan2.noise_fields(self.name, self.noise.float()).flatten(1)
        return (noise.weights @ self.fields).to(self.dtype).view(self.noise.shape)

    def _add_noise(self, y: Tensor, field: Tensor, gain: float) -> None:
        """field [H, W] to every channel of y [1, O, H, W], in place."""
        noise = field[None, ..., None].permute(0, 3, 1, 2)  # [1, 1, H, W], channels last
        strength = (self.strength * gain).to(self.dtype)
        if y.shape[1] < VECTOR and self.dtype == torch.bfloat16 and fuses(y):
            weight = strength.expand(y.shape[1], 1, 1, 1).contiguous(memory_format=torch.channels_last)
            convolve_into(y, noise, weight, (0, 0))
        else:
            y.add_(noise * strength)


class UpLayer(Layer):
    """The same with a transposed convolution of stride 2 and the FIR filter [1, 3, 3, 1], on which demodulation and
    bias ride.
    """

    def _prepare(self, weight: Tensor, height: int, width: int) -> None:
        self.transposed = transposed(weight, (height // 2, width // 2), self.dtype)
        taps = [tap / 4 for tap in FIR_TAPS] + [0.0] * self.transposed.beyond
        self.fir = torch.tensor(taps, device=weight.device).expand(len(weight), 1, 1, -1)  # [O, 1, 1, 4 or 5]

    def _convolved(self, canvas: Canvas, style: Tensor, demod: Tensor) -> Tensor:
        channels, bias = len(demod), self.bias.to(self.dtype)
        columns = self.fir.mT * demod[:, None, None, None]
        y = self.transposed(canvas.take(), style)
        if self.dtype == torch.float32:  # both directions in one pass; in short types two are faster
            return convolve(y, columns * self.fir, bias, (1, 1), channels)
        y = convolve(y, self.fir.to(self.dtype), None, (0, 1), channels)
        return convolve(y, columns.to(self.dtype), bias, (1, 0), channels)


class ToRGB:
    """A modulated 1x1 convolution to planes."""

    def __init__(self, layer: stylegan2.ToRGB, dtype: torch.dtype) -> None:
        self.clamp, self.dtype = layer.clamp, dtype
        self.weight = layer.weight.detach().flatten(1).clone()  # [img_channels, I]
        self.style = Style(layer.affine, 1 / math.sqrt(self.weight.shape[1]))
        self.bias = layer.bias.detach()[:, None].clone()

    def __call__(self, x: Tensor, w: Tensor) -> Tensor:
        """x [1, I, H, W], w [w_dim] -> float32 [img_channels, H, W]"""
        weight = self.weight * self.style(w)
        planes = self._product if self.dtype == torch.float32 or x[0, 0].numel() <= FEW else self._convolution
        rgb = planes(x, weight).view(-1, *x.shape[2:])
        return rgb if self.clamp is None else rgb.clamp_(-self.clamp, self.clamp)

    def _product(self, x: Tensor, weight: Tensor) -> Tensor:
        pixels = x[0].permute(1, 2, 0).flatten(0, 1).float()  # [H * W, I]
        return torch.addmm(self.bias, weight, pixels.t())

    def _convolution(self, x: Tensor, weight: Tensor) -> Tensor:
        rgb = convolve(x, weight[..., None, None].to(self.dtype), None, (0, 0))[0].flatten(1)
        return torch.add(self.bias, rgb, out=self.bias.new_empty(rgb.shape))  # plane after plane


class Block:
    """One resolution: its layers and its ToRGB."""

    def __init__(self, block: stylegan2.SynthesisBlock, first_w: int, dtype: torch.dtype) -> None:
        """`first_w` is the place of the first layer's w; ToRGB shares its own with the next block's first layer."""
        self.layers = [Layer(block.conv1, dtype)]
        if block.conv0 is not None:
            self.layers.insert(0, UpLayer(block.conv0, dtype))
        self.torgb = ToRGB(block.torgb, dtype)
        self.first_w = first_w

    def __call__(self, canvas: Canvas, ws: Tensor, noise: Noise, edits: Edits | None) -> None:
        """As `drawing.Stage`."""
        for place, layer in enumerate(self.layers, self.first_w):
            layer(canvas, ws[place], noise, edits)
        x = canvas.take()
        rgb = self.torgb(x, ws[self.first_w + len(self.layers)])
        canvas.img = rgb if canvas.img is None else upsample(canvas.img).add_(rgb)
        canvas.put(x)


class StyleGAN2Drawing(Drawing):
    """The same pictures as `models.stylegan2.Synthesis`."""

    def __init__(self, synthesis: stylegan2.Synthesis, dtype: torch.dtype) -> None:
        super().__init__(synthesis, dtype)
        first = synthesis.blocks[0]
        assert isinstance(first, stylegan2.SynthesisBlock)
        assert first.const is not None
        self.const = first.const.detach()[None].to(dtype).clone(memory_format=torch.channels_last)

    def prepare(self, synthesis: stylegan2.Synthesis) -> Iterator[Block]:
        """As the base."""
        place = 0
        for block in synthesis.blocks:
            assert isinstance(block, stylegan2.SynthesisBlock)
            yield Block(block, place, self.dtype)
            place += block.num_convs

    def begin(self, ws: Tensor, transform: Tensor | None) -> Canvas:
        """As the base."""
        if transform is not None:
            raise ValueError("StyleGAN2 has no plane to move in, only StyleGAN3 has; leave out the transform")
        return Canvas(self.const)

    def finish(self, canvas: Canvas) -> Tensor:
        """As the base."""
        assert canvas.img is not None
        return crop(canvas.img[None], self.img_shape)[0]
