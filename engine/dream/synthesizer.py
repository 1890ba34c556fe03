"""The synthesis network of one checkpoint on one device: a latent to a picture."""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from engine.dream.base import Floats, Pixels, parts_of
from engine.dream.bender import Bender, load_network
from engine.dream.bending import UNBENT, Bending
from models.fast.picture import to_rgba
from models.fast.precision import Precision


class Synthesizer:
    """Renders on the thread that made it. Stateless: the same ws give the same pixels."""

    def __init__(
        self,
        model: str | Path,
        device: str = "cpu",
        precision: Precision | None = None,
        bending: Bending = UNBENT,
    ) -> None:
        """Load `model` and prepare it for real time. `precision` left out: what the device is quick at and the network
        bears. An architecture of somebody else's without a fast path draws as it is.

        Raises what `models.load` raises.
        """
        network = load_network(model, device, bending)
        self.device = torch.device(device)
        self._shape, self._num_ws = network.img_shape, network.num_ws
        self._bender = Bender(network, bending, device)
        self.precision: Precision = "float32"
        self._synthesis: Any = network.synthesis
        if hasattr(network, "fast"):
            fast = network.fast(precision, blendable=bending.blend is not None)
            self.precision, self._synthesis = fast.precision, fast.synthesis

    def render(self, message: Floats) -> Pixels | None:
        """A latent as `message_of` makes it -> RGBA [H, W, 4], row 0 at the top; None where the image holds NaN or
        infinity.
        """
        ws, controls = parts_of(message, self._num_ws)
        with torch.inference_mode():
            rgba = self._rgba(torch.from_numpy(ws).to(self.device), self._bender.arguments(controls))
            return None if rgba is None else rgba.cpu().numpy()

    def describe(self) -> str:
        """Size and precision."""
        height, width = self._shape
        size = f"{width}²" if width == height else f"{width}×{height}"
        return f"{size}, {self.precision}"

    def _rgba(self, ws: Tensor, arguments: dict[str, Any]) -> Tensor | None:
        if hasattr(self._synthesis, "rgba"):
            return self._synthesis.rgba(ws, **arguments)  # type: ignore[no-any-return]
        image = self._synthesis(ws[None], **arguments)[0]  # [C, H, W]
        return to_rgba(image) if bool(image.isfinite().all()) else None
