"""StyleGAN2 generator with skip connections to RGB.

Written from Karras et al., "Analyzing and Improving the Image Quality of StyleGAN" (2020). Modulation scales the
activations before a shared convolution and demodulation scales them after it, which equals scaling the weights of each
sample and needs no grouped convolution.
"""

import math
from dataclasses import replace
from functools import partial
from typing import Literal, Self

import torch
from pydantic import BaseModel, ConfigDict, Field, model_validator
from torch import Tensor, nn
from torch.nn import functional as F

from models.base import GeneratorBase, Noise, NoiseMode, check_latents
from models.canvas import COARSE, Canvas, check_canvas, coarse_cells, crop
from models.edits import Edits
from models.mapping import MOST_CLASSES, Mapping
from models.noise import white_fields
from models.ops import LRELU_GAIN, FullyConnected, conv_up, gaussian, leaky_relu, upsample

ARCHITECTURE = "stylegan2"


def noise_fields(layer: str, own: Tensor) -> Tensor:
    """What a layer's noise is mixed of: its own field [H, W], and others as strong as it -> [FIELDS, H, W]."""
    white = torch.from_numpy(white_fields(layer, *own.shape)).to(own)
    return torch.cat([own[None], white * own.square().mean().sqrt()])


class SynthesisLayer(nn.Module):
    """Modulated 3x3 convolution with demodulation, noise, bias and leaky ReLU; doubles the resolution when `up`."""

    noise_const: Tensor

    def __init__(
        self,
        name: str,
        in_channels: int,
        out_channels: int,
        w_dim: int,
        shape: tuple[int, int],
        up: bool,
        clamp: float | None,
    ) -> None:
        """`name` is what edits call the layer, `shape` the height and width of its noise."""
        super().__init__()
        self.name = name
        self.up = up
        self.clamp = clamp
        self.affine = FullyConnected(w_dim, in_channels, bias_init=1.0)
        self.weight = nn.Parameter(gaussian(out_channels, in_channels, 3, 3))
        self.bias = nn.Parameter(torch.zeros(out_channels))
        self.noise_strength = nn.Parameter(torch.zeros(()))
        self.register_buffer("noise_const", gaussian(*shape))

    def forward(
        self,
        x: Tensor,
        w: Tensor,
        noise: Noise,
        edits: Edits | None = None,
    ) -> Tensor:
        """x [N, I, H, W], w [N, w_dim] -> [N, O, H, W], or [N, O, 2H, 2W] when `up`."""
        style = self.affine(w)  # [N, I]
        demod = LRELU_GAIN * (style.square() @ self.weight.square().sum(dim=(2, 3)).t() + 1e-8).rsqrt()  # [N, O]
        x = x * style.to(x.dtype)[:, :, None, None]
        x = conv_up(x, self.weight) if self.up else F.conv2d(x, self.weight.to(x.dtype), padding=1)
        bias = (self.bias * LRELU_GAIN).to(x.dtype)[None, :, None, None]  # [1, O, 1, 1]
        x = torch.addcmul(bias, x, demod.to(x.dtype)[:, :, None, None])
        if noise.mode != "none":
            added = (self._field(x, noise) * (self.noise_strength * LRELU_GAIN)).to(x.dtype)
            x += added if edits is None else added * edits.noise(self.name)
        x = leaky_relu(x, self.clamp)
        return x if edits is None else edits.apply(self.name, x)

    def _field(self, x: Tensor, noise: Noise) -> Tensor:
        """Unit noise for x [N, O, H, W]: [N, 1, H, W] or [H, W]."""
        if noise.mode == "random":
            return torch.randn(x.shape[0], 1, *x.shape[2:], device=x.device, generator=noise.generator)
        if noise.weights is None:
            return self.noise_const
        fields = noise_fields(self.name, self.noise_const)
        return (noise.weights.to(fields) @ fields.flatten(1)).view(fields.shape[1:])


