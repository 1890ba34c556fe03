"""StyleGAN3 once more, in NumPy and float64, each step spelled out. Slow and independent of `models`.

Parameters are those of a state dict, as arrays by name; `s` holds the settings as a configuration names them.
"""

import math
from typing import Any

import numpy as np
from naive import Array, clamped, correlate, dense

Settings = dict[str, Any]


def bands(s: Settings) -> list[dict[str, float]]:
    """Cutoff, sampling rate and half-width of the transition band behind each layer."""
    found = []
    for i in range(s["num_layers"] + 1):
        e = min(i / (s["num_layers"] - s["num_critical"]), 1)
        last = s["img_resolution"] / 2
        cutoff = s["first_cutoff"] ** (1 - e) * last**e
        stop = s["first_stopband"] ** (1 - e) * (last * s["last_stopband_rel"]) ** e
        rate = s["img_resolution"]
        while rate / 2 >= 2 * stop:  # the lowest rate, by halving, that still holds the stopband
            rate /= 2
        found.append({"cutoff": cutoff, "rate": rate, "half_width": max(stop, rate / 2) - cutoff})
    return found


def sizes(s: Settings) -> list[tuple[int, int]]:
    """Height and width behind each layer: whole coarse cells that cover the canvas, and the margins."""
    rates = [b["rate"] for b in bands(s)]
    cell = s["img_resolution"] / rates[0]
    canvas = s["canvas"] or (s["img_resolution"],) * 2
    cells = [math.ceil(side / cell) for side in canvas]
    margins = [2 * s["margin_size"]] * (len(rates) - 2) + [0, 0]
    return [
        (int(cells[0] * r / rates[0]) + m, int(cells[1] * r / rates[0]) + m)
        for r, m in zip(rates, margins, strict=True)
    ]


def kaiser(taps: int, half_width: float, rate: float) -> Array:
    """Kaiser's window for a transition band of twice the half-width."""
    attenuation = 2.285 * (taps - 1) * math.pi * (2 * half_width / (rate / 2)) + 7.95
    beta = 0.0
    if attenuation > 21:
        beta = 0.5842 * (attenuation - 21) ** 0.4 + 0.07886 * (attenuation - 21)
    if attenuation > 50:
        beta = 0.1102 * (attenuation - 8.7)
    at = np.linspace(-1, 1, taps)
    return np.i0(beta * np.sqrt(1 - at**2)) / np.i0(beta)


def sinc_filter(taps: int, cutoff: float, half_width: float, rate: float) -> Array:
    """Separable low-pass filter [taps]."""
    n = np.arange(taps) - (taps - 1) / 2
    ideal = np.sin(2 * np.pi * cutoff * n / rate) / (np.pi * n)
    windowed = ideal * kaiser(taps, half_width, rate)
    return windowed / windowed.sum()


def jinc_filter(taps: int, cutoff: float, half_width: float, rate: float) -> Array:
    """Radially symmetric low-pass filter [taps, taps]: the Fourier transform of a disc, summed over its strips."""
    n = (np.arange(taps) - (taps - 1) / 2) / rate
    radius = np.sqrt(n[:, None] ** 2 + n[None, :] ** 2)
    ideal = np.zeros((taps, taps))
    for angle in (np.arange(200) + 0.5) * np.pi / 200:  # a strip at cos(angle), as long and as wide as sin(angle)
        ideal += np.sin(angle) ** 2 * np.cos(2 * np.pi * cutoff * np.cos(angle) * radius)
    window = kaiser(taps, half_width, rate)
    windowed = ideal * window[:, None] * window[None, :]
    return windowed / windowed.sum()


def along(x: Array, taps: Array, axis: int) -> Array:
    """x convolved with a filter along one axis, where they overlap whole."""
    return np.apply_along_axis(np.convolve, axis, x, taps, mode="valid")


def both_ways(x: Array, taps: Array) -> Array:
    """x [C, H, W] through a separable or a two-dimensional filter."""
    if taps.ndim == 1:
        return along(along(x, taps, 1), taps, 2)
    k = len(taps)
    height, width = x.shape[1] - k + 1, x.shape[2] - k + 1
    return sum(taps[i, j] * x[:, i : i + height, j : j + width] for i in range(k) for j in range(k))


def framed(x: Array, axis: int, low: int, high: int) -> Array:
    """Zeros before and behind along an axis; where negative, samples are cut off."""
    pad = [(0, 0)] * 3
    pad[axis] = (max(low, 0), max(high, 0))
    x = np.pad(x, pad)
    return np.take(x, range(max(-low, 0), x.shape[axis] - max(-high, 0)), axis=axis)


