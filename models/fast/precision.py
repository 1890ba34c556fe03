"""Which number type a network's convolutions run in.

A question of hardware and network only, never of timing: the same machine always shows the same pictures.
"""

import math
from typing import Literal, get_args

import torch
from torch import Tensor

from models.base import GeneratorBase, Noise
from models.device import cpu_computes
from models.fast.drawing import Drawing

Precision = Literal["float32", "bfloat16", "float16"]
FAITHFUL_DB = 40.0  # a shorter type is only used where its pictures are at least this close to the exact ones
_CPU_BF16 = ("avx512_bf16", "amx_bf16", "bf16")


def choose(exact: GeneratorBase, kind: type[Drawing]) -> Drawing:
    """The exact synthesis prepared in the shortest type the device is quick at and the network bears.

    An untruncated picture is compared, which is harder to round than the average; with that in float32, which is the
    exact network's and comes sooner.
    """
    short = quick_precision(exact.mapping.w_avg.device)
    if short != "float32":
        ws = probe_latent(exact)
        expected = kind.draw_once(exact.synthesis, torch.float32, ws)  # first: memory is fullest here
        drawing = kind.prepared(exact.synthesis, dtype_of(short))
        if psnr(expected, drawing.draw(ws, Noise(), None, None)) >= FAITHFUL_DB:
            return drawing
        del drawing
    return kind.prepared(exact.synthesis, torch.float32)


def quick_precision(device: torch.device) -> Precision:
    """The type the device computes fastest in hardware."""
    if device.type == "cuda":
        return "bfloat16" if torch.cuda.is_bf16_supported(including_emulation=False) else "float16"
    return "bfloat16" if cpu_computes(*_CPU_BF16) else "float32"


def dtype_of(precision: Precision) -> torch.dtype:
    """The torch type of a precision. Raises ValueError where there is none of that name."""
    if precision not in get_args(Precision):
        raise ValueError(f"there is no precision {precision!r}; use {', '.join(get_args(Precision))}")
    dtype = getattr(torch, precision)
    assert isinstance(dtype, torch.dtype)
    return dtype


def name_of(dtype: torch.dtype) -> Precision:
    """The precision that `dtype_of` turns into this type."""
    return next(name for name in get_args(Precision) if dtype_of(name) == dtype)


def psnr(exact: Tensor, other: Tensor) -> float:
    """Peak signal-to-noise ratio in dB of images clipped to [-1, 1]; infinite where equal, NaN where one is."""
    error = float((exact.clamp(-1, 1).double() - other.clamp(-1, 1).double()).square().mean())
    return 10 * math.log10(4 / error) if error else math.inf


def probe_latent(exact: GeneratorBase) -> Tensor:
    """ws [num_ws, w_dim] of a seeded, untruncated picture."""
    z = torch.randn(1, exact.z_dim, generator=torch.Generator().manual_seed(0))
    label = torch.eye(exact.c_dim)[:1] if exact.c_dim else None
    device = exact.mapping.w_avg.device
    ws = exact.mapping(z.to(device), None if label is None else label.to(device))
    assert isinstance(ws, Tensor)
    return ws[0]
