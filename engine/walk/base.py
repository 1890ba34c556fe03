"""The contract of a walk: where in latent space the work is, and how it moves on."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import annotated_types
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict
from pydantic.fields import FieldInfo

from engine.params import Parameter, Value

Floats = NDArray[np.float32]
Lookup = Callable[[str], Value]
ROOT = "/walk"


@dataclass(frozen=True, slots=True, eq=False)
class Latent:
    """One point of the walk: ws [num_ws, w_dim] float32, a w for each layer of the generator, truncated already."""

    ws: Floats


class LatentMapping(Protocol):
    """The generator's mapping network, as a walk sees it. `w_avg` is [w_dim]."""

    z_dim: int
    w_dim: int
    num_ws: int
    w_avg: Floats

    def __call__(self, z: Floats) -> Floats:
        """z [N, z_dim] -> w [N, w_dim], not truncated."""
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

    @abstractmethod
    def __init__(self, config: Any, mapping: LatentMapping, seed: int) -> None:
        """`config` is an instance of the walk's own Config."""

    @classmethod
    def parameters(cls, config: WalkConfig) -> list[Parameter]:
        """What the artist may tune, at the show's values: each number of the config, `speed` at /walk/speed."""
        fields = type(config).model_fields
        values = {name: getattr(config, name) for name in fields}
        return [_parameter(name, fields[name], value) for name, value in values.items() if type(value) in (int, float)]

    @abstractmethod
    def advance(self, dt: float, lookup: Lookup) -> Latent:
        """Move on by `dt` seconds, 0 or more, and say where that is. `lookup` gives a parameter's effective value."""

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


def _parameter(name: str, field: FieldInfo, value: float) -> Parameter:
    extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
    return Parameter(
        address=f"{ROOT}/{name}",
        type="float",
        default=value,
        minimum=_bound(field, annotated_types.Ge, "ge"),
        maximum=_bound(field, annotated_types.Le, "le"),
        unit=str(extra.get("unit", "")),
        label=field.title or name.replace("_", " "),
        help=field.description or "",
    )


def _bound(field: FieldInfo, kind: type, attribute: str) -> float | None:
    return next((float(getattr(m, attribute)) for m in field.metadata if isinstance(m, kind)), None)
