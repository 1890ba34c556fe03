"""The Museum of Modern Art, New York: Artworks.csv and Artworks.json of 2015 to now, and one file per record.

github.com/MuseumofModernArt/collection. Its CC0 is for the data: no picture is open.
"""

from collections.abc import Iterator

from models.archive import dates
from models.archive.record import Record, Rights
from models.archive.sources import base
from models.archive.sources.base import Damaged, Source, Values, text

NAME = "moma"
RIGHTS = "MoMA's CC0 is for its data and does not cover images, which Art Resource and Scala license."


# What belongs to the name before it.
_SUFFIXES = frozenset(("jr", "sr", "ii", "iii", "inc", "ltd", "co", "llc", "gmbh", "corp", "s.a", "s.p.a", "usa"))


def recognises(source: Source) -> bool:
    """By the names of its columns, the same in every year."""
    return base.has(source, "ObjectID", "CreditLine", "Artist", "Classification")


def records(source: Source) -> Iterator[Record | Damaged]:
    """Works in the order of the file."""
    return base.each(source, NAME, "ObjectID", _record)


def _record(key: str, values: Values) -> Record:
    date = text(values, "Date")
    return Record(
        id=key,
        source=NAME,
        title=text(values, "Title"),
        artists=_artists(values),
        date=date,
        years=dates.understood(date),
        rights=Rights.UNKNOWN,
        rights_text=RIGHTS,
        image=base.secure(text(values, "ImageURL") or text(values, "ThumbnailURL")),
        page=base.secure(text(values, "URL")),
    )


def _artists(values: Values) -> tuple[str, ...]:
    """JSON has a list. The table joins names with commas, which names hold too: the number of ids tells."""
    names = values.get("Artist")
    if isinstance(names, list):
        return tuple(text({"Artist": name}, "Artist") for name in names)
    joined = text(values, "Artist")
    if ", " not in joined:
        return (joined,) if joined else ()
    return _split(joined, _number(values))


def _number(values: Values) -> int:
    """How many artists there are, by their ids or else by their lives: "(French, 1839–1906) (German, born 1932)"."""
    numbers = text(values, "ConstituentID")
    return len(numbers.split(",")) if numbers else text(values, "ArtistBio").count(") (") + 1


def _split(joined: str, number: int) -> tuple[str, ...]:
    """As many names as there are artists, else all in one."""
    parts = joined.split(", ")
    if len(parts) > number:
        parts = _with_suffixes(parts)
    return tuple(part.strip() for part in parts) if len(parts) == number else (joined,)


def _with_suffixes(parts: list[str]) -> list[str]:
    names = parts[:1]
    for part in parts[1:]:
        if part.rstrip(".").lower() in _SUFFIXES:
            names[-1] += f", {part}"
        else:
            names.append(part)
    return names
