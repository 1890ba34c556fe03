"""One entry of an ISF shader's INPUTS, checked and made into an Input."""

from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from engine.render.budgets import LONGEST_LABEL, LONGEST_TEXT, MOST_AUDIO_COLUMNS, MOST_CHOICES
from engine.render.isf import IMAGE_TYPES, INPUT_TYPES, Input, shown

LARGEST = 1e30
LARGEST_INT = 2**31 - 1

Fail = Callable[[str], NoReturn]


def read_input(name: str, raw: Mapping[str, Any], fail: Fail) -> Input:
    """The input `name`; `fail` is called with one sentence for what is wrong with it."""
    return _InputReader(name, raw, fail).read()


class _InputReader:
    def __init__(self, name: str, raw: Mapping[str, Any], fail: Fail) -> None:
        self._name = name
        self._raw = raw
        self._fail = fail

    def read(self) -> Input:
        kind = self._raw.get("TYPE")
        if kind not in INPUT_TYPES:
            self._fail(f"input {self._name} has TYPE {shown(kind)}; ISF knows {', '.join(INPUT_TYPES)}")
        if kind in IMAGE_TYPES:
            return self._image(kind)
        match kind:
            case "bool" | "event":
                return self._make(kind, default=bool(self._raw.get("DEFAULT")))
            case "long" if self._raw.get("VALUES"):
                return self._choice()
            case "long":
                return self._whole_number()
            case "float":
                return self._float()
            case "color":
                return self._vector(kind, 0.0, 1.0, [0.0, 0.0, 0.0, 1.0])
            case _:
                return self._point()

    def _make(self, kind: str, **fields: Any) -> Input:
        label = self._text("LABEL", LONGEST_LABEL) or self._name
        return Input(self._name, kind, label, self._text("HELP", LONGEST_TEXT), **fields)

    def _text(self, key: str, most: int) -> str:
        text = str(self._raw.get(key) or "")
        if len(text) > most:
            self._fail(f"input {self._name}: {key} has {len(text)} characters; {most} are the most")
        return text

    def _image(self, kind: str) -> Input:
        if kind == "image":
            return self._make(kind)
        columns = self._number("MAX", 0.0)  # how many its row has
        if columns > MOST_AUDIO_COLUMNS:
            self._fail(f"input {self._name}: MAX asks for {columns:g} columns; {MOST_AUDIO_COLUMNS} are the most")
        return self._make(kind, maximum=columns if columns >= 1 else None)

    def _float(self) -> Input:
        low, high = self._range(1.0)
        default = self._number("DEFAULT", low)
        return self._make("float", default=min(max(default, low), high), minimum=low, maximum=high)

    def _whole_number(self) -> Input:
        default = round(self._number("DEFAULT", 0.0))
        low, high = self._range(float(max(default, 100)))
        low, high = max(low, -LARGEST_INT), min(high, LARGEST_INT)
        return self._make("long", default=min(max(default, low), high), minimum=low, maximum=high)

    def _choice(self) -> Input:
        values, labels = self._raw["VALUES"], self._raw.get("LABELS")
        if not isinstance(values, list) or not all(isinstance(v, int) and abs(v) <= LARGEST_INT for v in values):
            self._fail(f"input {self._name}: VALUES must be a list of whole numbers a shader can hold")
        if len(values) > MOST_CHOICES:
            self._fail(f"input {self._name}: {len(values)} VALUES; {MOST_CHOICES} are the most")
        if labels is not None and not isinstance(labels, list):
            self._fail(f"input {self._name}: LABELS must be a list of texts")
        texts = [str(value) for value in (values if labels is None else labels)]
        if len(texts) != len(values) or len(set(texts)) != len(texts):
            self._fail(f"input {self._name}: LABELS must be as many different texts as there are VALUES, {len(values)}")
        if max(map(len, texts)) > LONGEST_LABEL:
            self._fail(f"input {self._name}: one of LABELS has more than {LONGEST_LABEL} characters")
        default = round(self._number("DEFAULT", values[0]))
        known = default if default in values else values[0]
        return self._make("long", default=known, values=tuple(values), labels=tuple(texts))

    def _point(self) -> Input:
        """A parameter has one range for both components; without MAX the default, by custom, is in pixels."""
        low = min(self._numbers("MIN", [0.0, 0.0]))
        high = max(self._numbers("MAX", [1.0, 1.0]))
        if self._raw.get("MAX") is None:
            high = max(high, *self._numbers("DEFAULT", [high]), high)
        return self._vector("point2D", low, high, [(low + high) / 2] * 2)

    def _vector(self, kind: str, low: float, high: float, missing: list[float]) -> Input:
        numbers = self._numbers("DEFAULT", missing)
        whole = (numbers + missing[len(numbers) :])[: len(missing)]
        default = tuple(min(max(number, low), high) for number in whole)
        return self._make(kind, default=default, minimum=low, maximum=high)

    def _range(self, largest: float) -> tuple[float, float]:
        low, high = self._number("MIN", 0.0), self._number("MAX", largest)
        return min(low, high), max(low, high)  # some published files have them the other way round

    def _number(self, key: str, missing: float) -> float:
        raw = self._raw.get(key)
        return missing if raw is None else self._finite(key, raw)

    def _numbers(self, key: str, missing: list[float]) -> list[float]:
        raw = self._raw.get(key)
        if raw is None:
            return missing
        if not isinstance(raw, list) or not raw:
            self._fail(f"input {self._name}: {key} {shown(raw)} is no list of numbers")
        return [self._finite(key, item) for item in raw]

    def _finite(self, key: str, raw: object) -> float:
        if not isinstance(raw, int | float) or not abs(raw) <= LARGEST:
            self._fail(f"input {self._name}: {key} is no number a shader can hold")
        return float(raw)