class ToRGB(nn.Module):
    """Modulated 1x1 convolution to an image, without demodulation."""

    def __init__(self, in_channels: int, img_channels: int, w_dim: int, clamp: float | None) -> None:
        super().__init__()
        self.clamp = clamp
        self.affine = FullyConnected(w_dim, in_channels, bias_init=1.0)
        self.weight = nn.Parameter(gaussian(img_channels, in_channels, 1, 1))
        self.bias = nn.Parameter(torch.zeros(img_channels))

    def forward(self, x: Tensor, w: Tensor) -> Tensor:
        """x [N, I, H, W], w [N, w_dim] -> image [N, img_channels, H, W] in the precision of the weights."""
        style = self.affine(w) / math.sqrt(self.weight.shape[1])  # [N, I]
        x = F.conv2d(x * style.to(x.dtype)[:, :, None, None], self.weight.to(x.dtype), self.bias.to(x.dtype))
        return (x if self.clamp is None else x.clamp(-self.clamp, self.clamp)).to(self.weight.dtype)


class SynthesisBlock(nn.Module):
    """One resolution: two layers (one at the constant) and a ToRGB. Uses `num_convs` ws, and the next one for ToRGB."""

    def __init__(
        self,
        name: str,
        in_channels: int,
        out_channels: int,
        w_dim: int,
        shape: tuple[int, int],
        img_channels: int,
        clamp: float | None,
    ):
        super().__init__()
        first = in_channels == 0
        layer = partial(SynthesisLayer, w_dim=w_dim, shape=shape, clamp=clamp)
        self.const = nn.Parameter(gaussian(out_channels, *shape)) if first else None
        self.conv0 = None if first else layer(f"{name}.conv0", in_channels, out_channels, up=True)
        self.conv1 = layer(f"{name}.conv1", out_channels, out_channels, up=False)
        self.torgb = ToRGB(out_channels, img_channels, w_dim, clamp)
        self.num_convs = 1 if first else 2

    def forward(
        self,
        x: Tensor | None,
        img: Tensor | None,
        ws: Tensor,
        dtype: torch.dtype,
        noise: Noise,
        edits: Edits | None = None,
    ) -> tuple[Tensor, Tensor]:
        """x [N, I, H/2, W/2], img [N, C, H/2, W/2] (None in the first block), ws [N, num_convs + 1, w_dim]
        -> x [N, O, H, W], img [N, C, H, W].
        """
        w = iter(ws.unbind(dim=1))
        if self.const is not None:
            x = self.const.to(dtype).repeat(ws.shape[0], 1, 1, 1)  # [N, O, H, W]
            x = x.contiguous(memory_format=torch.channels_last)
        if self.conv0 is not None:
            x = self.conv0(x, next(w), noise, edits)
        x = self.conv1(x, next(w), noise, edits)
        rgb = self.torgb(x, next(w))
        return x, rgb if img is None else upsample(img) + rgb


