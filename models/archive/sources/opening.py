"""A file, folder or address as a Source, whatever kind of catalogue it is."""

import io
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path

from models.archive import reading
from models.archive.errors import ArchiveError, RejectedError
from models.archive.reading import Note, ReadUrl
from models.archive.sources import rows
from models.archive.sources.base import Damaged, Row, Source, Values

SAMPLES = 16
_HEAD = 1 << 16
Parsed = tuple[Iterator[Row | Damaged], tuple[Values, ...]]  # rows, and samples of them


def opened(name: str, columns: Mapping[str, str], read_url: ReadUrl | None, note: Note) -> Source:
    """Open what the user named. Raises ArchiveError where it is not there or holds no catalogue of any form."""
    path = Path(name)
    if "://" in name:
        source = Source(name, iter(()), columns=columns, read_url=read_url, note=note)
        file: reading.File = io.BytesIO(_downloaded(source))
    elif _is_folder(path):
        _see_into(path)
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
    """The rows of a file that was read from elsewhere, with its name as their place. Raises ArchiveError."""
    return _placed(_parsed(io.BytesIO(content), name, lambda _: None)[0], name)


def _downloaded(source: Source) -> bytes:
    try:
        return source.read(source.name)
    except RejectedError as error:
        raise ArchiveError(f"{source.name}: cannot be read ({error.detail or error.kind})") from None


def file_at(path: Path) -> io.BufferedReader:
    """A file to read. Raises ArchiveError where there is none that can be read."""
    try:
        if not path.exists():
            raise ArchiveError(f"{path}: there is no such file, folder or address")
        if not path.is_file():
            raise ArchiveError(f"{path}: is neither a file nor a folder; name a catalogue")
        return path.open("rb")
    except OSError as error:
        raise _unreadable(path, error) from None


def _unreadable(path: Path, error: OSError) -> ArchiveError:
    return ArchiveError(f"{path}: cannot be read ({error.strerror}); see its name and who may read it")


def _see_into(folder: Path) -> None:
    """Raise ArchiveError for a folder whose files may not be listed, or not be opened."""
    try:
        with os.scandir(folder):
            os.stat(os.path.join(folder, os.curdir))
    except OSError as error:
        raise _unreadable(folder, error) from None


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # out of reach, or too long a name: opening it says which
        return False


def _parsed(file: reading.File, name: str, note: Note) -> Parsed:
    text = reading.lines(reading.unpacked(file, name), name, note)
    first = next((line for line in text if line.strip()), "")
    if not first:
        raise ArchiveError(f"{name}: is empty; get the catalogue again")
    if first.lstrip().startswith("<"):
        raise ArchiveError(f"{name}: is a web page or XML, not a catalogue in CSV or JSON; look at it in a browser")
    text = chain([first], text)
    if rows.is_json(first[:_HEAD]):
        return _sampled(rows.objects(text, name))
    header, found = rows.table(_ended(text, name, note), name)
    return found, (dict.fromkeys(header, ""),)


def _ended(lines: Iterator[str], name: str, note: Note) -> Iterator[str]:
    """The lines of a table, with a note where the last has no end: in its last column a cut cannot be told."""
    line = "\n"
    for line in lines:
        yield line
    if not line.endswith(("\n", "\r")):
        note(f"{name}: its last line has no end; if the file was cut there, get the whole and import it again")


def _sampled(found: Iterator[Row | Damaged]) -> Parsed:
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
    try:
        found = sorted(folder.glob(pattern))
    except OSError as error:  # something went away while it was looked through
        raise _unreadable(folder, error) from None
    for path in found:
        place = path.relative_to(folder).as_posix()
        yield from _placed(within(path), place)


def within(path: Path) -> Iterator[Row | Damaged]:
    """The objects in a JSON file; one that cannot be read is damaged, not the end."""
    try:
        with file_at(path) as file:
            yield from rows.objects(
                reading.lines(reading.unpacked(file, str(path)), str(path), lambda _: None), str(path)
            )
    except ArchiveError as error:
        yield Damaged(str(path), str(error).removeprefix(f"{path}: "))


def _placed(found: Iterator[Row | Damaged], place: str) -> Iterator[Row | Damaged]:
    for row in found:
        yield row._replace(place=place) if isinstance(row, Row) else replace(row, place=place)
