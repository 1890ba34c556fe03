"""The synthesis network of one checkpoint on one device: a latent to a picture."""

import math
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from engine.dream.base import Floats, Pixels, parts_of
from engine.dream.bender import Bender, load_network
from engine.dream.bending import UNBENT, Bending

Precision = Literal["float32", "bfloat16"]
FAITHFUL_DB = 40.0  # bfloat16 is only used where its pictures are at least this close to float32
PROBES = 2
_CPU_BF16 = ("avx512_bf16", "amx_bf16", "bf16")


class Synthesizer:
    """Renders on the thread that made it. Stateless: the same ws give the same pixels."""

    def __init__(
        self,
        model: str | Path,
        device: str = "cpu",
        precision: Precision | None = None,
        bending: Bending = UNBENT,
    ) -> None:
        """Load `model`. `precision` left out: bfloat16 where the device is quick at it and the network bears it.

        Raises what `models.load` raises.
        """
        network = load_network(model, device, bending)
        self.device = torch.device(device)
        self._shape, self._num_ws = network.img_shape, network.num_ws
        self._bender = Bender(network, bending, device)
        self._synthesis: Any = network.synthesis.eval().requires_grad_(False).to(memory_format=torch.channels_last)
        self.precision: Precision = precision or self._choose_precision(network)
        self._use(self.precision)

    def render(self, message: Floats) -> Pixels | None:
        """A latent as `message_of` makes it -> RGBA [H, W, 4], row 0 at the top; None where the image holds NaN or
        infinity.
        """
        ws, controls = parts_of(message, self._num_ws)
        with torch.inference_mode():
            arguments = self._bender.arguments(controls)
            latent = torch.from_numpy(ws)[None].to(self.device)
            image = self._synthesis(latent, noise_mode="const", **arguments)[0]  # [C, H, W]
            return _rgba(image).cpu().numpy() if torch.isfinite(image).all() else None

    def describe(self) -> str:
        """Size and precision."""
        height, width = self._shape
        size = f"{width}²" if width == height else f"{width}×{height}"
        return f"{size}, {self.precision}"

    def _use(self, precision: Precision) -> None:
        if precision == "bfloat16":
            self._synthesis.compute_dtype = torch.bfloat16
        elif hasattr(self._synthesis, "compute_dtype"):
            self._synthesis.compute_dtype = torch.float32

    def _choose_precision(self, network: Any) -> Precision:
        """A question of hardware and network only, never of timing: the same machine shows the same pictures."""
        if not (hasattr(self._synthesis, "compute_dtype") and _is_quick_at_bfloat16(self.device)):
            return "float32"
        pictures: dict[Precision, list[Pixels | None]] = {}
        for precision in ("float32", "bfloat16"):
            self._use(precision)
            pictures[precision] = [self.render(ws) for ws in _some_latents(network)]
        pairs = zip(*pictures.values(), strict=True)
        return "bfloat16" if all(_is_faithful(exact, rounded) for exact, rounded in pairs) else "float32"


def psnr(a: Pixels, b: Pixels) -> float:
    """Peak signal-to-noise ratio of two RGBA pictures' colours in dB; infinite where they are equal."""
    error = float(np.square(a[..., :3].astype(np.float64) - b[..., :3]).mean())
    return 10 * math.log10(255**2 / error) if error else math.inf


def _rgba(image: Tensor) -> Tensor:
    """image [C, H, W] in about [-1, 1], C 3 or 1 -> uint8 [H, W, 4], opaque."""
    levels = (image * 127.5 + 128).clamp_(0, 255).to(torch.uint8)  # [C, H, W]
    opaque = levels.new_full((4, *image.shape[1:]), 255)
    opaque[:3] = levels
    return opaque.permute(1, 2, 0).contiguous()  # [H, W, 4]


def _is_quick_at_bfloat16(device: torch.device) -> bool:
    """Whether the device computes bfloat16 in hardware."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    look = getattr(torch.cpu, "get_capabilities", dict)  # younger than the oldest torch we allow
    capabilities: dict[str, Any] = look()
    return any(capabilities.get(name, False) for name in _CPU_BF16)


def _is_faithful(exact: Pixels | None, rounded: Pixels | None) -> bool:
    return exact is not None and rounded is not None and psnr(exact, rounded) >= FAITHFUL_DB


def _some_latents(network: Any) -> Floats:
    """ws [PROBES, num_ws, w_dim] of untruncated pictures: harder to round than the average."""
    z = torch.randn(PROBES, network.z_dim, generator=torch.Generator().manual_seed(0))
    label = torch.eye(network.c_dim)[:1].expand(PROBES, -1) if network.c_dim else None
    with torch.inference_mode():
        ws: Floats = network.mapping.eval().cpu()(z, label).float().numpy()
    return ws
