"""The contract of a walk: where in latent space the work is, and how it moves on."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from engine.declare import declared
from engine.params import Parameter, Value

Floats = NDArray[np.float32]
Lookup = Callable[[str], Value]
ROOT = "/walk"
NOTHING: Floats = np.empty(0, np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Latent:
    """One point of the walk: ws [num_ws, w_dim] float32, a w for each layer of the generator, truncated already.

    `controls` [n] float32 are the network's live numbers, see controls.py; a walk leaves them out.
    """

    ws: Floats
    controls: Floats = field(default_factory=lambda: NOTHING)


class LatentMapping(Protocol):
    """The generator's mapping network, as a walk sees it. `w_avg` is [w_dim]."""

    z_dim: int
    w_dim: int
    num_ws: int
    w_avg: Floats

    def __call__(self, z: Floats) -> Floats:
        """z [N, z_dim] -> w [N, w_dim], not truncated."""
        ...


@runtime_checkable
class DrawingMapping(LatentMapping, Protocol):
    """One that also draws: what a walk with `draws` is given where the network's architecture can."""

    def draw(self, ws: Floats) -> Floats:
        """ws [N, num_ws, w_dim] -> small pictures [N, C, H, W], 0 to 1, display-referred. Slow; any thread."""
        ...


class WalkConfig(BaseModel):
    """What the show file says of the walk; every walk narrows `type` to a literal of its own.

    Each number is also a parameter: its bounds, description and `json_schema_extra={"unit": …}` are the slider's.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    type: str


class Walk(ABC):
    """A deterministic, continuous path: the same seed, steps and parameters give the same latents.

    Any parameter may change at any moment and its effect may set in quickly, but the position never jumps. Display
    thread only.
    """

    Config: ClassVar[type[WalkConfig]]
    draws: ClassVar[bool] = False
    """Whether it wants a DrawingMapping."""

    @abstractmethod
    def __init__(self, config: Any, mapping: LatentMapping, seed: int) -> None:
        """`config` is an instance of the walk's own Config."""

    @classmethod
    def parameters(cls, config: WalkConfig) -> list[Parameter]:
        """What the artist may tune, at the show's values: each number of the config, `speed` at /walk/speed."""
        return declared(config, ROOT)

    @abstractmethod
    def advance(self, dt: float, lookup: Lookup) -> Latent:
        """Move on by `dt` seconds, 0 or more, and say where that is. `lookup` gives a parameter's effective value."""

    @property
    def phase(self) -> str:
        """The part of its way it is in since the last `advance`, such as hold or passage; "" where it has no parts."""
        return ""

    def start(self) -> None:  # noqa: B027 - most walks begin nothing
        """Be live from now on: `advance` takes no time worth mentioning, and leaves what is slow to a thread.

        Without it `advance` works out what it needs at once, and the walk is the same in every run.
        """

    def close(self) -> None:  # noqa: B027
        """End what `start` began. Safe to call twice, and without start."""

    @abstractmethod
    def state(self) -> dict[str, float]:
        """What `restore` needs to go on from here after a restart with the same config, network and seed."""

    @abstractmethod
    def restore(self, state: Mapping[str, float]) -> None:
        """Go back to a `state()`. Raises KeyError or ValueError where it is not one of this walk's."""


def number(lookup: Lookup, name: str) -> float:
    """The effective value of the numeric parameter /walk/`name`."""
    value = lookup(f"{ROOT}/{name}")
    assert isinstance(value, int | float)
    return float(value)
