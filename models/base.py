"""The contract every generator of this project keeps."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

import torch
from pydantic import BaseModel
from torch import Tensor, nn

from models.mapping import Mapping
from models.noise import FIELDS

if TYPE_CHECKING:
    from models.fast.generator import FastGenerator
    from models.fast.precision import Precision

NoiseMode = Literal["const", "random", "none"]


@dataclass(frozen=True, slots=True, eq=False)
class Noise:
    """The noise of one call of a synthesis network.

    `const` noise is each layer's own field, or, with `weights` [FIELDS], a mixture of its fields, see noise.py;
    `generator` gives the numbers of `random` noise, None: torch's own. Raises ValueError for a mode that is none and
    for weights of another shape.
    """

    mode: NoiseMode = "const"
    weights: Tensor | None = None
    generator: torch.Generator | None = None

    def __post_init__(self) -> None:
        if self.mode not in get_args(NoiseMode):
            raise ValueError(f"there is no noise mode {self.mode!r}; there are {', '.join(get_args(NoiseMode))}")
        if self.weights is not None and self.weights.shape != (FIELDS,):
            raise ValueError(f"noise_weights has the shape {list(self.weights.shape)}; a layer has [{FIELDS}] fields")


class GeneratorBase(nn.Module):
    """Mapping and synthesis, exact in float32.

    `mapping(z [N, z_dim], c [N, c_dim] or None, truncation_psi, truncation_cutoff) -> ws [N, num_ws, w_dim]`
    `synthesis(ws, noise_mode="const") -> float32 image [N, img_channels, H, W]`, about [-1, 1] and not clipped.
    """

    config: BaseModel
    z_dim: int
    c_dim: int
    w_dim: int
    num_ws: int
    img_resolution: int
    img_shape: tuple[int, int]  # height and width of the picture
    img_channels: int
    mapping: Mapping
    synthesis: nn.Module

    def forward(
        self,
        z: Tensor,
        c: Tensor | None = None,
        truncation_psi: float = 1.0,
        truncation_cutoff: int | None = None,
        **synthesis: Any,
    ) -> Tensor:
        """z [N, z_dim] -> float32 image [N, img_channels, H, W]; further arguments go to synthesis."""
        ws = self.mapping(z, c, truncation_psi, truncation_cutoff)
        return self.synthesis(ws, **synthesis)  # type: ignore[no-any-return]

    def fast(self, precision: "Precision | None" = None, blendable: bool = False) -> "FastGenerator":
        """The same generator for real time: see `models.fast.generator.FastGenerator`. Raises ValueError where its
        architecture has none.
        """
        from models.fast.generator import FastGenerator

        return FastGenerator(self, precision, blendable)


def check_latents(ws: Tensor, num_ws: int) -> None:
    """Raise ValueError for ws that are not [N, num_ws, w_dim]."""
    if ws.ndim != 3 or ws.shape[1] != num_ws:
        raise ValueError(f"ws has the shape {list(ws.shape)}; this network takes [N, {num_ws}, w_dim]")
