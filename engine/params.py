"""The parameter tree: every tunable thing has one address, type, range, default, unit and help text, declared once.

The panel, the show file, modulation and every later protocol speak of this tree. It belongs to the display thread;
other threads see snapshots and submit commands (engine/commands.py).
"""

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from engine.errors import ReverieError

Value = float | int | bool | str | tuple[float, ...]
ParameterType = Literal["float", "int", "bool", "choice", "colour", "vec2", "trigger"]
Curve = Literal["linear", "log"]

VECTOR_SIZES = {"colour": 4, "vec2": 2}
MODULATED_TYPES = ("float", "int")
LARGEST = 1e30  # beyond it, and for NaN, arithmetic on the GPU means nothing
_ADDRESS = re.compile(r"(/[A-Za-z0-9_.-]+)+\Z")


class ParameterError(ReverieError):
    """A value or address the tree refuses."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One tunable thing.

    `minimum` and `maximum` bound every number in it (each component of a vector). `choices` are the texts a `choice`
    may take. A `trigger` is true for exactly one frame after it is set. `curve` is how a slider spreads the range.
    """

    address: str
    type: ParameterType
    default: Value
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    unit: str = ""
    label: str = ""
    help: str = ""
    curve: Curve = "linear"

    def __post_init__(self) -> None:
        if not _ADDRESS.match(self.address):
            raise ParameterError(f"{self.address!r} is no parameter address; write it like /walk/speed")
        object.__setattr__(self, "default", self.coerce(self.default, clamp=False))

    def coerce(self, raw: object, *, clamp: bool = True) -> Value:
        """The value `raw` stands for. Numbers out of range are clamped, or refused where `clamp` is false.

        Raises ParameterError for a wrong type, NaN or infinity.
        """
        match self.type:
            case "float":
                return self._number(raw, clamp)
            case "int":
                return round(self._number(raw, clamp))
            case "bool" | "trigger":
                return self._flag(raw)
            case "choice":
                return self._choice(raw)
            case "colour" | "vec2":
                return self._vector(raw, clamp)

    def _refuse(self, raw: object, expected: str) -> ParameterError:
        return ParameterError(f"{self.address}: {raw!r} is not {expected}")

    def _range(self) -> str:
        low = "" if self.minimum is None else f" from {self.minimum:g}"
        high = "" if self.maximum is None else f" to {self.maximum:g}"
        return f"{low}{high}"

    def _number(self, raw: object, clamp: bool) -> float:
        expected = f"a number{self._range()}"
        if isinstance(raw, bool) or not isinstance(raw, int | float) or not abs(raw) <= LARGEST:
            raise self._refuse(raw, expected)
        low = -math.inf if self.minimum is None else self.minimum
        high = math.inf if self.maximum is None else self.maximum
        if not clamp and not low <= raw <= high:
            raise self._refuse(raw, expected)
        return float(min(max(raw, low), high))

    def _flag(self, raw: object) -> bool:
        if isinstance(raw, bool) or (isinstance(raw, int | float) and raw in (0, 1)):
            return bool(raw)
        raise self._refuse(raw, "true or false")

    def _choice(self, raw: object) -> str:
        if isinstance(raw, str) and raw in self.choices:
            return raw
        raise self._refuse(raw, "one of " + ", ".join(self.choices))

    def _vector(self, raw: object, clamp: bool) -> tuple[float, ...]:
        size = VECTOR_SIZES[self.type]
        if not isinstance(raw, list | tuple) or len(raw) != size:
            raise self._refuse(raw, f"a list of {size} numbers")
        return tuple(self._number(item, clamp) for item in raw)


@dataclass(slots=True)
class _Slot:
    parameter: Parameter
    value: Value
    offset: float = 0.0


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Values of the whole tree at one frame: what the artist set, and what is in force."""

    values: Mapping[str, Value] = field(default_factory=dict)
    effective: Mapping[str, Value] = field(default_factory=dict)


class ParameterTree:
    """All parameters of a running show, by address. Display thread only."""

    def __init__(self, parameters: Iterable[Parameter] = ()) -> None:
        self._slots: dict[str, _Slot] = {}
        self.revision = 0
        for parameter in parameters:
            self.declare(parameter)

    def declare(self, parameter: Parameter) -> None:
        """Add one parameter at its default. Raises ParameterError where the address is taken."""
        if parameter.address in self._slots:
            raise ParameterError(f"{parameter.address} is declared twice")
        self._slots[parameter.address] = _Slot(parameter, parameter.default)
        self.revision += 1

    def replace(self, prefix: str, parameters: Iterable[Parameter]) -> None:
        """Swap everything below `prefix` for `parameters`, keeping the artist's values where they still fit."""
        kept = {a: self._slots.pop(a).value for a in list(self._slots) if a.startswith(prefix.rstrip("/") + "/")}
        for parameter in parameters:
            self.declare(parameter)
            if parameter.address in kept:
                self._keep(parameter, kept[parameter.address])
        self.revision += 1

    def _keep(self, parameter: Parameter, value: Value) -> None:
        try:
            self._slots[parameter.address].value = parameter.coerce(value)
        except ParameterError:  # the type changed with the shader: its new default stands
            self._slots[parameter.address].value = parameter.default

    def set(self, address: str, raw: object, *, clamp: bool = True) -> Value:
        """Set the artist's value and return it as stored. Raises ParameterError."""
        slot = self._slot(address)
        slot.value = slot.parameter.coerce(raw, clamp=clamp)
        return slot.value

    def modulate(self, offsets: Mapping[str, float]) -> None:
        """Put this frame's modulation in force: the sum added to each artist's value. Others fall back to none.

        An address that went away with an edited shader is passed over.
        """
        for slot in self._slots.values():
            slot.offset = 0.0
        for address, offset in offsets.items():
            if math.isfinite(offset) and address in self._slots:
                self._slots[address].offset = offset

    def release_triggers(self) -> None:
        """End of frame: a trigger has been seen once."""
        for slot in self._slots.values():
            if slot.parameter.type == "trigger":
                slot.value = False

    def value(self, address: str) -> Value:
        """What the artist set."""
        return self._slot(address).value

    def effective(self, address: str) -> Value:
        """What is in force: the artist's value plus modulation, clamped to the range."""
        slot = self._slot(address)
        if slot.offset == 0.0 or slot.parameter.type not in MODULATED_TYPES:
            return slot.value
        assert isinstance(slot.value, int | float)
        return slot.parameter.coerce(slot.value + slot.offset)

    def number(self, address: str) -> float:
        """`effective` of a float or int parameter."""
        value = self.effective(address)
        assert isinstance(value, int | float)
        return float(value)

    def snapshot(self) -> Snapshot:
        """Values and effective values of every address."""
        values = {address: slot.value for address, slot in self._slots.items()}
        return Snapshot(values, {address: self.effective(address) for address in values})

    def parameter(self, address: str) -> Parameter:
        """The declaration at an address."""
        return self._slot(address).parameter

    def __contains__(self, address: object) -> bool:
        return address in self._slots

    def __iter__(self) -> Iterator[Parameter]:
        return (slot.parameter for slot in self._slots.values())

    def _slot(self, address: str) -> _Slot:
        try:
            return self._slots[address]
        except KeyError:
            raise ParameterError(f"there is no parameter {address}; see the panel or `reverie check`") from None
