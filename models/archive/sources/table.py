"""Any table with a column of pictures, CSV or flat JSON, whose columns have usual names or those of a map."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urljoin

from models.archive import dates, rights
from models.archive.errors import ArchiveError, RejectedError
from models.archive.record import Record
from models.archive.sources import base
from models.archive.sources.base import Damaged, Source, Values, text

NAME = "csv"
_RIGHTS = (
    *("rights", "license", "licence", "rights_text", "copyright", "rights_statement", "copyright_notice"),
    *("rights_holder", "license_url"),
)
USUAL: Mapping[str, tuple[str, ...]] = {
    "id": ("id", "identifier", "object_id", "objectid", "accession_number"),
    "image": ("image", "image_url", "imageurl", "file_name", "filename", "file"),
    "title": ("title", "name"),
    "artist": ("artist", "artists", "creator", "author", "maker"),
    "date": ("date", "year", "date_display", "date_text"),
    "rights": _RIGHTS,
    "page": ("page", "page_url", "url", "link"),
    "label": ("label", "class"),
}


class Columns(NamedTuple):
    """Column by field; and every column that speaks of rights, for one may close what another opens."""

    by_field: Mapping[str, str]
    rights: tuple[str, ...]


def recognises(source: Source) -> bool:
    """Whether there is a column for pictures."""
    return not source.is_folder and bool(source.samples) and "image" in _known(source)


def records(source: Source) -> Iterator[Record | Damaged]:
    """Works in the order of the file. Raises ArchiveError where a column is not there."""
    columns = mapped(source)
    name = Path(source.name).name.split(".")[0] or NAME
    where = source.folder or source.name
    key = columns.by_field["id"]
    return base.each(source, name, key, lambda key, values: record(key, name, values, columns, where))


def mapped(source: Source) -> Columns:
    """What is read. Raises ArchiveError where a column of the map is not there, or one that must be is unknown."""
    present = _present(source)
    for field, column in source.columns.items():
        if field not in USUAL:
            raise ArchiveError(f"{source.name}: {field!r} is no field of a record; map one of {', '.join(USUAL)}")
        if column not in present:
            raise ArchiveError(f"{source.name}: has no column {column!r} for {field}; there are {', '.join(present)}")
    known = _known(source)
    if "image" not in known:
        raise ArchiveError(
            f"{source.name}: no column of pictures is known by its name; say which it is of {', '.join(present)}"
        )
    return Columns({"id": known["image"]} | known, _of_rights(source))


def record(key: str, name: str, values: Values, columns: Columns, where: Path | str) -> Record:
    """A record of the columns there are, in a table that lies in a folder or at an address. Raises RejectedError."""
    got = {field: text(values, column) for field, column in columns.by_field.items()}
    statements = [said for column in columns.rights if (said := text(values, column))]
    date = got.get("date", "")
    return Record(
        id=key,
        source=name,
        title=got.get("title", ""),
        artists=tuple(part for part in (part.strip() for part in got.get("artist", "").split("|")) if part),
        date=date,
        years=dates.understood(date),
        rights=rights.strictest([rights.understood(statement) for statement in statements]),
        rights_text="; ".join(statements),
        image=picture(got["image"], where),
        page=base.secure(got.get("page", "")),
        label=got.get("label", ""),
    )


def picture(value: str, where: Path | str) -> str:
    """An address as https, one that counts from that of the table too, or the path of a file in the table's folder.
    Raises RejectedError for anything else.
    """
    if not value or "//" in value[:8]:
        return base.secure(value)
    if isinstance(where, str):
        return base.secure(_joined(where, value))
    root = where.resolve()
    try:
        path = Path(os.path.realpath(root / value))
        found = path.is_file()
    except (OSError, ValueError) as error:  # a name that is too long, or holds a NUL
        raise RejectedError(base.UNREADABLE, f"{value[:100]!r} cannot be a file's name ({error})") from None
    if not path.is_relative_to(root):
        raise RejectedError(base.UNREADABLE, f"{value[:100]!r} is outside the catalogue's folder; move it there")
    if not found:
        raise RejectedError(base.NO_IMAGE, f"{value[:100]!r} is not in the catalogue's folder")
    return str(path)


def _joined(address: str, value: str) -> str:
    """Raises RejectedError."""
    try:
        return urljoin(address, value)
    except ValueError as error:
        raise RejectedError(base.UNREADABLE, f"{value[:100]!r} is no address of a picture ({error})") from None


def _known(source: Source) -> dict[str, str]:
    present = {_usual(column): column for column in _present(source)}
    usual = {field: next((present[name] for name in names if name in present), "") for field, names in USUAL.items()}
    return {field: column for field, column in (usual | dict(source.columns)).items() if column}


def _of_rights(source: Source) -> tuple[str, ...]:
    """The one that the map names, else all that there are or, in JSON, that may come."""
    if "rights" in source.columns:
        return (source.columns["rights"],)
    present = [column for column in _present(source) if _usual(column).rstrip("_0123456789") in _RIGHTS]
    return tuple(dict.fromkeys([*present, *_RIGHTS]))


def _usual(column: str) -> str:
    return column.lower().replace(" ", "_")


def _present(source: Source) -> list[str]:
    return list(dict.fromkeys(column for sample in source.samples for column in sample))
