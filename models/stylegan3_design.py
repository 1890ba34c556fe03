"""What each layer of a StyleGAN3 is: its rates, cutoffs, filters and sizes, computed from a handful of numbers.

Frequencies and rates are in cycles and samples for each side of the nominal picture, `img_resolution` pixels.
Source: Karras et al., "Alias-Free Generative Adversarial Networks" (2021), section 3 and appendix C.
"""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from models.canvas import Canvas, check_canvas
from models.filters import LowPass
from models.mapping import MOST_CLASSES

Size = tuple[int, int]  # height, width
MOST_VALUES = 2**32  # in one map; the published R at 1024² has 0.7 thousand million, at 32:9 2.6


class Config(BaseModel):
    """What a generator is built from, bounded so that a file cannot ask for more than a machine has.

    The published T has 3x3 convolutions and separable filters; R has 1x1 convolutions, radial filters and twice the
    channels.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    img_resolution: int = Field(ge=16, le=1024)
    z_dim: int = Field(128, ge=1, le=2048)
    c_dim: int = Field(0, ge=0, le=MOST_CLASSES)
    w_dim: int = Field(128, ge=1, le=2048)
    img_channels: Literal[1, 3] = 3
    channel_base: int = Field(4096, ge=16, le=131072)
    channel_max: int = Field(128, ge=1, le=1024)
    mapping_layers: int = Field(2, ge=1, le=16)
    conv_clamp: float | None = Field(256.0, gt=0)
    conv_kernel: Literal[1, 3] = 3
    use_radial_filters: bool = False
    num_layers: int = Field(14, ge=2, le=32)
    num_critical: int = Field(2, ge=0, le=16)
    first_cutoff: float = Field(2.0, ge=0.5, le=64)
    first_stopband: float = Field(2.0**2.1, ge=0.5, le=128)
    last_stopband_rel: float = Field(2.0**0.3, gt=1, le=4)
    margin_size: int = Field(10, ge=0, le=64)
    output_scale: float = Field(0.25, gt=0, le=16)
    filter_size: int = Field(6, ge=2, le=16)
    lrelu_upsampling: Literal[1, 2, 4] = 2
    magnitude_ema_beta: float = Field(0.999, ge=0, le=1)
    w_avg_beta: float = Field(0.998, ge=0, le=1)
    canvas: Canvas | None = None

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        check_canvas(self.canvas, self.img_resolution)
        if self.num_critical >= self.num_layers:
            raise ValueError("num_critical must be below num_layers")
        if not self.first_cutoff < self.first_stopband < self.img_resolution / 2:
            raise ValueError("first_cutoff < first_stopband < img_resolution / 2 is needed")
        if (values := max(layer.values for layer in schedule(self)[1])) > MOST_VALUES:
            raise ValueError(f"one of its layers has {values:.1e} values, more than the {MOST_VALUES:.1e} supported")
        return self

    @property
    def img_shape(self) -> Size:
        """Height and width of the picture."""
        return self.canvas or (self.img_resolution, self.img_resolution)


@dataclass(frozen=True, slots=True)
class InputSpec:
    """The grid of Fourier features: channels, height and width, samples a side, highest frequency."""

    channels: int
    size: Size
    rate: float
    bandwidth: float


@dataclass(frozen=True)
class LayerSpec:
    """One layer: convolution at `in_rate`, non-linearity at `tmp_rate`, result at `out_rate`.

    `margin` samples on each side of the result lie outside the picture.
    """

    name: str
    is_torgb: bool
    in_channels: int
    out_channels: int
    kernel: int
    in_size: Size
    out_size: Size
    margin: int
    in_rate: float
    out_rate: float
    tmp_rate: float
    in_cutoff: float
    out_cutoff: float
    in_half_width: float
    out_half_width: float
    filter_size: int
    radial: bool
    clamp: float | None

    @property
    def slope(self) -> float:
        """Of the non-linearity below zero."""
        return 1.0 if self.is_torgb else 0.2

    @property
    def gain(self) -> float:
        """Of the non-linearity."""
        return 1.0 if self.is_torgb else math.sqrt(2.0)

    @property
    def up_factor(self) -> int:
        """From `in_rate` to `tmp_rate`."""
        return round(self.tmp_rate / self.in_rate)

    @property
    def down_factor(self) -> int:
        """From `tmp_rate` to `out_rate`."""
        return round(self.tmp_rate / self.out_rate)

    @cached_property
    def up_filter(self) -> LowPass | None:
        """The filter after zeros were put between the samples; its gain must be up_factor², for two dimensions."""
        if self.up_factor == 1:
            return None
        return LowPass(self.filter_size * self.up_factor, self.in_cutoff, self.in_half_width, self.tmp_rate)

    @cached_property
    def down_filter(self) -> LowPass | None:
        """The filter before samples are left out."""
        if self.down_factor == 1:
            return None
        taps = self.filter_size * self.down_factor
        return LowPass(taps, self.out_cutoff, self.out_half_width, self.tmp_rate, self.radial)

    @property
    def up_taps(self) -> int:
        """Length of `up_filter`."""
        return self.up_filter.taps if self.up_filter else 1

    @property
    def down_taps(self) -> int:
        """Length of `down_filter`."""
        return self.down_filter.taps if self.down_filter else 1

    @property
    def values(self) -> int:
        """Numbers in its largest map for one picture, which is at `tmp_rate`."""
        height, width = ((side - 1) * self.down_factor + self.down_taps for side in self.out_size)
        return self.out_channels * height * width

    @property
    def padding(self) -> tuple[int, int, int, int]:
        """Zeros around the zero-stuffed feature map at `tmp_rate`: left, right, top, bottom; a crop where negative."""
        return *self._pad(1), *self._pad(0)

    def _pad(self, axis: int) -> tuple[int, int]:
        """Low and high padding such that both filters consume it, and input and output share their centre."""
        behind_conv = self.in_size[axis] + self.kernel - 1  # the convolution is padded with kernel - 1 zeros
        needed = (self.out_size[axis] - 1) * self.down_factor + 1 + self.up_taps + self.down_taps - 2
        total = needed - behind_conv * self.up_factor
        low = (total + self.up_factor) // 2
        return low, total - low


def schedule(config: Config) -> tuple[InputSpec, tuple[LayerSpec, ...]]:
    """The input and every layer, ToRGB last."""
    bands = [_Band.at(config, index) for index in range(config.num_layers + 1)]
    size = grid_size(config)

    def margin(index: int) -> int:
        return 0 if index >= config.num_layers - 1 else config.margin_size

    def extent(index: int) -> Size:
        """Height and width behind layer `index`."""
        height, width = (round(side * bands[index].rate / config.img_resolution) for side in size)
        return height + 2 * margin(index), width + 2 * margin(index)

    first = InputSpec(bands[0].channels, extent(0), bands[0].rate, bands[0].cutoff)
    layers = []
    for index, band in enumerate(bands):
        before = max(index - 1, 0)
        is_torgb = index == config.num_layers
        layers.append(
            LayerSpec(
                name=f"L{index}",
                is_torgb=is_torgb,
                in_channels=bands[before].channels,
                out_channels=config.img_channels if is_torgb else band.channels,
                kernel=1 if is_torgb else config.conv_kernel,
                in_size=extent(before),
                out_size=extent(index),
                margin=margin(index),
                in_rate=bands[before].rate,
                out_rate=band.rate,
                tmp_rate=max(bands[before].rate, band.rate) * (1 if is_torgb else config.lrelu_upsampling),
                in_cutoff=bands[before].cutoff,
                out_cutoff=band.cutoff,
                in_half_width=bands[before].half_width,
                out_half_width=band.half_width,
                filter_size=config.filter_size,
                radial=config.use_radial_filters and index < config.num_layers - config.num_critical,
                clamp=config.conv_clamp,
            )
        )
    return first, tuple(layers)


def grid_size(config: Config) -> Size:
    """The canvas, rounded up to whole samples of the coarsest layer."""
    coarsest = round(config.img_resolution / _Band.at(config, 0).rate)
    height, width = (-(-side // coarsest) * coarsest for side in config.img_shape)
    return height, width


@dataclass(frozen=True, slots=True)
class _Band:
    """The frequencies behind one layer, and the channels they are given."""

    cutoff: float
    rate: float
    half_width: float
    channels: int

    @classmethod
    def at(cls, config: Config, index: int) -> "_Band":
        """Cutoff and stopband grow geometrically up to the first critically sampled layer."""
        progress = min(index / (config.num_layers - config.num_critical), 1.0)
        nyquist = config.img_resolution / 2
        cutoff = config.first_cutoff * (nyquist / config.first_cutoff) ** progress
        last_stopband = nyquist * config.last_stopband_rel
        stopband = config.first_stopband * (last_stopband / config.first_stopband) ** progress
        halvings = max(math.floor(-math.log2(stopband / nyquist)), 0)
        rate = config.img_resolution / 2**halvings
        channels = round(min(config.channel_base / 2 / cutoff, config.channel_max))
        return cls(cutoff, rate, max(stopband, rate / 2) - cutoff, max(channels, 1))
