"""What the report asks of the catalogue: counts made inside SQLite, and few works out of many, evenly spread.

Only what is shown comes into memory, however large the archive is.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from models.archive.catalogue import Catalogue
from models.archive.record import Entry, Status

TOP = 40
STATEMENTS = 5
REASONS = 5
EXAMPLES = 6
LONGEST = 400  # characters of a source's statement or of a reason by which they are told apart
PARTS = ", ".join(f"sum(status = '{status}')" for status in (Status.FETCHED, Status.LISTED, Status.REJECTED))


@dataclass(frozen=True, slots=True)
class Tally:
    """How many works go by a name, and how far they have come."""

    name: str
    fetched: int = 0
    listed: int = 0
    rejected: int = 0

    @property
    def total(self) -> int:
        return self.fetched + self.listed + self.rejected


@dataclass(frozen=True, slots=True)
class Ranking:
    """The most frequent names, and all the `more` names together."""

    top: list[Tally]
    more: int
    others: Tally


@dataclass(frozen=True, slots=True)
class Refusal:
    """The works of one kind of trouble: the sentences that recur, and single works to look at."""

    status: Status
    kind: str
    number: int
    reasons: list[tuple[str, int]]
    examples: list[Entry]


def whole(catalogue: Catalogue) -> Tally:
    """The whole archive. From here on the catalogue is seen as it is now, whatever is written to it meanwhile."""
    catalogue.ask("BEGIN")
    (parts,) = catalogue.ask(f"SELECT {PARTS} FROM works")
    return Tally("", *(part or 0 for part in parts))  # sums over no row are NULL


def sources(catalogue: Catalogue) -> Ranking:
    """Works by the catalogue they came from."""
    return _ranking(catalogue, "source", "works")


def artists(catalogue: Catalogue) -> Ranking:
    """Works by artist: one by two artists counts for both, one without any for the empty name."""
    return _ranking(catalogue, "coalesce(artist.value, '')", "works LEFT JOIN json_each(works.artists) AS artist")


def rights(catalogue: Catalogue) -> list[Tally]:
    """Works by what may be done with their pictures, most frequent first."""
    rows = catalogue.ask(f"SELECT rights, {PARTS} FROM works GROUP BY 1 ORDER BY count(*) DESC, 1")
    return [Tally(*row) for row in rows]


def statements(catalogue: Catalogue) -> dict[str, list[tuple[str, int]]]:
    """What the sources say of the rights, by `Rights`: their most frequent sentences."""
    return _frequent(catalogue, "rights", "rights_text", STATEMENTS)


def years(catalogue: Catalogue) -> list[tuple[int | None, Tally]]:
    """Works by the year in which they were begun, earliest first; None: without a date that could be read."""
    rows = catalogue.ask(f"SELECT year_from, {PARTS} FROM works GROUP BY 1 ORDER BY 1")
    return [(year, Tally("", *parts)) for year, *parts in rows]


def refusals(catalogue: Catalogue, status: Status) -> list[Refusal]:
    """What keeps works of a status back, most frequent first."""
    numbers = Counter({kind: number for (is_, kind), number in catalogue.count().items() if is_ is status and kind})
    reasons = _frequent(catalogue, "kind", "detail", REASONS, "status = ?", status)
    examples = _examples(catalogue, status, numbers)
    return [
        Refusal(status, kind, number, [r for r in reasons.get(kind, []) if r[1] > 1], examples[kind])
        for kind, number in numbers.most_common()
    ]


def fetched(catalogue: Catalogue, number: int, wanted: int) -> list[Entry]:
    """At most `wanted` of the `number` works whose pictures are here, evenly spread over the ids."""
    rows = catalogue.ask("SELECT id FROM works WHERE status = ? ORDER BY id", (Status.FETCHED,))
    return _entries(catalogue, [key for n, (key,) in enumerate(rows) if _is_taken(n, number, wanted)])


def _ranking(catalogue: Catalogue, name: str, table: str) -> Ranking:
    rows = catalogue.ask(f"SELECT {name}, {PARTS} FROM {table} GROUP BY 1 ORDER BY count(*) DESC, 1")
    top = [Tally(*row) for row in islice(rows, TOP)]
    more, parts = 0, [0, 0, 0]
    for _, *row in rows:
        more += 1
        parts = [before + now for before, now in zip(parts, row, strict=True)]
    return Ranking(top, more, Tally("", *parts))


def _frequent(
    catalogue: Catalogue, group: str, text: str, most: int, where: str = "1", *values: str
) -> dict[str, list[tuple[str, int]]]:
    rows = catalogue.ask(
        f"SELECT name, said, n FROM (SELECT *, row_number() OVER (PARTITION BY name ORDER BY n DESC, said) AS place"
        f" FROM (SELECT {group} AS name, substr({text}, 1, {LONGEST}) AS said, count(*) AS n FROM works"
        f" WHERE {where} AND {text} != '' GROUP BY 1, 2)) WHERE place <= {most} ORDER BY name, place",
        values,
    )
    found: dict[str, list[tuple[str, int]]] = {}
    for name, said, number in rows:
        found.setdefault(name, []).append((said, number))
    return found


def _examples(catalogue: Catalogue, status: Status, numbers: Counter[str]) -> dict[str, list[Entry]]:
    """Works of every kind, evenly spread over the ids: neighbours are often refused for one and the same reason."""
    seen: Counter[str] = Counter()
    keys: dict[str, list[str]] = {kind: [] for kind in numbers}
    for key, kind in catalogue.ask("SELECT id, kind FROM works WHERE status = ? AND kind != '' ORDER BY id", (status,)):
        if _is_taken(seen[kind], numbers[kind], EXAMPLES):
            keys[kind].append(key)
        seen[kind] += 1
    return {kind: _entries(catalogue, found) for kind, found in keys.items()}


def _is_taken(n: int, number: int, wanted: int) -> bool:
    """Whether the n-th of a number of rows is one of the wanted few, evenly spread; all are where there are no more."""
    return n * wanted // number != (n - 1) * wanted // number


def _entries(catalogue: Catalogue, keys: Iterable[str]) -> list[Entry]:
    return [entry for entry in map(catalogue.get, keys) if entry is not None]
