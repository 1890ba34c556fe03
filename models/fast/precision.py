"""Which number type a network's convolutions run in.

A question of hardware and network only, never of timing: the same machine always shows the same pictures.
"""

import math
from collections.abc import Callable
from typing import Any, Literal, Protocol, get_args

import torch
from torch import Tensor

from models.base import GeneratorBase, NoiseMode
from models.edits import Edits

Precision = Literal["float32", "bfloat16", "float16"]
FAITHFUL_DB = 40.0  # a shorter type is only used where its pictures are at least this close to the exact ones
PROBES = 2
_CPU_BF16 = ("avx512_bf16", "amx_bf16", "bf16")


class Drawing(Protocol):
    """A synthesis network prepared for one device and type, without state: the same ws give the same picture."""

    img_shape: tuple[int, int]
    layer_names: list[str]
    num_ws: int

    def draw(self, ws: Tensor, noise_mode: NoiseMode, edits: Edits | None, transform: Tensor | None) -> Tensor:
        """ws [num_ws, w_dim] -> float32 image [img_channels, H, W]; the caller's to keep until the next call."""
        ...


def choose_precision(exact: GeneratorBase, prepare: Callable[[Precision], Drawing]) -> tuple[Precision, Drawing]:
    """The shortest type the device is quick at and the network bears, and the synthesis prepared for it.

    Untruncated pictures are compared, which are harder to round than the average; with those in float32, which are the
    exact network's and come sooner.
    """
    short = quick_precision(exact.mapping.w_avg.device)
    full = prepare("float32")
    if short == "float32":
        return short, full
    pairs = [(ws, full.draw(ws, "const", None, None).clone()) for ws in probe_latents(exact)]
    del full  # never two at once beside the exact network: memory is fullest here
    drawing = prepare(short)
    if all(psnr(img, drawing.draw(ws, "const", None, None)) >= FAITHFUL_DB for ws, img in pairs):
        return short, drawing
    del drawing
    return "float32", prepare("float32")


def quick_precision(device: torch.device) -> Precision:
    """The type the device computes fastest in hardware."""
    if device.type == "cuda":
        return "bfloat16" if torch.cuda.is_bf16_supported(including_emulation=False) else "float16"
    look = getattr(torch.cpu, "get_capabilities", dict)  # younger than the oldest torch we allow
    capabilities: dict[str, Any] = look()
    return "bfloat16" if any(capabilities.get(name, False) for name in _CPU_BF16) else "float32"


def dtype_of(precision: Precision) -> torch.dtype:
    """The torch type of a precision. Raises ValueError where there is none of that name."""
    if precision not in get_args(Precision):
        raise ValueError(f"there is no precision {precision!r}; use {', '.join(get_args(Precision))}")
    dtype = getattr(torch, precision)
    assert isinstance(dtype, torch.dtype)
    return dtype


def psnr(exact: Tensor, other: Tensor) -> float:
    """Peak signal-to-noise ratio in dB of images clipped to [-1, 1]; infinite where equal, NaN where one is."""
    error = float((exact.clamp(-1, 1).double() - other.clamp(-1, 1).double()).square().mean())
    return 10 * math.log10(4 / error) if error else math.inf


def probe_latents(exact: GeneratorBase) -> Tensor:
    """ws [PROBES, num_ws, w_dim] of seeded, untruncated pictures."""
    z = torch.randn(PROBES, exact.z_dim, generator=torch.Generator().manual_seed(0))
    label = torch.eye(exact.c_dim)[:1].expand(PROBES, -1) if exact.c_dim else None
    device = exact.mapping.w_avg.device
    ws = exact.mapping(z.to(device), None if label is None else label.to(device))
    assert isinstance(ws, Tensor)
    return ws