class Synthesis(nn.Module):
    """ws to an image. Convolves in `compute_dtype`: float32, or bfloat16, over twice as fast on CPUs that have it.

    `layer_names` are the layers that can be edited, from coarse to fine; `layer_paths` their modules.
    """

    def __init__(
        self,
        w_dim: int,
        img_shape: tuple[int, int],
        img_resolution: int,
        img_channels: int,
        channel_base: int,
        channel_max: int,
        conv_clamp: float | None,
    ) -> None:
        super().__init__()
        self.compute_dtype = torch.float32
        resolutions = [2**i for i in range(2, int(math.log2(img_resolution)) + 1)]
        widths = [0] + [min(channel_base // r, channel_max) for r in resolutions]
        self.img_shape = img_shape
        rows, columns = coarse_cells(img_shape, img_resolution)
        shapes = [(rows * r // COARSE, columns * r // COARSE) for r in resolutions]
        self.blocks = nn.ModuleList(
            SynthesisBlock(f"b{r}", widths[i], widths[i + 1], w_dim, shapes[i], img_channels, conv_clamp)
            for i, r in enumerate(resolutions)
        )
        self.num_convs = [1] + [2] * (len(resolutions) - 1)
        self.num_ws = sum(self.num_convs) + 1
        layers = {path: layer for path, layer in self.named_modules() if isinstance(layer, SynthesisLayer)}
        self.layer_names = [layer.name for layer in layers.values()]
        self.layer_paths = list(layers)

    def forward(
        self,
        ws: Tensor,
        noise_mode: NoiseMode = "const",
        *,
        edits: Edits | None = None,
        generator: torch.Generator | None = None,
        noise_weights: Tensor | None = None,
    ) -> Tensor:
        """ws [N, num_ws, w_dim] -> float32 image [N, img_channels, H, W], about [-1, 1] and not clipped.

        `generator`, on the device of ws, gives the numbers of random noise; None: torch's own. `noise_weights`, of
        `models.noise.noise_weights`, turn constant noise. Raises ValueError for `edits` of layers or channels that are
        not there.
        """
        check_latents(ws, self.num_ws)
        noise = Noise(noise_mode, noise_weights, generator)
        if not edits:
            return self._draw(ws, noise, None)
        edits.check(self.layer_names)
        if edits.blend is None:
            return self._draw(ws, noise, edits)
        weights = edits.blend.weights(self)
        unblended = {"edits": replace(edits, blend=None), "generator": generator, "noise_weights": noise_weights}
        return torch.func.functional_call(self, weights, (ws, noise_mode), unblended)  # type: ignore[no-any-return]

    def _draw(self, ws: Tensor, noise: Noise, edits: Edits | None) -> Tensor:
        x: Tensor | None = None
        img: Tensor | None = None
        start = 0
        for block, convs in zip(self.blocks, self.num_convs, strict=True):
            part = ws[:, start : start + convs + 1]
            x, img = block(x, img, part, self.compute_dtype, noise, edits)
            start += convs
        assert img is not None
        return crop(img, self.img_shape)


class Config(BaseModel):
    """What a generator is built from, bounded so that a file cannot ask for more than a machine has."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    img_resolution: Literal[16, 32, 64, 128, 256, 512, 1024]
    z_dim: int = Field(128, ge=1, le=2048)
    c_dim: int = Field(0, ge=0, le=MOST_CLASSES)
    w_dim: int = Field(128, ge=1, le=2048)
    img_channels: Literal[1, 3] = 3
    channel_base: int = Field(4096, ge=64, le=65536)
    channel_max: int = Field(128, ge=1, le=1024)
    mapping_layers: int = Field(8, ge=1, le=16)
    conv_clamp: float | None = Field(None, gt=0)
    w_avg_beta: float = Field(0.998, ge=0, le=1)
    canvas: Canvas | None = None

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        check_canvas(self.canvas, self.img_resolution)
        return self


class Generator(GeneratorBase):
    """Mapping and synthesis."""

    mapping: Mapping
    synthesis: Synthesis

    def __init__(
        self,
        img_resolution: int,
        z_dim: int = 128,
        c_dim: int = 0,
        w_dim: int = 128,
        img_channels: int = 3,
        channel_base: int = 4096,
        channel_max: int = 128,
        mapping_layers: int = 8,
        conv_clamp: float | None = None,
        w_avg_beta: float = 0.998,
        canvas: tuple[int, int] | None = None,
    ) -> None:
        """`canvas`: height and width of the picture, None the square of `img_resolution`."""
        super().__init__()
        self.config = Config(
            img_resolution=img_resolution, z_dim=z_dim, c_dim=c_dim, w_dim=w_dim, img_channels=img_channels,
            channel_base=channel_base, channel_max=channel_max, mapping_layers=mapping_layers, conv_clamp=conv_clamp,
            w_avg_beta=w_avg_beta, canvas=canvas,
        )  # fmt: skip
        self.z_dim, self.c_dim, self.w_dim = z_dim, c_dim, w_dim
        self.img_resolution, self.img_channels = img_resolution, img_channels
        self.img_shape = canvas or (img_resolution, img_resolution)
        self.synthesis = Synthesis(
            w_dim, self.img_shape, img_resolution, img_channels, channel_base, channel_max, conv_clamp
        )
        self.num_ws = self.synthesis.num_ws
        self.mapping = Mapping(z_dim, c_dim, w_dim, self.num_ws, mapping_layers, w_avg_beta)
