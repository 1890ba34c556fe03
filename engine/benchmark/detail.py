"""How much of a picture is fine: the share of its spectral energy above 16 cycles per picture height.

A Hann window before the transform, since a picture does not go on at its other edge: without one the jump there counts
as detail of all sizes. The middle of the picture counts more for it than the edges. Frequencies are cycles per picture
height along both axes, so a wide wall is judged as a square one.

Film grain is energy up there too, and is no paint. So each sample is also compared with the frame LATER seconds after
it, in which grain is another: the cross-spectrum of the two has only what is in both, at the same place. What moves
fast at that scale is lost with the grain, so this is a lower bound of the lasting detail.
"""

import numpy as np
from numpy.typing import NDArray

from engine.benchmark.luma import Picture, Rows, is_flat, luma
from engine.benchmark.summary import frames_between, mean, spread

COARSE = 16.0  # cycles per picture height
LATER = 0.1  # seconds: longer than grain stands (1/16 s)
RATE = 1.0  # samples a second


class Spectrometer:
    """Splits the energy of pictures of one shape, [H, W], into coarse and fine."""

    def __init__(self, shape: tuple[int, int]) -> None:
        height, width = shape
        self._window = (np.hanning(height)[:, None] * np.hanning(width)).astype(np.float32)
        self._total = float(self._window.sum())
        down = np.fft.fftfreq(height) * height  # cycles per picture height
        across = np.fft.rfftfreq(width) * height
        self._fine = np.hypot(down[:, None], across) > COARSE  # [H, W // 2 + 1]
        self._times = np.full(len(across), 2.0, np.float32)  # rfft2 leaves out the mirror image of all columns
        self._times[0] = 1.0  # but this,
        if width % 2 == 0:
            self._times[-1] = 1.0  # and this

    def shares(self, picture: Picture, later: Picture) -> tuple[float, float]:
        """The fine share of a picture's energy, and what of that is also in the later one; NaN where one is flat."""
        if is_flat(picture) or is_flat(later):
            return np.nan, np.nan
        first, second = self._spectrum(picture), self._spectrum(later)
        energy, other = self._energy(first, first), self._energy(second, second)
        both = self._energy(first, second)
        lasting = both[self._fine].sum() / np.sqrt(energy.sum() * other.sum())
        return float(energy[self._fine].sum() / energy.sum()), float(lasting)

    def _spectrum(self, picture: Picture) -> NDArray[np.complex64]:
        average = np.float32((picture * self._window).sum() / self._total)  # so that the windowed picture has none
        return np.asarray(np.fft.rfft2((picture - average) * self._window), np.complex64)

    def _energy(self, first: NDArray[np.complex64], second: NDArray[np.complex64]) -> Picture:
        found: Picture = (first.real * second.real + first.imag * second.imag) * self._times
        return found


class Detail:
    """Samples one frame a second, and the one LATER after it."""

    def __init__(self, fps: float) -> None:
        self._every = frames_between(fps, RATE)
        self._later = min(max(1, round(LATER * fps)), self._every)
        self._spectrometer: Spectrometer | None = None
        self._sampled: Picture | None = None
        self._fine: list[float] = []
        self._lasting: list[float] = []

    def see(self, index: int, rows: Rows) -> None:
        """One frame, uint8 [H, W, 4]; `index` counts them from 0."""
        if self._sampled is not None and index % self._every == self._later % self._every:
            self._take(self._sampled, luma(rows))
            self._sampled = None
        if index % self._every == 0:
            self._sampled = luma(rows)

    def figures(self) -> dict[str, float | None]:
        """Shares of all energy."""
        return {
            "fine_energy": mean(self._fine),
            "fine_energy_spread": spread(self._fine),
            "fine_energy_lasting": mean(self._lasting),
        }

    def _take(self, picture: Picture, later: Picture) -> None:
        if self._spectrometer is None:
            self._spectrometer = Spectrometer((picture.shape[0], picture.shape[1]))
        fine, lasting = self._spectrometer.shares(picture, later)
        self._fine.append(fine)
        self._lasting.append(lasting)
