"""The Metropolitan Museum of Art: objects of its API, as files or read from collectionapi.metmuseum.org.

`/public/collection/v1/objects` lists ids, `/objects/ID` is a work. A picture is named for works in the public domain.
"""

from collections.abc import Iterator

from models.archive import dates
from models.archive.errors import RejectedError
from models.archive.record import Record
from models.archive.sources import base, opening
from models.archive.sources.base import Damaged, Row, Source, Values, text

NAME = "met"
KEY = "objectID"


def recognises(source: Source) -> bool:
    """A work, or the list of works."""
    return base.has(source, KEY, "isPublicDomain") or base.has(source, "objectIDs", "total")


def records(source: Source) -> Iterator[Record | Damaged]:
    """Works of a file or folder; of an address, every work that its list names, one request each."""
    for row in source.rows:
        if isinstance(row, Damaged):
            yield row
        elif isinstance(row.values.get("objectIDs"), list):
            yield from _listed(source, row)
        else:
            yield base.one(row, NAME, KEY, _record)


def _listed(source: Source, row: Row) -> Iterator[Record | Damaged]:
    if not source.address:
        yield Damaged(row.place, "lists ids of works and holds no work; import the address it came from")
        return
    objects = source.address.partition("?")[0].rstrip("/").removesuffix("/search")
    objects = objects if objects.endswith("/objects") else f"{objects}/objects"
    for key in row.values["objectIDs"]:
        if type(key) is not int:
            yield Damaged(row.place, f"{str(key)[:100]!r} is no id of a work")
            continue
        try:
            content = source.read(f"{objects}/{key}")
        except RejectedError as error:
            yield Damaged(f"{objects}/{key}", error.detail or error.kind, f"{NAME}:{key}")
            continue
        yield from (_of(found) for found in opening.parsed(content, f"{objects}/{key}"))


def _of(row: Row | Damaged) -> Record | Damaged:
    return row if isinstance(row, Damaged) else base.one(row, NAME, KEY, _record)


def _record(key: str, values: Values) -> Record:
    date = text(values, "objectDate")
    allowed, statement = base.declared_rights(values, "isPublicDomain", "rightsAndReproduction")
    return Record(
        id=key,
        source=NAME,
        title=text(values, "title"),
        artists=_artists(values),
        date=date,
        years=base.span(values, "objectBeginDate", "objectEndDate") or dates.understood(date),
        rights=allowed,
        rights_text=statement,
        image=base.secure(text(values, "primaryImage")),
        page=base.secure(text(values, "objectURL")),
    )


def _artists(values: Values) -> tuple[str, ...]:
    people = values.get("constituents")
    if isinstance(people, list) and all(isinstance(person, dict) for person in people):
        names = [text(person, "name") for person in people]
    else:
        names = text(values, "artistDisplayName").split("|")
    return tuple(name for name in names if name)
