"""Edits of a network's inner layers while it draws: network bending and blending.

After Broad, Leymarie and Grierson, "Network Bending" (2021), and Pinkney and Adler, "Resolution Dependent GAN
Interpolation" (2020). Every number may move continuously and the picture follows continuously: a flip is a cross-fade
with the mirrored features, and the threshold lets go of a value by and by instead of switching it.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional as F


@dataclass(frozen=True, slots=True)
class LayerEdit:
    """What is done to the features of one layer, after its activation, in the order of the fields.

    `channels` are the feature maps it is done to, None all of them. `scale` enlarges them about the picture's middle,
    `rotate` turns them counter-clockwise in degrees, `translate` shifts them right and up in picture widths and
    heights; what lies beyond the border is mirrored in. `flip` mixes in the features mirrored horizontally and
    vertically: 0 as they are, 0.5 symmetric, 1 mirrored. Values of a size below `threshold` become 0, those well above
    it stay. `gain` multiplies, 0 switches off. `noise` multiplies the noise of the whole layer, whatever `channels`
    says. `amount` mixes all this with the unedited layer. Raises ValueError for what cannot be done.
    """

    layer: str
    channels: tuple[int, ...] | None = None
    scale: float = 1.0
    rotate: float = 0.0
    translate: tuple[float, float] = (0.0, 0.0)
    flip: tuple[float, float] = (0.0, 0.0)
    threshold: float = 0.0
    gain: float = 1.0
    noise: float = 1.0
    amount: float = 1.0

    def __post_init__(self) -> None:
        numbers = (self.scale, self.rotate, *self.translate, *self.flip, self.threshold, self.gain, self.noise)
        if not all(map(math.isfinite, (*numbers, self.amount))):
            raise ValueError(f"the edit of layer {self.layer} holds a number that is not finite")
        if self.scale <= 0:
            raise ValueError(f"the edit of layer {self.layer} scales by {self.scale:g}; give a number above 0")
        if self.channels is not None and min(self.channels, default=0) < 0:
            raise ValueError(f"the edit of layer {self.layer} names channel {min(self.channels)}; they count from 0")

    @property
    def moves(self) -> bool:
        """Whether features change their place."""
        return self.scale != 1.0 or self.rotate % 360.0 != 0.0 or self.translate != (0.0, 0.0)

    @property
    def changes_features(self) -> bool:
        """Whether `apply` has anything to do."""
        changes = self.moves or self.flip != (0.0, 0.0) or self.threshold > 0.0 or self.gain != 1.0
        return changes and self.amount != 0.0 and self.channels != ()

    @property
    def noise_gain(self) -> float:
        """`noise` with `amount` taken into account."""
        return 1.0 + self.amount * (self.noise - 1.0)

    def apply(self, x: Tensor, margin: int = 0) -> Tensor:
        """Features [N, C, H, W] edited, as a new tensor of the same type and memory format.

        `margin` is the number of cells on each side that lie outside the picture. Raises ValueError for a channel that
        is not there.
        """
        if self.channels is None:
            return self._edited(x, margin)
        if max(self.channels) >= x.shape[1]:
            raise ValueError(
                f"the edit of layer {self.layer} names channel {max(self.channels)}; it has 0 to {x.shape[1] - 1}"
            )
        index = torch.tensor(self.channels, device=x.device)
        y = x.clone()
        y[:, index] = self._edited(x[:, index], margin)
        return y

    def _edited(self, x: Tensor, margin: int) -> Tensor:
        y = self._moved(x, margin) if self.moves else x
        for dim, share in zip((3, 2), self.flip, strict=True):
            if share != 0.0:
                y = y.lerp(y.flip(dim), share)
        if self.threshold > 0.0:
            y = _shrunk(y, self.threshold)
        if self.gain != 1.0:
            y = y * self.gain
        return y if self.amount == 1.0 else x.lerp(y, self.amount)

    def _moved(self, x: Tensor, margin: int) -> Tensor:
        height, width = x.shape[2:]
        cos = math.cos(math.radians(self.rotate)) / self.scale
        sin = math.sin(math.radians(self.rotate)) / self.scale
        right = self.translate[0] * 2.0 * (width - 2 * margin) / width  # in halves of the whole map
        down = -self.translate[1] * 2.0 * (height - 2 * margin) / height
        inverse = torch.tensor(  # where in x each place of the result comes from
            [[cos, -sin * height / width], [sin * width / height, cos]], dtype=torch.float64
        )
        shift = -inverse @ torch.tensor([[right], [down]], dtype=torch.float64)
        theta = torch.cat([inverse, shift], dim=1).to(device=x.device, dtype=torch.float32)  # [2, 3]
        grid = F.affine_grid(theta[None], [1, 1, height, width], align_corners=False).expand(x.shape[0], -1, -1, -1)
        moved = F.grid_sample(x.float(), grid, padding_mode="reflection", align_corners=False)
        return moved.to(x.dtype).contiguous(memory_format=_memory_format(x))


class Bendable(Protocol):
    """What a synthesis network must have to be edited.

    `layer_names` are the layers as artists know them, in order; `layer_paths` their modules in the state dict.
    """

    layer_names: list[str]
    layer_paths: list[str]

    def state_dict(self) -> dict[str, Tensor]: ...


@dataclass(frozen=True, eq=False)
class Blend:
    """A network's layers moved towards another's of the same shape: weights, biases and noise are interpolated.

    `other` is the other network's synthesis. `amount` 0 is the own network, 1 the other, in the layers from `first` to
    `last`, both included; None means from the first, to the last. The weights are computed once for each Blend, so keep
    one while nothing changes. Raises ValueError for an amount that is not finite.
    """

    other: nn.Module
    amount: float = 1.0
    first: str | None = None
    last: str | None = None
    _kept: dict[str, Tensor] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        if not math.isfinite(self.amount):
            raise ValueError(f"the blend's amount is {self.amount:g}; give a finite number")

    def weights(self, own: "Bendable") -> dict[str, Tensor]:
        """The blended tensors of `own` by their names in its state dict; those that stay as they are left out.

        `own` is the same network on every call. Raises ValueError where the two networks differ in shape.
        """
        if not self._kept:
            self._kept.update(self._blended(own))
        return self._kept

    @torch.inference_mode(False)  # they are kept, and may be differentiated through after a first use in inference
    def _blended(self, own: "Bendable") -> dict[str, Tensor]:
        mine, theirs = own.state_dict(), self.other.state_dict()
        for name in mine.keys() | theirs.keys():
            if name not in mine or name not in theirs or mine[name].shape != theirs[name].shape:
                raise ValueError(f"the two networks to blend differ in shape: {name}; blend networks of one family")
        names = own.layer_names
        first = 0 if self.first is None else names.index(self.first)
        last = len(names) - 1 if self.last is None else names.index(self.last)
        places = layer_places(mine, own.layer_paths)
        chosen = [name for name, place in places.items() if first <= place <= last]
        return {name: mine[name].lerp(theirs[name], self.amount) for name in chosen}


@dataclass(frozen=True, slots=True)
class Edits:
    """All edits of one picture. False where nothing is changed."""

    layers: tuple[LayerEdit, ...] = ()
    blend: Blend | None = None

    def __bool__(self) -> bool:
        changed = any(edit.changes_features or edit.noise_gain != 1.0 for edit in self.layers)
        return changed or (self.blend is not None and self.blend.amount != 0.0)

    def check(self, layer_names: Sequence[str]) -> None:
        """Raise ValueError for an edit of a layer that is not among these."""
        for edit in self.layers:
            _check_layer(edit.layer, layer_names)
        for name in (self.blend.first, self.blend.last) if self.blend else ():
            if name is not None:
                _check_layer(name, layer_names)

    def for_layer(self, name: str) -> tuple[LayerEdit, ...]:
        """The edits that change the features of one layer."""
        return tuple(edit for edit in self.layers if edit.layer == name and edit.changes_features)

    def noise(self, name: str) -> float:
        """What the noise of one layer is multiplied by."""
        return math.prod(edit.noise_gain for edit in self.layers if edit.layer == name)

    def apply(self, name: str, x: Tensor, margin: int = 0) -> Tensor:
        """Features x [N, C, H, W] of one layer, edited; x itself where nothing is done to it. See LayerEdit.apply."""
        for edit in self.for_layer(name):
            x = edit.apply(x, margin)
        return x


def layer_places(tensors: Iterable[str], layer_paths: Sequence[str]) -> dict[str, int]:
    """Which layer each tensor belongs to, given the names in their order: what no layer owns, such as a constant or a
    ToRGB, goes with the layer before it, and before the first layer with the first.
    """
    starts = {f"{path}.": place for place, path in enumerate(layer_paths)}
    places: dict[str, int] = {}
    now = 0
    for name in tensors:
        now = next((place for start, place in starts.items() if name.startswith(start)), now)
        places[name] = now
    return places


def _shrunk(x: Tensor, threshold: float) -> Tensor:
    """The non-negative garrote: x (1 - (threshold / x)²) above the threshold, 0 below; continuous in both."""
    number = torch.finfo(x.dtype)
    limit = x.new_tensor(min(max(threshold, number.tiny), number.max))
    share = limit / torch.maximum(x.abs(), limit)  # 0 to 1; the square of x itself may be too much for float16
    return x * (1 - share.square())


def _memory_format(x: Tensor) -> torch.memory_format:
    channels_last = x.is_contiguous(memory_format=torch.channels_last)
    return torch.channels_last if channels_last and not x.is_contiguous() else torch.contiguous_format


def _check_layer(name: str, layer_names: Sequence[str]) -> None:
    if name not in layer_names:
        raise ValueError(f"there is no layer {name}; this network has {', '.join(layer_names)}")
