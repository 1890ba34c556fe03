"""The contract every generator of this project keeps."""

from typing import TYPE_CHECKING, Any, Literal

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