def activated(x: Array, s: Settings, i: int, size: tuple[int, int]) -> Array:
    """Up, leaky ReLU, clamp, down: x [C, h, w] behind the convolution of layer i -> [C, *size]."""
    before, behind = bands(s)[max(i - 1, 0)], bands(s)[i]
    high = max(before["rate"], behind["rate"]) * s["lrelu_upsampling"]
    up, down = int(high / before["rate"]), int(high / behind["rate"])
    up_taps, down_taps = s["filter_size"] * up, s["filter_size"] * down

    stuffed = np.zeros((x.shape[0], x.shape[1] * up, x.shape[2] * up))
    stuffed[:, ::up, ::up] = x
    for axis in (1, 2):
        total = (size[axis - 1] - 1) * down + 1 - x.shape[axis] * up + up_taps + down_taps - 2
        low = (total + up) // 2
        stuffed = framed(stuffed, axis, low, total - low)
    x = both_ways(stuffed, sinc_filter(up_taps, before["cutoff"], before["half_width"], high)) * up**2

    x = clamped(np.where(x > 0, x, 0.2 * x) * math.sqrt(2), s["conv_clamp"])

    radial = s["use_radial_filters"] and i < s["num_layers"] - s["num_critical"]
    design = jinc_filter if radial else sinc_filter
    return both_ways(x, design(down_taps, behind["cutoff"], behind["half_width"], high))[:, ::down, ::down]


def fourier_input(p: dict[str, Array], s: Settings, w: Array, transform: Array) -> Array:
    """w [w_dim], transform [3, 3] -> [C, H, W]."""
    t = dense(p, "synthesis.input.affine", w)
    t = t / math.hypot(t[0], t[1])
    rotation = np.array([[t[0], -t[1], 0], [t[1], t[0], 0], [0, 0, 1]])
    shift = np.array([[1, 0, -t[2]], [0, 1, -t[3]], [0, 0, 1]])
    matrix = rotation @ shift @ transform
    freqs = p["synthesis.input.freqs"]
    phases = p["synthesis.input.phases"] + freqs @ matrix[:2, 2]
    freqs = freqs @ matrix[:2, :2]

    first = bands(s)[0]
    fade = (np.hypot(*freqs.T) - first["cutoff"]) / (first["rate"] / 2 - first["cutoff"])
    amplitudes = np.clip(1 - fade, 0, 1)
    weight = p["synthesis.input.weight"] / math.sqrt(len(freqs))
    height, width = sizes(s)[0]
    x = np.zeros((len(freqs), height, width))
    for row in range(height):
        for column in range(width):
            place = np.array([column + 0.5 - width / 2, row + 0.5 - height / 2]) / first["rate"]
            x[:, row, column] = weight @ (amplitudes * np.sin(2 * np.pi * (freqs @ place + phases)))
    return x


def convolved(p: dict[str, Array], name: str, x: Array, style: Array, demodulate: bool) -> Array:
    """x [I, h, w] with the weights modulated by style [I], padded so that the result grows by k - 1; plus bias."""
    weight = p[f"{name}.weight"] * style[None, :, None, None]
    if demodulate:
        weight /= np.sqrt((weight**2).sum(axis=(1, 2, 3), keepdims=True) + 1e-8)
    weight = weight / math.sqrt(p[f"{name}.magnitude_ema"])
    return correlate(x, weight, pad=weight.shape[2] - 1) + p[f"{name}.bias"][:, None, None]


def synthesis(p: dict[str, Array], s: Settings, ws: Array, transform: Array | None = None) -> tuple[Array, list[float]]:
    """ws [N, num_ws, w_dim] -> images [N, C, H, W], and the mean square of each layer's input."""
    n = len(ws)
    xs = [fourier_input(p, s, w[0], np.eye(3) if transform is None else transform) for w in ws]
    magnitudes = []
    last = s["num_layers"]
    for i in range(last + 1):
        name = f"synthesis.layers.{i}"
        magnitudes.append(float(np.mean(np.square(xs))))
        styles = np.array([dense(p, f"{name}.affine", w[i + 1]) for w in ws])  # [N, I]
        q = p
        if i == last:
            styles = styles / math.sqrt(styles.shape[1])
        else:  # styles to unit size over the batch, weights over each output channel
            styles = styles / np.sqrt(np.mean(styles**2))
            size = np.sqrt((p[f"{name}.weight"] ** 2).mean(axis=(1, 2, 3), keepdims=True))
            q = p | {f"{name}.weight": p[f"{name}.weight"] / size}
        xs = [convolved(q, name, xs[k], styles[k], demodulate=i < last) for k in range(n)]
        xs = [clamped(x, s["conv_clamp"]) if i == last else activated(x, s, i, sizes(s)[i]) for x in xs]
    return np.array([cropped(x, s) for x in xs]) * s["output_scale"], magnitudes


def cropped(x: Array, s: Settings) -> Array:
    height, width = s["canvas"] or (s["img_resolution"],) * 2
    top, left = (x.shape[1] - height) // 2, (x.shape[2] - width) // 2
    return x[:, top : top + height, left : left + width]
