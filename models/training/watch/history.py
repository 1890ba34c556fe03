"""What a run has told so far, in its folder: the curves of months, in a file that does not grow without bound."""

import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, TypeAdapter, ValidationError

from models.files import write_atomically

NAME = "history.jsonl"
MOST_STEPS = 2000
MOST_FIGURES = 1000
MOST_SAID = 200
MOST_STRIPS = 24
MOST_KIMG = 1e12

Values = dict[str, FiniteFloat]


class Row(BaseModel):
    """At so many thousand pictures shown, of the whole run."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    kimg: float = Field(ge=0, le=MOST_KIMG)


class Steps(Row):
    """Means over the iterations since the row before."""

    kind: Literal["steps"] = "steps"
    values: Values


class Figures(Row):
    """How good the network was."""

    kind: Literal["figures"] = "figures"
    values: Values


class Said(Row):
    """What happened."""

    kind: Literal["said"] = "said"
    text: str
    warning: bool = False


class Strip(Row):
    """Pictures of the same latents as in every other strip, one below the other: a JPEG in base64."""

    kind: Literal["strip"] = "strip"
    size: tuple[int, int]
    data: str


R = TypeVar("R", bound=Row)
_ROW: TypeAdapter[Steps | Figures | Said | Strip] = TypeAdapter(
    Annotated[Steps | Figures | Said | Strip, Field(discriminator="kind")]
)


class History:
    """Rows in the order in which they came, in `folder`/NAME once `save` has been called.

    A run that goes on takes over what the one in `earlier` told up to `kimg`: what was lost when that ended is not
    shown. Old rows become fewer as new ones come.
    """

    def __init__(self, folder: Path, kimg: float = 0.0, earlier: Path | None = None) -> None:
        self.path = folder / NAME
        self.rows: list[Row] = [] if earlier is None else _read(earlier / NAME)
        self._saved: int | None = None  # rows at the beginning that the file has; None: it is to be written anew
        self.cut(kimg)

    def add(self, row: Row) -> None:
        """Raises nothing: `save` does."""
        self.rows.append(row)

    def cut(self, kimg: float) -> None:
        """Forget what came after."""
        self.rows = [row for row in self.rows if row.kimg <= kimg]
        self._saved = None

    def of(self, kind: type[R]) -> list[R]:
        """The rows of one kind."""
        return [row for row in self.rows if isinstance(row, kind)]

    def save(self) -> None:
        """Raises OSError, and then writes all of it the next time."""
        self._thin()
        start, self._saved = self._saved, None
        if start is None:
            write_atomically(self.path, lambda path: path.write_text(_lines(self.rows), encoding="utf-8"))
        else:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(_lines(self.rows[start:]))
        self._saved = len(self.rows)

    def _thin(self) -> None:
        steps, figures, said, strips = self.of(Steps), self.of(Figures), self.of(Said), self.of(Strip)
        kept = [
            *(_merged(steps, MOST_STEPS // 2) if len(steps) > MOST_STEPS else steps),
            *(_without_every_other(figures) if len(figures) > MOST_FIGURES else figures),
            *(said[-MOST_SAID // 2 :] if len(said) > MOST_SAID else said),
            *(spread(strips, MOST_STRIPS // 2) if len(strips) > MOST_STRIPS else strips),
        ]
        if len(kept) < len(self.rows):
            self.rows = sorted(kept, key=lambda row: row.kimg)
            self._saved = None


def judged_by(figures: Sequence[Figures]) -> str:
    """The name of the value that decides which network is the best: a kernel distance where there is one."""
    names = (name for row in figures for name in row.values if name.startswith("kid_"))
    return next(names, "swd")


def best(figures: Sequence[Figures], name: str) -> Figures | None:
    """The row with the least of those values."""
    return min((row for row in figures if name in row.values), key=lambda row: row.values[name], default=None)


def spread(rows: Sequence[R], count: int) -> list[R]:
    """At most `count` of the rows: the first, the last, and more of the beginning, where it learns fast."""
    if len(rows) <= count:
        return list(rows)
    first, last = math.log1p(rows[0].kimg), math.log1p(rows[-1].kimg)
    wanted = [math.expm1(first + (last - first) * i / (count - 1)) for i in range(count)]
    places = {min(range(len(rows)), key=lambda i: abs(rows[i].kimg - kimg)) for kimg in wanted}
    return [rows[i] for i in sorted(places | {0, len(rows) - 1})]


def _merged(rows: Sequence[Steps], count: int) -> list[Steps]:
    """As means over `count` equal parts of the run."""
    width = max(rows[-1].kimg, 1e-9) / count
    parts: dict[int, list[Steps]] = {}
    for row in rows:
        parts.setdefault(min(int(row.kimg / width), count - 1), []).append(row)
    return [Steps(kimg=part[-1].kimg, values=means(row.values for row in part)) for part in parts.values()]


def means(rows: Iterable[dict[str, float]]) -> dict[str, float]:
    """Of each value over the rows that have it."""
    gathered: dict[str, list[float]] = {}
    for values in rows:
        for name, value in values.items():
            gathered.setdefault(name, []).append(value)
    return {name: sum(values) / len(values) for name, values in gathered.items()}


def _without_every_other(rows: list[Figures]) -> list[Figures]:
    """But with the best by each of the values."""
    names = {name for row in rows for name in row.values}
    kept = [best(rows, name) for name in names]
    return [row for i, row in enumerate(rows) if i % 2 or row in kept]


def _lines(rows: Iterable[Row]) -> str:
    return "".join(f"{row.model_dump_json()}\n" for row in rows)


def _read(path: Path) -> list[Row]:
    """What can be read of it: half a line is what a power cut leaves, and a run of an older Reverie has no file."""
    rows: list[Row] = []
    if not path.is_file():
        return rows
    with path.open("rb") as file:
        for line in file:
            try:
                rows.append(_ROW.validate_json(line))
            except ValidationError:
                continue
    return rows
