"""A generator with the exact one's methods, in real time."""

import copy
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from models import stylegan2, stylegan3
from models.base import GeneratorBase, Noise, NoiseMode, check_latents
from models.edits import Blend, Edits
from models.fast.drawing import Drawing
from models.fast.graph import Replay, pixels_of
from models.fast.precision import Precision, choose, dtype_of, name_of
from models.fast.stylegan2 import StyleGAN2Drawing
from models.fast.stylegan3 import StyleGAN3Drawing
from models.memory import keep_freed_memory, return_freed_memory

KINDS: dict[type[nn.Module], type[Drawing]] = {
    stylegan2.Synthesis: StyleGAN2Drawing,
    stylegan3.Synthesis: StyleGAN3Drawing,
}


class FastSynthesis:
    """Called like the exact synthesis, from one thread at a time."""

    def __init__(self, drawing: Drawing, exact: nn.Module | None) -> None:
        """`exact` is the synthesis to be blended with others, if it is to be."""
        self.img_shape, self.layer_names = drawing.img_shape, drawing.layer_names
        self._drawing = drawing
        self._own: Any = exact
        self._blended: tuple[Blend, Drawing] | None = None
        self._replay = Replay(drawing.draw)
        self._settled = False

    def __call__(
        self,
        ws: Tensor,
        noise_mode: NoiseMode = "const",
        *,
        edits: Edits | None = None,
        transform: Tensor | None = None,
        noise_weights: Tensor | None = None,
    ) -> Tensor:
        """ws [N, num_ws, w_dim] -> float32 image [N, img_channels, H, W], about [-1, 1] and not clipped.

        `noise_weights` change nothing where there is no noise. Raises ValueError for `edits` of what is not there, a
        blend without `blendable`, a transform of StyleGAN2.
        """
        with torch.inference_mode():
            transforms = [transform] * len(ws) if transform is None or transform.ndim == 2 else list(transform)
            pairs = zip(ws, transforms, strict=True)
            noise = _noise(ws, noise_mode, noise_weights)
            images = [self._draw(w, noise, edits, own).clone() for w, own in pairs]
        return torch.stack(images)  # out here it is a tensor like any other, which may be changed in place

    def rgba(self, ws: Tensor, **arguments: Any) -> Tensor | None:
        """ws [num_ws, w_dim] -> uint8 [H, W, 4] on the device, row 0 at the top; None where the image holds NaN or
        infinity. `arguments` as above.
        """
        with torch.inference_mode():
            pixels, finite = self._pixels(ws, **arguments)
            return pixels if bool(finite) else None

    def _draw(self, ws: Tensor, noise: Noise, edits: Edits | None, transform: Tensor | None) -> Tensor:
        self._begin(ws)
        return self._edited(ws, noise, edits, transform) if edits else self._replay.image(ws, noise, transform)

    def _pixels(
        self,
        ws: Tensor,
        noise_mode: NoiseMode = "const",
        edits: Edits | None = None,
        transform: Tensor | None = None,
        noise_weights: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        self._begin(ws)
        noise = _noise(ws, noise_mode, noise_weights)
        if edits:
            return pixels_of(self._edited(ws, noise, edits, transform))
        return self._replay.pixels(ws, noise, transform)

    def _begin(self, ws: Tensor) -> None:
        check_latents(ws[None], self._drawing.num_ws)
        if not self._settled:  # by now what was only needed to load and prepare is gone
            self._settled = True
            keep_freed_memory()

    def _edited(self, ws: Tensor, noise: Noise, edits: Edits, transform: Tensor | None) -> Tensor:
        edits.check(self.layer_names)
        drawing = self._drawing if edits.blend is None else self._blend(edits.blend)
        return drawing.draw(ws, noise, replace(edits, blend=None) or None, transform)

    def _blend(self, blend: Blend) -> Drawing:
        """The two networks' mixture, prepared when its amount changes."""
        if self._own is None:
            raise ValueError("this network was not prepared for blending; use fast(blendable=True)")
        if self._blended is None or self._blended[0] is not blend:
            mixed = _sharing_copy(self._own)
            mixed.load_state_dict(blend.weights(self._own), strict=False, assign=True)
            self._blended = blend, type(self._drawing).prepared(mixed, self._drawing.dtype)
        return self._blended[1]


class FastGenerator:
    """The exact generator's attributes and mapping, and a fast synthesis, as the weights are now. `precision` is what
    convolutions run in.

    Tensors that serve as they are, those of the mapping and the styles, are shared with a frozen network, as
    `models.load` gives it: change neither afterwards. One that is being trained is copied. From the first picture on
    the process keeps the memory it frees, see models/memory.py.
    """

    def __init__(self, exact: GeneratorBase, precision: Precision | None = None, blendable: bool = False) -> None:
        """`precision` None chooses by device, and by whether the network bears it: see `precision.choose`.

        `blendable` keeps the exact synthesis, so that edits may blend it with another. Raises ValueError where there is
        no fast path for the architecture, or no such precision.
        """
        return_freed_memory()
        kind = _kind(exact.synthesis)
        if any(parameter.requires_grad for parameter in exact.parameters()):
            exact = copy.deepcopy(exact).requires_grad_(False)
        self.config = exact.config
        self.z_dim, self.c_dim, self.w_dim, self.num_ws = exact.z_dim, exact.c_dim, exact.w_dim, exact.num_ws
        self.img_resolution, self.img_channels = exact.img_resolution, exact.img_channels
        self.img_shape = exact.img_shape
        self.mapping = exact.mapping
        with torch.inference_mode():
            wished = None if precision is None else dtype_of(precision)
            drawing = choose(exact, kind) if wished is None else kind.prepared(exact.synthesis, wished)
        self.precision: Precision = name_of(drawing.dtype)
        self.synthesis = FastSynthesis(drawing, exact.synthesis if blendable else None)

    def __call__(
        self,
        z: Tensor,
        c: Tensor | None = None,
        truncation_psi: float = 1.0,
        truncation_cutoff: int | None = None,
        **synthesis: Any,
    ) -> Tensor:
        """z [N, z_dim] -> float32 image [N, img_channels, H, W]; further arguments go to synthesis."""
        return self.synthesis(self.mapping(z, c, truncation_psi, truncation_cutoff), **synthesis)


def _kind(synthesis: nn.Module) -> type[Drawing]:
    """How an architecture is drawn fast. Raises ValueError where it is not."""
    if type(synthesis) not in KINDS:
        raise ValueError(f"there is no fast path for {type(synthesis).__module__}; use the exact network")
    return KINDS[type(synthesis)]


def _noise(ws: Tensor, mode: NoiseMode, weights: Tensor | None) -> Noise:
    """On the device of ws."""
    return Noise(mode, None if weights is None else weights.to(ws.device, torch.float32))


def _sharing_copy(module: nn.Module) -> nn.Module:
    """A copy of the structure over the same tensors."""
    tensors = [*module.parameters(), *module.buffers()]
    return copy.deepcopy(module, {id(tensor): tensor for tensor in tensors})
