"""StyleGAN3 generator: every layer is equivariant to translation (T), and to rotation too (R).

Written from Karras et al., "Alias-Free Generative Adversarial Networks" (2021). As in StyleGAN2 here, modulation scales
the activations before a shared convolution and demodulation scales them after it.
"""

import math
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.base import GeneratorBase, Noise, NoiseMode, check_latents
from models.canvas import crop
from models.edits import Edits
from models.filters import LowPass
from models.mapping import Mapping
from models.ops import FullyConnected, gaussian
from models.stylegan3_design import Config, InputSpec, LayerSpec, schedule

ARCHITECTURE = "stylegan3"

__all__ = ["ARCHITECTURE", "Config", "Generator", "schedule"]


class FourierInput(nn.Module):
    """Sines over the plane, rotated and shifted as w says, then as the caller says, and mixed."""

    freqs: Tensor
    phases: Tensor

    def __init__(self, spec: InputSpec, w_dim: int) -> None:
        super().__init__()
        self.spec = spec
        self.affine = FullyConnected(w_dim, 4)
        self.affine.weight = nn.Parameter(torch.zeros(4, w_dim))
        self.affine.bias = nn.Parameter(torch.tensor([1.0, 0.0, 0.0, 0.0]))
        self.weight = nn.Parameter(gaussian(spec.channels, spec.channels))
        freqs, phases = _random_waves(spec)
        self.register_buffer("freqs", freqs)
        self.register_buffer("phases", phases)

    def forward(self, w: Tensor, transform: Tensor | None) -> Tensor:
        """w [N, w_dim], transform [3, 3] or [N, 3, 3] or None for identity -> [N, C, H, W]"""
        matrix = self._placement(w)  # [N, 3, 3]
        if transform is not None:
            matrix = matrix @ transform.to(matrix)
        freqs, phases = self.freqs.to(w.dtype), self.phases.to(w.dtype)
        phases = phases + (freqs @ matrix[:, :2, 2:]).squeeze(2)  # [N, C]
        freqs = freqs @ matrix[:, :2, :2]  # [N, C, 2]
        fade = (freqs.norm(dim=2) - self.spec.bandwidth) / (self.spec.rate / 2 - self.spec.bandwidth)
        amplitudes = (1 - fade).clamp(0, 1)  # [N, C]; what a zoom out would alias goes silent

        waves = self.grid(w) @ freqs.transpose(1, 2)[:, None] + phases[:, None, None]  # [N, H, W, C]
        waves = torch.sin(waves * (2 * math.pi)) * amplitudes[:, None, None]
        mixed: Tensor = waves @ (self.weight.t() / math.sqrt(self.spec.channels))  # [N, H, W, C]
        return mixed.permute(0, 3, 1, 2)

    def grid(self, like: Tensor) -> Tensor:
        """Sample points [H, W, 2] as (x, y); the nominal picture reaches from -1/2 to 1/2."""
        y, x = (
            (torch.arange(n, device=like.device, dtype=like.dtype) - (n - 1) / 2) / self.spec.rate
            for n in self.spec.size
        )
        return torch.stack(torch.meshgrid(x, y, indexing="xy"), dim=2)

    def _placement(self, w: Tensor) -> Tensor:
        """Rotation times translation [N, 3, 3], as w asks."""
        t = self.affine(w)  # [N, 4]: cosine and sine up to a factor, shift in x and y
        cos, sin, x, y = (t / t[:, :2].norm(dim=1, keepdim=True)).unbind(dim=1)
        zero, one = torch.zeros_like(cos), torch.ones_like(cos)
        rotation = torch.stack([cos, -sin, zero, sin, cos, zero, zero, zero, one], dim=1).view(-1, 3, 3)
        shift = torch.stack([one, zero, -x, zero, one, -y, zero, zero, one], dim=1).view(-1, 3, 3)
        return rotation @ shift


