"""What a machine can do at best: its fastest convolution, its fastest product of matrices, and the network's layers."""

import time
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from models.fast.conv import Convolution, convolve_transposed
from models.stylegan2 import SynthesisLayer as StyleGAN2Layer
from models.stylegan3 import SynthesisLayer as StyleGAN3Layer

Pair = tuple[int, int]

SHAPES = ((64, 64), (128, 32), (128, 64), (256, 32), (512, 16), (512, 32))  # channels, side
SIDES = (512, 1024, 2048)
REPEATS = 7


def measure(synthesis: nn.Module, dtype: torch.dtype, device: torch.device) -> dict[str, Any]:
    """GFLOP/s of the best 3x3 convolution and of the best product, in `dtype`, channels last, weights packed; and how
    long the network's convolutions take when nothing is done between them.
    """
    with torch.inference_mode():
        convolutions = {
            f"{c}x{side}²": _convolution(c, c, (3, 3), (side, side), (1, 1), dtype, device) for c, side in SHAPES
        }
        best = max(convolutions, key=lambda shape: convolutions[shape][1])
        products = [_product(side, dtype, device) for side in SIDES]
        own = [_own(layer, dtype, device) for layer in synthesis.modules() if is_layer(layer)]
    own_s = sum(seconds for seconds, _ in own)
    return {
        "conv_gflops": round(convolutions[best][1], 1),
        "conv_shape": best,
        "matmul_gflops": round(max(products), 1),
        "own_convolutions_ms": round(1000 * own_s, 2),
        "own_convolutions_gflops": round(sum(seconds * rate for seconds, rate in own) / own_s, 1),
    }


def is_layer(module: nn.Module) -> bool:
    """Whether this is a convolution layer of a generator."""
    return isinstance(module, StyleGAN2Layer | StyleGAN3Layer)


def _own(layer: Any, dtype: torch.dtype, device: torch.device) -> tuple[float, float]:
    """Seconds and GFLOP/s of one layer's convolution alone."""
    out_channels, in_channels, kernel, _ = layer.weight.shape
    if isinstance(layer, StyleGAN3Layer):
        square, padding = (kernel, kernel), (kernel - 1, kernel - 1)
        return _convolution(in_channels, out_channels, square, layer.spec.in_size, padding, dtype, device)
    height, width = layer.noise_const.shape
    if not layer.up:
        return _convolution(in_channels, out_channels, (3, 3), (height, width), (1, 1), dtype, device)
    # a transposed one, as it is or as the four ordinary ones it consists of, together or apart
    shape = (height // 2, width // 2)
    whole = _transposed(in_channels, out_channels, shape, dtype, device)
    together, _ = _convolution(in_channels, 4 * out_channels, (2, 2), shape, (1, 1), dtype, device)
    apart = (
        _convolution(in_channels, out_channels, (1 + p, 1 + q), shape, (p, q), dtype, device)[0]
        for p in range(2)
        for q in range(2)
    )
    seconds = min(whole, together, sum(apart))
    return seconds, 2e-9 * layer.weight.numel() * height * width / 4 / seconds


def _convolution(
    i: int, o: int, kernel: Pair, shape: Pair, padding: Pair, dtype: torch.dtype, device: torch.device
) -> tuple[float, float]:
    """Seconds and GFLOP/s."""
    x = _random((1, i, *shape), dtype, device)
    weight = _random((o, i, *kernel), dtype, device)
    convolution = Convolution(weight, shape, padding)
    out = convolution(x)
    seconds = _best(lambda: convolution(x), device)
    return seconds, 2e-9 * weight.numel() * out.shape[2] * out.shape[3] / seconds


def _transposed(i: int, o: int, shape: Pair, dtype: torch.dtype, device: torch.device) -> float:
    """Seconds of a transposed convolution with stride 2."""
    x, weight = _random((1, i, *shape), dtype, device), _random((i, o, 3, 3), dtype, device)
    return _best(lambda: convolve_transposed(x, weight), device)


def _product(side: int, dtype: torch.dtype, device: torch.device) -> float:
    """GFLOP/s of a product of square matrices."""
    a, b = (torch.randn(side, side, device=device).to(dtype) for _ in range(2))
    return 2e-9 * side**3 / _best(lambda: a @ b, device)


def _random(shape: tuple[int, ...], dtype: torch.dtype, device: torch.device) -> Tensor:
    return torch.randn(shape, device=device).to(dtype).contiguous(memory_format=torch.channels_last)


def _best(work: Callable[[], object], device: torch.device) -> float:
    """Seconds of the quickest of some runs: a peak is what nothing disturbed."""

    def once() -> float:
        start = time.perf_counter()
        work()
        if device.type == "cuda":
            torch.cuda.synchronize()
        return time.perf_counter() - start

    once()
    return min(once() for _ in range(REPEATS))
