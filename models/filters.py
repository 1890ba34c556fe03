"""Low-pass filters by the Kaiser window method, in float64.

Kaiser, "Nonrecursive digital filter design using the I0-sinh window function" (1974), as StyleGAN3 uses it (Karras et
al. 2021, appendix C): separable filters are a windowed sinc, radially symmetric ones a windowed jinc.
"""

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


@dataclass(frozen=True, slots=True)
class LowPass:
    """A low-pass filter: an even number of taps; cutoff, half-width of the transition band and rate in one unit."""

    taps: int
    cutoff: float
    half_width: float
    rate: float
    radial: bool = False

    def design(self) -> NDArray[np.float64]:
        """Impulse response [taps], or [taps, taps] when radial, of sum 1; symmetric and not to be written to."""
        return _design(self)

    def tensor(self, like: Tensor) -> Tensor:
        """The impulse response on the device and in the dtype of `like`."""
        return _tensor(self, like.device, like.dtype)


@cache
def _design(low_pass: LowPass) -> NDArray[np.float64]:
    taps, rate = low_pass.taps, low_pass.rate
    time = (np.arange(taps) - (taps - 1) / 2) / rate
    window = np.kaiser(taps, _beta(_attenuation(taps, 4 * low_pass.half_width / rate)))
    if low_pass.radial:
        response = _jinc(np.hypot(time[:, None], time[None]), low_pass.cutoff) * np.outer(window, window)
    else:
        response = np.sinc(2 * low_pass.cutoff * time) * window
    response /= response.sum()
    response.setflags(write=False)
    return response


@cache
@torch.inference_mode(False)  # the tensor is kept, and training may need it after a first use in inference
def _tensor(low_pass: LowPass, device: torch.device, dtype: torch.dtype) -> Tensor:
    return torch.tensor(_design(low_pass), device=device, dtype=dtype)


def _attenuation(taps: int, width: float) -> float:
    """Stopband attenuation in dB that `taps` reach with a transition band of `width` times the Nyquist frequency."""
    return 2.285 * (taps - 1) * math.pi * width + 7.95


def _beta(attenuation: float) -> float:
    """Shape of the Kaiser window for an attenuation in dB."""
    if attenuation > 50:
        return 0.1102 * (attenuation - 8.7)
    if attenuation > 21:
        return 0.5842 * (attenuation - 21) ** 0.4 + 0.07886 * (attenuation - 21)  # type: ignore[no-any-return]
    return 0.0


def _jinc(radius: NDArray[np.float64], cutoff: float) -> NDArray[np.float64]:
    """Response of an ideal circular low-pass filter at a distance above zero from its centre."""
    return _bessel_j1(2 * np.pi * cutoff * radius) / (np.pi * radius)


def _bessel_j1(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Bessel's integral (1/π) ∫ cos(τ - x sin τ) dτ from 0 to π, exact to rounding up to x = 100.

    torch.special.bessel_j1 errs by 3e-7 near x = 5.
    """
    tau = (np.arange(128) + 0.5) * (np.pi / 128)
    j1: NDArray[np.float64] = np.cos(tau - x[..., None] * np.sin(tau)).mean(axis=-1)
    return j1
