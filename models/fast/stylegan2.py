"""StyleGAN2's synthesis for one picture at a time, in real time.

What the exact network works out anew for each picture is prepared once: squared weights for the demodulation, weights
in the order the convolution reads, and a transposed convolution taken apart into the four it is: one for each corner of
a 2x2 cell of its output, which together run as one ordinary 2x2 convolution. Behind an up-convolution the demodulation
rides on the FIR filter. Tried and left: the FIR filter folded into the four (3x3), which spares a pass and pays only
where channels are few and a CPU has matrix units; noise as a further input channel, which cost more than the pass it
saves.
"""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from models import stylegan2
from models.base import NoiseMode
from models.canvas import crop
from models.edits import Edits
from models.fast.conv import convolve, convolve_into, fuses
from models.fast.modulated import ModulatedConvolution, Style
from models.fast.picture import upsample
from models.ops import FIR_TAPS, LRELU_GAIN, LRELU_SLOPE

VECTOR = 32  # bfloat16 values; over shorter rows a broadcast sum goes value by value, a 1x1 convolution does not
FIR = tuple(tap / 4 for tap in (*FIR_TAPS, 0.0))  # for one direction, with its gain; the last keeps the size even


class Layer:
    """A modulated 3x3 convolution with demodulation, noise, bias and leaky ReLU."""

    def __init__(self, layer: stylegan2.SynthesisLayer, dtype: torch.dtype) -> None:
        self.name, self.clamp, self.dtype = layer.name, layer.clamp, dtype
        self.style = Style(layer.affine)
        self.squares = layer.weight.detach().square().sum(dim=(2, 3))  # [O, I]
        self.bias = layer.bias.detach() * LRELU_GAIN  # [O]
        self.noise = layer.noise_const[None, ..., None].to(dtype, copy=True).permute(0, 3, 1, 2)  # [1, 1, H, W]
        self.strength = layer.noise_strength.detach() * LRELU_GAIN
        self.noisy = bool(self.strength != 0)
        self._prepare(layer.weight.detach(), *layer.noise_const.shape)

    def _prepare(self, weight: Tensor, height: int, width: int) -> None:
        """For a result of that size."""
        self.convolution = ModulatedConvolution(weight, (height, width), (1, 1), self.dtype)

    def __call__(self, x: Tensor, w: Tensor, noise_mode: NoiseMode, edits: Edits | None) -> Tensor:
        """x [1, I, H, W], w [w_dim] -> [1, O, H, W], or [1, O, 2H, 2W] where the layer doubles the size"""
        style = self.style(w)  # [I]
        demod = LRELU_GAIN * (self.squares @ style.square() + 1e-8).rsqrt()  # [O]
        y = self._convolved(x, style, demod)
        if self.noisy and noise_mode != "none":
            self._add_noise(y, noise_mode, 1.0 if edits is None else edits.noise(self.name))
        F.leaky_relu_(y, LRELU_SLOPE)
        if self.clamp is not None:
            y.clamp_(-self.clamp, self.clamp)
        return y if edits is None else edits.apply(self.name, y)

    def _convolved(self, x: Tensor, style: Tensor, demod: Tensor) -> Tensor:
        """With demodulation and bias."""
        return self.convolution(x, style, demod, self.bias)

    def _add_noise(self, y: Tensor, mode: NoiseMode, gain: float) -> None:
        """To every channel of y [1, O, H, W], in place."""
        noise = torch.randn_like(self.noise) if mode == "random" else self.noise
        strength = (self.strength * gain).to(self.dtype)
        if y.shape[1] < VECTOR and self.dtype == torch.bfloat16 and fuses(y):
            weight = strength.expand(y.shape[1], 1, 1, 1).contiguous(memory_format=torch.channels_last)
            convolve_into(y, noise, weight, (0, 0))
        else:
            y.add_(noise * strength)


class UpLayer(Layer):
    """The same with a transposed convolution of stride 2 and the FIR filter."""

    def _prepare(self, weight: Tensor, height: int, width: int) -> None:
        self.convolution = ModulatedConvolution(as_corners(weight), (height // 2, width // 2), (1, 1), self.dtype)
        self.fir = torch.tensor(FIR, device=weight.device).expand(len(weight), 1, 1, -1)  # [O, 1, 1, 5]
        self.fir_rows = self.fir.to(self.dtype)

    def _convolved(self, x: Tensor, style: Tensor, demod: Tensor) -> Tensor:
        channels = len(demod)
        y = from_corners(self.convolution(x, style))
        y = convolve(y, self.fir_rows, None, (0, 1), channels)
        columns = (self.fir.mT * demod[:, None, None, None]).to(self.dtype)
        return convolve(y, columns, self.bias.to(self.dtype), (1, 0), channels)


class ToRGB:
    """A modulated 1x1 convolution to planes, as one product of matrices."""

    def __init__(self, layer: stylegan2.ToRGB, dtype: torch.dtype) -> None:
        self.clamp, self.dtype = layer.clamp, dtype
        self.weight = layer.weight.detach().flatten(1).clone()  # [img_channels, I]
        self.style = Style(layer.affine, 1 / math.sqrt(self.weight.shape[1]))
        self.bias = layer.bias.detach()[:, None].clone()

    def __call__(self, x: Tensor, w: Tensor) -> Tensor:
        """x [1, I, H, W], w [w_dim] -> float32 [img_channels, H, W]"""
        weight = (self.weight * self.style(w)).to(self.dtype)
        pixels = x[0].permute(1, 2, 0).flatten(0, 1)  # [H * W, I], a view
        rgb = (weight @ pixels.t()).float().add_(self.bias)
        rgb = rgb if self.clamp is None else rgb.clamp_(-self.clamp, self.clamp)
        return rgb.view(-1, *x.shape[2:])


class Drawing:
    """The same pictures as `models.stylegan2.Synthesis`, computed in `dtype`."""

    def __init__(self, synthesis: stylegan2.Synthesis, dtype: torch.dtype) -> None:
        self.img_shape = synthesis.img_shape
        self.layer_names, self.num_ws = synthesis.layer_names, synthesis.num_ws
        self.const: Tensor
        self.blocks: list[tuple[list[Layer], ToRGB]] = []
        for block in synthesis.blocks:
            assert isinstance(block, stylegan2.SynthesisBlock)
            layers = [Layer(block.conv1, dtype)]
            if block.conv0 is not None:
                layers.insert(0, UpLayer(block.conv0, dtype))
            self.blocks.append((layers, ToRGB(block.torgb, dtype)))
            if block.const is not None:
                self.const = block.const.detach()[None].to(dtype).clone(memory_format=torch.channels_last)

    def draw(self, ws: Tensor, noise_mode: NoiseMode, edits: Edits | None, transform: Tensor | None) -> Tensor:
        """ws [num_ws, w_dim] -> float32 image [img_channels, H, W]. Raises ValueError for a transform."""
        if transform is not None:
            raise ValueError("StyleGAN2 has no plane to move in, only StyleGAN3 has; leave out the transform")
        x, img, place = self.const, None, 0
        for layers, torgb in self.blocks:
            for layer in layers:
                x = layer(x, ws[place], noise_mode, edits)
                place += 1
            rgb = torgb(x, ws[place])  # shares its w with the next block's first layer
            img = rgb if img is None else upsample(img).add_(rgb)
        assert img is not None
        return crop(img[None], self.img_shape)[0]


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
