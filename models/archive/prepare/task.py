"""What one machine of many does: a chunk's file made at an address that all of them reach."""

import io
import socket
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from models.archive.errors import ArchiveError
from models.archive.prepare.chunk import NOT_THERE, Item, Read, process_chunk, reject, results_alone, resume
from models.archive.prepare.place import place
from models.archive.prepare.settings import Settings
from models.archive.prepare.work import CRASHED
from models.remote import Remote

HERE = "here"  # a file beside the chunks, by which a machine knows that it sees what the others see


@dataclass(frozen=True, slots=True)
class Places:
    """Addresses of the folders with the records' originals and with the chunks' files."""

    originals: str
    chunks: str


def prepare_chunk(
    items: Sequence[Item], settings: Settings, places: Places, name: str, deadly: Collection[int] = ()
) -> tuple[int, bytes]:
    """Put the chunk's file called `name` in its place, if it is not there; how many records were prepared, and the
    chunk without its images.

    `deadly` are the items under which a process died: they are rejected untried. Raises ArchiveError.
    """
    with _trouble(places.chunks):
        chunks = place(places.chunks)
        if not (chunks / HERE).exists():
            raise ArchiveError(f"{_me()} does not see {places.chunks}: give an address that every node reaches with -o")
        if (made := whole_chunk(chunks / name, len(items))) is not None:
            return 0, results_alone(made)
        with (chunks / name).create() as file:
            read = originals(places.originals)
            for index in sorted(deadly):
                process_chunk(items[:index], settings, read, file)
                reject(file, items[index], CRASHED)
            process_chunk(items, settings, read, file)
            file.seek(0)
            return len(items), results_alone(file)


def prepare_alone(item: Item, settings: Settings, places: Places) -> bool:
    """Prepare a record and drop it: True, where the process does not die of it. Raises ArchiveError."""
    process_chunk([item], settings, originals(places.originals), io.BytesIO())
    return True


def whole_chunk(place: Remote, records: int) -> IO[bytes] | None:
    """A chunk's file, None where it is not there or does not hold so many records as they were written."""
    try:
        file = io.BytesIO(place.read())
    except FileNotFoundError:
        return None
    if resume(file) < records:
        return None
    file.seek(0)
    return file


def originals(address: str) -> Read:
    """Reads files by their names in the folder at `address`, and such as have a path of their own.

    A missing file costs its record, but not on a machine where all are missing: there it is an OSError.
    """
    folder = place(address)

    def read(name: str) -> bytes:
        try:
            return Path(name).read_bytes() if Path(name).is_absolute() else (folder / name).read()
        except NOT_THERE:
            top = place(str(Path(name).parent)) if Path(name).is_absolute() else folder / name.partition("/")[0]
            if _is_there(top):
                raise
            raise OSError(f"{_me()} does not see {top.path}") from None

    return read


def _is_there(remote: Remote) -> bool:
    try:
        return remote.exists()
    except PermissionError:
        return False


@contextmanager
def _trouble(place: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ArchiveError(
            f"{place}: cannot be written by {_me()} ({error.strerror or error}); see to that and start again: it goes"
            " on where it stopped"
        ) from None


def _me() -> str:
    return f"node {socket.gethostname()}"