class SynthesisLayer(nn.Module):
    """Modulated convolution, bias, and leaky ReLU at a higher rate, between two low-pass filters. ToRGB too."""

    magnitude_ema: Tensor

    def __init__(self, spec: LayerSpec, w_dim: int, magnitude_ema_beta: float) -> None:
        super().__init__()
        self.spec = spec
        self.magnitude_ema_beta = magnitude_ema_beta
        self.affine = FullyConnected(w_dim, spec.in_channels, bias_init=1.0)
        self.weight = nn.Parameter(gaussian(spec.out_channels, spec.in_channels, spec.kernel, spec.kernel))
        self.bias = nn.Parameter(torch.zeros(spec.out_channels))
        self.register_buffer("magnitude_ema", torch.ones(()))

    def forward(self, x: Tensor, w: Tensor, update_emas: bool = False, edits: Edits | None = None) -> Tensor:
        """x [N, I, *in_size], w [N, w_dim] -> [N, O, *out_size]"""
        if update_emas:
            self._track_magnitude(x)
        weight, style, demod = self.modulation(w)
        x = F.conv2d(x * style[:, :, None, None], weight, padding=self.spec.kernel - 1)
        if demod is not None:
            x = x * demod[:, :, None, None]
        x = filtered_lrelu(x + self.bias[:, None, None], self.spec)
        return x if edits is None else edits.apply(self.spec.name, x, self.spec.margin)

    def modulation(self, w: Tensor) -> tuple[Tensor, Tensor, Tensor | None]:
        """w [N, w_dim] -> weight [O, I, k, k], style [N, I] for x before, demodulation [N, O] after the convolution."""
        style = self.affine(w)
        input_gain = self.magnitude_ema.rsqrt()
        if self.spec.is_torgb:
            return self.weight, style * (input_gain / math.sqrt(self.spec.in_channels)), None
        weight = self.weight * self.weight.square().mean(dim=(1, 2, 3), keepdim=True).rsqrt()
        style = style * style.square().mean().rsqrt()
        demod = (style.square() @ weight.square().sum(dim=(2, 3)).t() + 1e-8).rsqrt()
        return weight, style, demod * input_gain

    @torch.no_grad()
    def _track_magnitude(self, x: Tensor) -> None:
        """Move the running mean square of the input."""
        self.magnitude_ema.copy_(x.square().mean().lerp(self.magnitude_ema, self.magnitude_ema_beta))


class Synthesis(nn.Module):
    """ws to an image; ws[0] places the input, the others each go to a layer.

    `layer_names` are the layers that can be edited, from coarse to fine; `layer_paths` their modules.
    """

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.img_shape = config.img_shape
        self.output_scale = config.output_scale
        first, layers = schedule(config)
        self.input = FourierInput(first, config.w_dim)
        self.layers = nn.ModuleList(SynthesisLayer(spec, config.w_dim, config.magnitude_ema_beta) for spec in layers)
        self.num_ws = 1 + len(layers)
        self.layer_names = [spec.name for spec in layers[:-1]]  # not ToRGB
        self.layer_paths = [f"layers.{i}" for i in range(len(layers) - 1)]

    def forward(
        self,
        ws: Tensor,
        noise_mode: NoiseMode = "const",
        *,
        edits: Edits | None = None,
        transform: Tensor | None = None,
        update_emas: bool = False,
    ) -> Tensor:
        """ws [N, num_ws, w_dim] -> float32 image [N, img_channels, H, W], about [-1, 1] and not clipped.

        transform [3, 3] or [N, 3, 3] moves the sample points, so the picture moves the opposite way. `noise_mode` is
        for other architectures: this one has no noise. `update_emas` tracks the magnitudes, as training does. Raises
        ValueError for `edits` of layers or channels that are not there.
        """
        check_latents(ws, self.num_ws)
        Noise(noise_mode)  # there may be none, but no mode that is none
        if not edits:
            return self._draw(ws, transform, update_emas, None)
        edits.check(self.layer_names)
        if edits.blend is None:
            return self._draw(ws, transform, update_emas, edits)
        weights = edits.blend.weights(self)
        unblended = {"edits": replace(edits, blend=None), "transform": transform}
        return torch.func.functional_call(self, weights, (ws, noise_mode), unblended)  # type: ignore[no-any-return]

    def _draw(self, ws: Tensor, transform: Tensor | None, update_emas: bool, edits: Edits | None) -> Tensor:
        w = ws.unbind(dim=1)
        x = self.input(w[0], transform)
        for i, layer in enumerate(self.layers, start=1):
            x = layer(x, w[i], update_emas, edits)
        return crop(x, self.img_shape) * self.output_scale


