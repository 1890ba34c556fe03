"""The networks once more, in NumPy and float64, one image at a time, each step spelled out. Slow and independent.

Parameters are those of a state dict, as arrays by name. Images are [C, H, W].
"""

import math

import numpy as np
from numpy.typing import NDArray
from torch import nn

Array = NDArray[np.float64]
FIR = np.outer([1, 3, 3, 1], [1, 3, 3, 1]) / 64


def parameters(network: nn.Module) -> dict[str, Array]:
    """The state of a network as float64 arrays."""
    return {name: tensor.detach().double().numpy() for name, tensor in network.state_dict().items()}


def lrelu(x: Array) -> Array:
    return np.where(x > 0, x, 0.2 * x) * math.sqrt(2)


def clamped(x: Array, limit: float | None) -> Array:
    return x if limit is None else np.clip(x, -limit, limit)


def second_moment(x: Array) -> Array:
    return x / np.sqrt((x**2).mean() + 1e-8)


def dense(p: dict[str, Array], name: str, x: Array, lrmul: float = 1.0) -> Array:
    weight = p[f"{name}.weight"] * lrmul / math.sqrt(x.size)
    return weight @ x + p[f"{name}.bias"] * lrmul


def correlate(x: Array, weight: Array, pad: int, stride: int = 1) -> Array:
    """x [I, H, W] with weight [O, I, k, k], zeros outside."""
    x = np.pad(x, ((0, 0), (pad, pad), (pad, pad)))
    k = weight.shape[2]
    rows = range(0, x.shape[1] - k + 1, stride)
    columns = range(0, x.shape[2] - k + 1, stride)
    return np.array([[[(x[:, r : r + k, c : c + k] * w).sum() for c in columns] for r in rows] for w in weight])


def filtered(x: Array, low: int, high: int) -> Array:
    """x [C, H, W] through the FIR filter, padded with `low` zeros before and `high` behind."""
    x = np.pad(x, ((0, 0), (low, high), (low, high)))
    rows, columns = range(x.shape[1] - 3), range(x.shape[2] - 3)
    return np.array([[[(c[i : i + 4, j : j + 4] * FIR).sum() for j in columns] for i in rows] for c in x])


def stuffed(x: Array) -> Array:
    """x [C, H, W] with a zero after each sample: [C, 2H, 2W]."""
    y = np.zeros((x.shape[0], 2 * x.shape[1], 2 * x.shape[2]))
    y[:, ::2, ::2] = x
    return y


def mapping(p: dict[str, Array], z: Array, c: Array | None, layers: int, prefix: str = "mapping") -> Array:
    """z [z_dim] and c [c_dim] -> w [w_dim]."""
    x = second_moment(z) if z.size else z
    if c is not None:
        x = np.concatenate([x, second_moment(dense(p, f"{prefix}.embed", c))])
    for i in range(layers):
        x = lrelu(dense(p, f"{prefix}.layers.{i}", x, lrmul=0.01))
    return x


def modulated(p: dict[str, Array], name: str, x: Array, w: Array, up: bool, noisy: bool, clamp: float | None) -> Array:
    weight = p[f"{name}.weight"] * dense(p, f"{name}.affine", w)[None, :, None, None]
    weight /= np.sqrt((weight**2).sum(axis=(1, 2, 3), keepdims=True) + 1e-8)
    if up:
        spread = stuffed(x)[:, :-1, :-1]
        x = filtered(correlate(spread, weight[:, :, ::-1, ::-1], pad=2), 1, 1) * 4
    else:
        x = correlate(x, weight, pad=1)
    if noisy:
        x = x + p[f"{name}.noise_const"] * p[f"{name}.noise_strength"]
    return clamped(lrelu(x + p[f"{name}.bias"][:, None, None]), clamp)


def to_rgb(p: dict[str, Array], name: str, x: Array, w: Array, clamp: float | None) -> Array:
    style = dense(p, f"{name}.affine", w) / math.sqrt(x.shape[0])
    x = correlate(x, p[f"{name}.weight"] * style[None, :, None, None], pad=0)
    return clamped(x + p[f"{name}.bias"][:, None, None], clamp)


def synthesis(p: dict[str, Array], ws: Array, blocks: int, noisy: bool, clamp: float | None) -> Array:
    """ws [num_ws, w_dim] -> image [C, H, W]."""
    x = p["synthesis.blocks.0.const"]
    img = np.zeros(())
    at = 0
    for block in (f"synthesis.blocks.{i}" for i in range(blocks)):
        if at:
            x = modulated(p, f"{block}.conv0", x, ws[at], True, noisy, clamp)
            img = filtered(stuffed(img), 2, 1) * 4
            at += 1
        x = modulated(p, f"{block}.conv1", x, ws[at], False, noisy, clamp)
        at += 1
        img = img + to_rgb(p, f"{block}.torgb", x, ws[at], clamp)
    return img


def equalised(p: dict[str, Array], name: str, x: Array, pad: int, stride: int = 1) -> Array:
    weight = p[f"{name}.weight"]
    return correlate(x, weight / math.sqrt(weight[0].size), pad, stride)


def features(p: dict[str, Array], img: Array, blocks: int, clamp: float | None) -> Array:
    """The discriminator up to 4x4: img [C, H, W] -> [C', 4, 4]."""

    def activated(name: str, x: Array, gain: float = 1.0) -> Array:
        limit = None if clamp is None else clamp * gain
        return clamped(lrelu(x + p[f"{name}.bias"][:, None, None]) * gain, limit)

    x = activated("fromrgb", equalised(p, "fromrgb", img, 0))
    half = math.sqrt(0.5)
    for block in (f"blocks.{i}" for i in range(blocks)):
        skip = equalised(p, f"{block}.skip", filtered(x, 1, 1)[:, ::2, ::2], 0) * half
        x = activated(f"{block}.conv0", equalised(p, f"{block}.conv0", x, 1))
        x = activated(f"{block}.conv1", equalised(p, f"{block}.conv1", filtered(x, 2, 2), 0, stride=2), half) + skip
    return x


def logits(
    p: dict[str, Array], images: Array, c: Array | None, blocks: int, group: int, clamp: float | None
) -> list[float]:
    """images [N, C, H, W], c [N, c_dim] or None -> N logits."""
    xs = [features(p, img, blocks, clamp) for img in images]
    apart = len(xs) // group
    found = []
    for i, x in enumerate(xs):
        crowd = np.array(xs[i % apart :: apart])  # the group of sample i
        deviation = np.sqrt(crowd.var(axis=0) + 1e-8).mean()
        x = np.concatenate([x, np.full((1, 4, 4), deviation)])
        x = clamped(lrelu(equalised(p, "conv", x, 1) + p["conv.bias"][:, None, None]), clamp)
        out = dense(p, "out", lrelu(dense(p, "fc", x.ravel())))
        if c is not None:
            out = out @ mapping(p, np.zeros(0), c[i], layers=8)[:, None] / math.sqrt(out.size)
        found.append(out.item())
    return found
