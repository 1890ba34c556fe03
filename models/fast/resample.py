"""StyleGAN3's filtered leaky ReLU without the zeros: up, non-linearity and down as depthwise convolutions.

The signal at the higher rate is held as the phases it consists of: phase (a, b) has the samples at (U m + a, U n + b),
a plain image at the input's size that small depthwise convolutions give. The non-linearity works on each alone, and the
down filter is a sum over phases of small depthwise convolutions again. One phase at a time, so that it stays in the
cache. Separable filters go down columns, then along rows, as two convolutions.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.fast.conv import Convolution
from models.filters import LowPass
from models.stylegan3_design import LayerSpec

Taps = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Axis:
    """How one direction falls into phases. U and D are the up and down factor; U is a multiple of D.

    Of the input y only what is from `start` to `stop` matters; the rest lies too far outside. With P = `low` zeros
    before y at the higher rate, phase a is `a[m] = sum over q of up[U q + P - a] y[m + q]`, q from `first` to
    `last`; of the U / D interleaved results, number o is `o[m] = sum over a and p of down[U p + a - D o] a[m + p]`, p
    from 0 to `reach`. `padding` zeros go around y for the convolutions.
    """

    up: int
    down: int
    low: int
    start: int
    stop: int
    padding: int
    first: int
    last: int
    reach: int

    @classmethod
    def of(cls, spec: LayerSpec, axis: int) -> "Axis":
        """Direction 0 (down columns) or 1 (along rows) of a layer."""
        up, down = spec.up_factor, spec.down_factor
        low = spec.padding[2 if axis == 0 else 0]
        length = spec.in_size[axis] + spec.kernel - 1
        reach = (spec.down_taps - 1 + up - down) // up
        first, last = -(low // up), (spec.up_taps + up - 2 - low) // up
        cells = -(-spec.out_size[axis] * down // up) + reach  # of each phase
        start, stop = max(first, 0), min(cells + last, length)
        padding = max(-(first - start), cells + last - stop, 0)  # the same at both ends: the taps make up for it
        return cls(up, down, low, start, stop, padding, start - padding, stop + padding - cells, reach)

    @property
    def length(self) -> int:
        """Samples of y that matter."""
        return self.stop - self.start

    @property
    def cells(self) -> int:
        """Samples of each phase."""
        return self.stop + self.padding - self.last

    def up_taps(self, response: Taps, phase: int) -> Taps:
        """The taps that give a phase."""
        return _picked(response, [self.up * q + self.low - phase for q in range(self.first, self.last + 1)])

    def down_taps(self, response: Taps, phase: int, result: int) -> Taps:
        """The taps, along the first dimension of `response`, that lead from a phase to a result."""
        return _picked(response, [self.up * p + phase - self.down * result for p in range(self.reach + 1)])


class FilteredLrelu:
    """Up, leaky ReLU, clamp, down, for one layer and images of its size; in float32."""

    def __init__(self, spec: LayerSpec, device: torch.device) -> None:
        self.columns, self.rows = Axis.of(spec, 0), Axis.of(spec, 1)
        self.spec, self.device = spec, device
        self.results = spec.up_factor // spec.down_factor  # interleaved ones in each direction
        self._prepare_up(spec.up_factor, _response(spec.up_filter) * spec.up_factor)
        self._prepare_down(spec.up_factor, _response(spec.down_filter))

    def __call__(self, y: Tensor) -> Tensor:
        """y [1, C, H, W] of any type -> float32 [1, C, *out_size]"""
        y = y[:, :, self.columns.start : self.columns.stop, self.rows.start : self.rows.stop].float()
        y = y.contiguous(memory_format=torch.channels_last)
        totals: list[Tensor | None] = [None] * self.results**2
        for b in range(self.spec.up_factor):
            self._down(self._phases(y, b), b, totals)
        return self._woven([total for total in totals if total is not None])

    def _prepare_up(self, up: int, response: Taps) -> None:
        columns, rows = self.columns, self.rows
        self.up_rows = [
            self._convolution(rows.up_taps(response, b)[None], (columns.length, rows.length), (0, rows.padding))
            for b in range(up)
        ]
        self.up_columns = [
            self._convolution(taps[:, None] * self.spec.gain, (columns.length, rows.cells), (columns.padding, 0))
            for taps in (columns.up_taps(response, a) for a in range(up))
        ]

    def _prepare_down(self, up: int, response: Taps) -> None:
        columns, rows, results = self.columns, self.rows, range(self.results)
        self.down_columns = [
            [
                self._convolution(columns.down_taps(response, a, i)[:, None], (columns.cells, rows.cells))
                for i in results
            ]
            for a in range(up)
        ]
        self.down_rows = [
            [
                self._convolution(rows.down_taps(response, b, j)[None], (columns.cells - columns.reach, rows.cells))
                for j in results
            ]
            for b in range(up)
        ]

    def _phases(self, y: Tensor, b: int) -> Iterator[Tensor]:
        """Phases (0, b), (1, b), … behind the non-linearity."""
        row = self.up_rows[b](y)
        for up_column in self.up_columns:
            phase = up_column(row, lrelu=True)
            yield phase if self.spec.clamp is None else phase.clamp_(-self.spec.clamp, self.spec.clamp)

    def _down(self, phases: Iterator[Tensor], b: int, totals: list[Tensor | None]) -> None:
        """Add what the phases (…, b) come to."""
        sums: list[Tensor | None] = [None] * self.results
        for phase, downs in zip(phases, self.down_columns, strict=True):
            sums = [down.add_to(total, phase) for total, down in zip(sums, downs, strict=True)]
        for i, half in enumerate(sums):
            assert half is not None
            for j, down in enumerate(self.down_rows[b]):
                totals[i * self.results + j] = down.add_to(totals[i * self.results + j], half)

    def _woven(self, results: list[Tensor]) -> Tensor:
        """Results (0, 0), (0, 1), … interleaved."""
        n = self.results
        if n == 1:
            return results[0]
        _, channels, height, width = results[0].shape
        woven = results[0].new_empty(1, height, n, width, n, channels)
        for place, result in enumerate(results):
            woven[:, :, place // n, :, place % n] = result.permute(0, 2, 3, 1)
        image = woven.flatten(3, 4).flatten(1, 2)  # [1, H, W, C]
        return image[:, : self.spec.out_size[0], : self.spec.out_size[1]].permute(0, 3, 1, 2)

    def _convolution(self, taps: Taps, shape: tuple[int, int], padding: tuple[int, int] = (0, 0)) -> Convolution:
        channels = self.spec.out_channels
        weight = torch.tensor(taps, dtype=torch.float32, device=self.device).expand(channels, 1, -1, -1)
        return Convolution(weight, shape, padding, groups=channels)


class RadialFilteredLrelu(FilteredLrelu):
    """The same with a down filter that does not fall into two directions."""

    def _prepare_down(self, up: int, response: Taps) -> None:
        columns, rows, results = self.columns, self.rows, range(self.results)

        def taps(a: int, b: int, i: int, j: int) -> Taps:
            return rows.down_taps(columns.down_taps(response, a, i).T, b, j).T

        shape = (columns.cells, rows.cells)
        self.down_both = [
            [[self._convolution(taps(a, b, i, j), shape) for i in results for j in results] for a in range(up)]
            for b in range(up)
        ]

    def _down(self, phases: Iterator[Tensor], b: int, totals: list[Tensor | None]) -> None:
        for phase, downs in zip(phases, self.down_both[b], strict=True):
            totals[:] = [down.add_to(total, phase) for total, down in zip(totals, downs, strict=True)]


def filtered_lrelu(spec: LayerSpec, device: torch.device) -> FilteredLrelu:
    """The one that a layer needs."""
    radial = spec.down_filter is not None and spec.down_filter.radial
    return (RadialFilteredLrelu if radial else FilteredLrelu)(spec, device)


def _response(low_pass: LowPass | None) -> Taps:
    """Impulse response [taps], or [taps, taps] of a radial filter."""
    return np.ones(1) if low_pass is None else low_pass.design()


def _picked(response: Taps, places: list[int]) -> Taps:
    """The entries of `response` at these places of its first dimension, zero where there is none."""
    picked = np.zeros((len(places), *response.shape[1:]))
    for i, place in enumerate(places):
        if 0 <= place < len(response):
            picked[i] = response[place]
    return picked
