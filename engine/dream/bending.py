"""What a show does to its network, as plain data that can be sent to a worker."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Bend:
    """One layer to be bent. `channels` None means all; `cluster` (which, of how many), counted from 1, wins over it."""

    name: str
    layer: str
    channels: tuple[int, ...] | None = None
    cluster: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class BlendWith:
    """Another network, by path or built-in name, and the layers it may replace."""

    model: str
    first: str | None = None
    last: str | None = None


@dataclass(frozen=True, slots=True)
class Bending:
    """The part that stands still while a show runs. `canvas` is height and width.

    `controls` names the numbers that come with each latent, in their order: camera/zoom, noise/turn_0,
    bend/NAME/rotate, blend/amount.
    """

    canvas: tuple[int, int] | None = None
    extend: Literal["mirror", "tile", "stretch"] = "mirror"
    bends: tuple[Bend, ...] = ()
    blend: BlendWith | None = None
    controls: tuple[str, ...] = ()


UNBENT = Bending()
