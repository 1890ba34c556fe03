"""What an ISF shader says of itself, as typed data; header.py reads it from a file."""

import reprlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.errors import ReverieError
from engine.params import Parameter, ParameterType, Value
from engine.render.expressions import Expression

BUILT_INS = ("PASSINDEX", "RENDERSIZE", "TIME", "TIMEDELTA", "DATE", "FRAMEINDEX")
IMAGE_TYPES = ("image", "audio", "audioFFT")
PARAMETER_TYPES: dict[str, ParameterType] = {
    "float": "float", "bool": "bool", "long": "int", "color": "colour", "point2D": "vec2", "event": "trigger",
}  # fmt: skip
INPUT_TYPES = (*PARAMETER_TYPES, *IMAGE_TYPES)

Sources = tuple[str, str | None]
"""The texts of a `.fs` file and of the `.vs` file beside it."""


_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = 60


class IsfError(ReverieError):
    """What is wrong with a shader file, with file and line."""


def shown(value: object) -> str:
    """A value of a header as messages show it, shortened: a file may hold a megabyte of it."""
    return _SHORT.repr(value)


@dataclass(frozen=True, slots=True)
class Input:
    """One entry of INPUTS. `minimum` and `maximum` bound each component; `values` and `labels` belong to a `long`."""

    name: str
    type: str
    label: str = ""
    help: str = ""
    default: Value = 0.0
    minimum: float | None = None
    maximum: float | None = None
    values: tuple[int, ...] = ()
    labels: tuple[str, ...] = ()

    @property
    def is_image(self) -> bool:
        """Whether the shader samples it instead of reading a value."""
        return self.type in IMAGE_TYPES

    def parameter(self, prefix: str) -> Parameter:
        """The parameter this input becomes, below `prefix`."""
        address = f"{prefix}/{self.name}"
        if self.labels:
            default = self.labels[self.values.index(int(self._number()))]
            return Parameter(address, "choice", default, choices=self.labels, label=self.label, help=self.help)
        bounds = (self.minimum, self.maximum)
        return Parameter(address, PARAMETER_TYPES[self.type], self.default, *bounds, label=self.label, help=self.help)

    def uniform(self, value: Value) -> Value:
        """What the shader reads for a parameter's value: a label becomes its number."""
        return self.values[self.labels.index(value)] if isinstance(value, str) else value

    def _number(self) -> float:
        assert isinstance(self.default, int | float)
        return self.default


@dataclass(frozen=True, slots=True)
class PassSpec:
    """One entry of PASSES. Without a size expression a pass is as large as the picture."""

    target: str | None = None
    persistent: bool = False
    float32: bool = False
    width: Expression | None = None
    height: Expression | None = None


@dataclass(frozen=True, slots=True)
class Shader:
    """One parsed file. `body` is its GLSL and starts on line `body_line` of the file; `sources` are the whole texts."""

    path: Path
    description: str
    inputs: tuple[Input, ...]
    passes: tuple[PassSpec, ...]
    imported: Mapping[str, Path]
    body: str
    body_line: int
    sources: Sources

    @property
    def vertex(self) -> str | None:
        """The vertex shader, where the artist wrote one."""
        return self.sources[1]

    @property
    def targets(self) -> tuple[str, ...]:
        """Names of the buffers its passes draw into, each once."""
        return tuple(dict.fromkeys(p.target for p in self.passes if p.target))

    @property
    def float_targets(self) -> frozenset[str]:
        """Those of them that hold single floats instead of half ones."""
        return frozenset(p.target for p in self.passes if p.target and p.float32)
