"""The contract every generator of this project keeps."""

from typing import TYPE_CHECKING, Any, Literal, get_args

from pydantic import BaseModel
from torch import Tensor, nn

from models.mapping import Mapping

if TYPE_CHECKING:
    from models.fast.generator import FastGenerator
    from models.fast.precision import Precision

NoiseMode = Literal["const", "random", "none"]


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


def check_inputs(ws: Tensor, num_ws: int, noise_mode: str) -> None:
    """Raise ValueError for ws that are not [N, num_ws, w_dim], or a noise mode that is none."""
    if ws.ndim != 3 or ws.shape[1] != num_ws:
        raise ValueError(f"ws has the shape {list(ws.shape)}; this network takes [N, {num_ws}, w_dim]")
    if noise_mode not in get_args(NoiseMode):
        raise ValueError(f"there is no noise mode {noise_mode!r}; there are {', '.join(get_args(NoiseMode))}")
