"""A file, folder or address as a Source, whatever kind of catalogue it is."""

import io
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path
from typing import BinaryIO

from models.archive import reading
from models.archive.errors import ArchiveError, RejectedError
from models.archive.reading import Note, ReadUrl
from models.archive.sources import rows
from models.archive.sources.base import Damaged, Row, Source

SAMPLES = 16
_HEAD = 1 << 16


def opened(name: str, columns: Mapping[str, str], read_url: ReadUrl | None, note: Note) -> Source:
    """Open what the user named. Raises ArchiveError where it is not there or holds no catalogue of any form."""
    path = Path(name)
    if "://" in name:
        source = Source(name, iter(()), columns=columns, read_url=read_url, note=note)
        file: BinaryIO = io.BytesIO(_downloaded(source))
    elif path.is_dir():
        source = Source(name, iter(()), folder=path, is_folder=True, columns=columns, read_url=read_url, note=note)
        source.rows, source.samples = _sampled(files(path))
        return source
    else:
        source = Source(name, iter(()), folder=path.parent, columns=columns, read_url=read_url, note=note)
        file = source.files.enter_context(file_at(path))
    with ExitStack() as broken:
        broken.callback(source.files.close)
        source.rows, source.samples = _parsed(file, name, note)
        broken.pop_all()
    return source


def parsed(content: bytes, name: str) -> Iterator[Row | Damaged]:
    """The rows of a file that was read from elsewhere. Raises ArchiveError."""
    return _parsed(io.BytesIO(content), name, lambda _: None)[0]


def _downloaded(source: Source) -> bytes:
    try:
        return source.read(source.name)
    except RejectedError as error:
        raise ArchiveError(f"{source.name}: cannot be read ({error.detail or error.kind})") from None


def file_at(path: Path) -> BinaryIO:
    """A file to read. Raises ArchiveError where there is none that can be read."""
    if not path.exists():
        raise ArchiveError(f"{path}: there is no such file, folder or address")
    if not path.is_file():
        raise ArchiveError(f"{path}: is neither a file nor a folder; name a catalogue")
    try:
        return path.open("rb")
    except OSError as error:
        raise ArchiveError(f"{path}: cannot be read ({error.strerror}); see who may read it") from None


def _parsed(file: BinaryIO, name: str, note: Note) -> tuple[Iterator[Row | Damaged], tuple[Mapping[str, object], ...]]:
    text = reading.lines(reading.unpacked(file, name), name, note)
    first = next((line for line in text if line.strip()), "")
    if not first:
        raise ArchiveError(f"{name}: is empty; get the catalogue again")
    if first.lstrip().startswith("<"):
        raise ArchiveError(f"{name}: is a web page or XML, not a catalogue in CSV or JSON; look at it in a browser")
    text = chain([first], text)
    if rows.is_json(first[:_HEAD]):
        return _sampled(rows.objects(text, name))
    header, found = rows.table(text, name)
    return found, (dict.fromkeys(header, ""),)


def _sampled(found: Iterator[Row | Damaged]) -> tuple[Iterator[Row | Damaged], tuple[Mapping[str, object], ...]]:
    """The rows, and the first of them. What breaks within the first breaks again when the rows are gone through."""
    first: list[Row | Damaged] = []
    broken: ArchiveError | None = None
    try:
        first.extend(islice(found, SAMPLES))
    except ArchiveError as error:
        if not first:
            raise
        broken = error
    return _again(first, found, broken), tuple(row.values for row in first if isinstance(row, Row))


def _again(
    first: list[Row | Damaged], rest: Iterator[Row | Damaged], broken: ArchiveError | None
) -> Iterator[Row | Damaged]:
    yield from first
    if broken:
        raise broken
    yield from rest


def files(folder: Path, pattern: str = "**/*.json") -> Iterator[Row | Damaged]:
    """The objects in a folder's JSON files, in the order of their paths, each with its path there as its place."""
    for path in sorted(folder.glob(pattern)):
        place = path.relative_to(folder).as_posix()
        for row in within(path):
            yield row._replace(place=place) if isinstance(row, Row) else replace(row, place=place)


def within(path: Path) -> Iterator[Row | Damaged]:
    """The objects in a JSON file; one that cannot be read is damaged, not the end."""
    try:
        with file_at(path) as file:
            yield from rows.objects(
                reading.lines(reading.unpacked(file, str(path)), str(path), lambda _: None), str(path)
            )
    except ArchiveError as error:
        yield Damaged(str(path), str(error).removeprefix(f"{path}: "))
