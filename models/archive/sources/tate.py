"""Tate: artwork_data.csv, and one JSON file per work. github.com/tategallery/collection, CC0 for the data alone."""

from collections.abc import Iterator

from models.archive import dates, rights
from models.archive.errors import RejectedError
from models.archive.record import Record, Rights
from models.archive.sources import base
from models.archive.sources.base import Damaged, Source, Values, text

NAME = "tate"
RIGHTS = "Tate's CC0 is for its data; images are not part of it."


def recognises(source: Source) -> bool:
    """By columns of the table, or keys of the files, that no other museum has."""
    return base.has(source, "accession_number", "artistRole") or base.has(source, "acno", "contributors")


def records(source: Source) -> Iterator[Record | Damaged]:
    """Works in the order of the file, or of the files' names."""
    return base.each(source, NAME, "id", _record)


def _record(key: str, values: Values) -> Record:
    date = text(values, "dateText")
    allowed, statement = _rights(values)
    return Record(
        id=key,
        source=NAME,
        title=text(values, "title"),
        artists=_artists(values),
        date=date,
        years=_years(values) or dates.understood(date) or base.span(values, "year", "year"),
        rights=allowed,
        rights_text=statement,
        image=base.secure(text(values, "thumbnailUrl")),
        page=base.secure(text(values, "url")),
    )


def _artists(values: Values) -> tuple[str, ...]:
    """Surname first, as Tate writes them; the table names only the first."""
    people = values.get("contributors")
    if not isinstance(people, list):
        name = text(values, "artist")
        return (name,) if name else ()
    if not all(isinstance(person, dict) for person in people):
        raise RejectedError(base.UNREADABLE, "contributors does not hold people")
    return tuple(name for person in people if (name := text(person, "mda")))


def _years(values: Values) -> tuple[int, int] | None:
    known = values.get("dateRange")
    return base.span(known, "startYear", "endYear") if isinstance(known, dict) else None


def _rights(values: Values) -> tuple[Rights, str]:
    licence, holder = text(values, "creativeCommons"), text(values, "thumbnailCopyright")
    if holder:
        return Rights.RESTRICTED, holder
    return (rights.understood(licence), licence) if licence else (Rights.UNKNOWN, RIGHTS)
