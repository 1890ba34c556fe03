"""What a kind of catalogue has to offer, and what all of them use.

A kind is a module with `NAME`, `recognises` and `records`, named in `sources.ALL`; see `tate.py` for a small one.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Protocol, Self

from models.archive.errors import ArchiveError, RejectedError
from models.archive.reading import Note, ReadUrl
from models.archive.record import Record, Rights

UNREADABLE = "unreadable record"
NO_IMAGE = "no image"
LONGEST_TEXT = 100_000  # characters; no catalogue's field is longer

Values = Mapping[str, Any]


class Row(NamedTuple):
    """A line of a table or an object of JSON, and where it stands: "line 12" or the name of its file."""

    place: str
    values: Values


@dataclass(frozen=True, slots=True)
class Damaged:
    """A record that cannot be used, and of what kind its trouble is. `id` is empty where even that is unknown."""

    place: str
    detail: str
    id: str = ""
    kind: str = UNREADABLE


@dataclass
class Source:
    """An opened catalogue, a context that closes it. `rows` can be gone through once, by one adapter.

    `samples` are its first rows, or the names of its columns with empty values. `folder` is where paths in it begin:
    the folder itself, or that of the file; None for an address, whose content must not name files.
    """

    name: str
    rows: Iterator[Row | Damaged]
    samples: tuple[Values, ...] = ()
    folder: Path | None = None
    is_folder: bool = False
    columns: Mapping[str, str] = field(default_factory=dict)
    read_url: ReadUrl | None = None
    note: Note = lambda sentence: None
    files: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.files.close()

    @property
    def address(self) -> str:
        """Where it was read from, if it is an address."""
        return "" if self.folder else self.name

    def read(self, address: str) -> bytes:
        """What an address holds. Raises ArchiveError where none can be read, and what `read_url` raises."""
        if self.read_url is None:
            raise ArchiveError(f"{address}: addresses cannot be read here; download it and name the file")
        return self.read_url(address)


class Adapter(Protocol):
    """A kind of catalogue, as a module."""

    @property
    def NAME(self) -> str:
        """What `--as` calls it."""

    def recognises(self, source: Source) -> bool:
        """Whether `source.samples` or `source.folder` are of this kind; reads nothing from `source.rows`."""

    def records(self, source: Source) -> Iterator[Record | Damaged]:
        """Every record, one by one. Raises ArchiveError where the rest cannot be read."""


def each(source: Source, name: str, key: str, read: Callable[[str, Values], Record]) -> Iterator[Record | Damaged]:
    """The record that `read(id, values)` makes of every row, whose id is `name` and what column `key` holds."""
    for row in source.rows:
        yield row if isinstance(row, Damaged) else one(row, name, key, read)


def one(row: Row, name: str, key: str, read: Callable[[str, Values], Record]) -> Record | Damaged:
    """The record of one row, as `each` makes it."""
    label = ""
    try:
        number = text(row.values, key)
        if not number:
            return Damaged(row.place, f"has no {key}")
        label = f"{name}:{number}"
        return read(label, row.values)
    except RejectedError as error:
        return Damaged(row.place, error.detail, label, error.kind)


def has(source: Source, *keys: str) -> bool:
    """Whether one of the first rows has all of these columns."""
    return any(all(key in sample for key in keys) for sample in source.samples)


def text(values: Values, key: str) -> str:
    """A value as stripped text, empty where missing. Raises RejectedError where it is a list or an object."""
    value = values.get(key)
    if type(value) is str:
        # The first two are what nearly every value is: this is called a million times for a large catalogue.
        return value.strip() if value.isascii() and len(value) <= LONGEST_TEXT else _storable(value, key)
    if value is None:
        return ""
    if isinstance(value, int | float):
        return str(value)
    raise RejectedError(UNREADABLE, f"{key} holds a {type(value).__name__} where a text belongs")


def _storable(value: str, key: str) -> str:
    if len(value) > LONGEST_TEXT:
        raise RejectedError(UNREADABLE, f"{key} holds {len(value):,} characters")
    return value.encode("utf-8", "replace").decode().strip()  # JSON can write halves of characters


def whole(values: Values, key: str) -> int | None:
    """A value as an integer between -100,000 and 100,000, else None."""
    value = values.get(key)
    if isinstance(value, str) and len(value) <= 8 and value.strip().removeprefix("-").isdecimal():
        value = int(value)
    return value if type(value) is int and abs(value) <= 100_000 else None


def span(values: Values, start: str, end: str) -> tuple[int, int] | None:
    """Two columns of years as a range; None where one is missing, they are out of order, or both are 0."""
    first, last = whole(values, start), whole(values, end)
    if first is None or last is None or first > last or first == last == 0:
        return None
    return first, last


def declared_rights(values: Values, free: str, held: str) -> tuple[Rights, str]:
    """Rights and statement where column `free` is true or false and `held` names a holder, who counts more."""
    holder = text(values, held)
    if holder:
        return Rights.RESTRICTED, holder
    if values.get(free) is True:
        return Rights.PUBLIC_DOMAIN, f"{free}: true"
    return Rights.UNKNOWN, f"{free}: false"


def secure(address: str) -> str:
    """An address as https, empty where there is none. Raises RejectedError for what is no address of the web."""
    if not address or address.startswith("https://"):
        return address
    scheme, separator, rest = address.partition("//")
    if separator and scheme.lower() in ("http:", "https:", ""):
        return f"https://{rest}"
    raise RejectedError(UNREADABLE, f"{address[:100]!r} is no address of a picture or page on the web")
