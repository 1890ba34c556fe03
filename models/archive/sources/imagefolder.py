"""Hugging Face's imagefolder: pictures with metadata.csv or metadata.jsonl, or in one folder for each label."""

import os
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path

from models.archive import reading
from models.archive.record import Record
from models.archive.sources import base, folder, opening, rows, table
from models.archive.sources.base import Damaged, Row, Source, Values

NAME = "imagefolder"
KEY = "file_name"
METADATA = ("metadata.csv", "metadata.jsonl")


def recognises(source: Source) -> bool:
    """Whether a folder holds the table that makes it one; without it, the user has to say so."""
    return source.is_folder and source.folder is not None and _metadata(source.folder) is not None


def records(source: Source) -> Iterator[Record | Damaged]:
    """Pictures in the order of the table, else in the order of their paths, labelled with their folder's name."""
    root = folder.root_of(source)
    metadata = _metadata(root)
    return _labelled(root) if metadata is None else _described(source, root, metadata)


def _metadata(root: Path) -> Path | None:
    return next((root / name for name in METADATA if os.path.isfile(root / name)), None)


def _described(source: Source, root: Path, metadata: Path) -> Iterator[Record | Damaged]:
    with opening.file_at(metadata) as file:
        found = _rows(reading.lines(reading.unpacked(file, str(metadata)), str(metadata), source.note), metadata)
        first = next(found, None)
        if first is None:
            return
        samples = (first.values,) if isinstance(first, Row) else ({KEY: ""},)
        described = Source(str(metadata), chain([first], found), samples, root, columns=_columns(source))
        columns = table.mapped(described)

        def read(key: str, values: Values) -> Record:
            return table.record(key, root.name, values, columns, root)

        yield from base.each(described, root.name, KEY, read)


def _rows(lines: Iterator[str], metadata: Path) -> Iterator[Row | Damaged]:
    return rows.table(lines, str(metadata))[1] if metadata.suffix == ".csv" else rows.objects(lines, str(metadata))


def _columns(source: Source) -> Mapping[str, str]:
    return {"id": KEY, "image": KEY} | dict(source.columns)


def _labelled(root: Path) -> Iterator[Record | Damaged]:
    for place in folder.pictures(root):
        if isinstance(place, Damaged):
            yield place
        else:
            path = root / place
            label = path.parent.name if path.parent != root else ""
            yield Record(f"{root.name}:{place}", root.name, path.stem, image=str(path), label=label)