class Generator(GeneratorBase):
    """Mapping and synthesis; takes the fields of Config."""

    config: Config
    mapping: Mapping
    synthesis: Synthesis

    def __init__(self, img_resolution: int, **settings: Any) -> None:
        super().__init__()
        self.config = config = Config(img_resolution=img_resolution, **settings)
        self.z_dim, self.c_dim, self.w_dim = config.z_dim, config.c_dim, config.w_dim
        self.img_resolution, self.img_channels, self.img_shape = img_resolution, config.img_channels, config.img_shape
        self.synthesis = Synthesis(config)
        self.num_ws = self.synthesis.num_ws
        self.mapping = Mapping(
            config.z_dim, config.c_dim, config.w_dim, self.num_ws, config.mapping_layers, config.w_avg_beta
        )


def filtered_lrelu(x: Tensor, spec: LayerSpec) -> Tensor:
    """Up, leaky ReLU with gain and clamp, down: [N, C, H, W] -> [N, C, *out_size]."""
    x = _up(x, spec.up_filter, spec.up_factor, spec.padding)
    x = F.leaky_relu(x, spec.slope) * spec.gain
    if spec.clamp is not None:
        x = x.clamp(-spec.clamp, spec.clamp)
    return _down(x, spec.down_filter, spec.down_factor)


def _up(x: Tensor, low_pass: LowPass | None, factor: int, padding: tuple[int, int, int, int]) -> Tensor:
    """Zeros between the samples, padding or crop, then the separable filter with gain factor²."""
    if low_pass is None:
        return F.pad(x, padding)
    kernel = low_pass.tensor(x) * factor
    planes = x.reshape(-1, 1, *x.shape[2:])  # [N * C, 1, H, W]
    planes = F.conv_transpose2d(planes, kernel.view(1, 1, 1, -1), stride=(1, factor))
    planes = F.conv_transpose2d(planes, kernel.view(1, 1, -1, 1), stride=(factor, 1))
    behind = low_pass.taps - 1, low_pass.taps - factor  # what a transposed convolution adds before and behind
    planes = F.pad(planes, [pad - behind[i % 2] for i, pad in enumerate(padding)])
    return planes.view(*x.shape[:2], *planes.shape[2:])


def _down(x: Tensor, low_pass: LowPass | None, factor: int) -> Tensor:
    """The filter, evaluated at every `factor`-th sample in both directions."""
    if low_pass is None:
        return x
    kernel = low_pass.tensor(x)
    planes = x.reshape(-1, 1, *x.shape[2:])  # [N * C, 1, H, W]
    if low_pass.radial:
        planes = F.conv2d(planes, kernel[None, None], stride=factor)
    else:
        planes = F.conv2d(planes, kernel.view(1, 1, 1, -1), stride=(1, factor))
        planes = F.conv2d(planes, kernel.view(1, 1, -1, 1), stride=(factor, 1))
    return planes.view(*x.shape[:2], *planes.shape[2:])


def _random_waves(spec: InputSpec) -> tuple[Tensor, Tensor]:
    """Frequencies [C, 2] spread evenly over the disc |f| <= bandwidth, and phases [C] in turns."""
    freqs, phases = torch.empty(spec.channels, 2), torch.empty(spec.channels)
    if not freqs.is_meta:
        radius, angle = spec.bandwidth * torch.rand(spec.channels).sqrt(), torch.rand(spec.channels) * 2 * math.pi
        freqs = torch.stack([radius * angle.cos(), radius * angle.sin()], dim=1)
        phases.uniform_(-0.5, 0.5)
    return freqs, phases
