"""Where an archive's picture files lie, and how one becomes whole.

A file grows as `unfinished/NAME.part` and is renamed to `images/ab/NAME.SUFFIX` when it is whole, NAME being a hash of
the record's id. Between the two the catalogue says what is about to happen, so that a run killed at any moment can tell
what is whole without asking the server again.
"""

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from models.archive.errors import ArchiveError
from models.archive.fetch.picture import SUFFIXES, digest
from models.archive.record import Entry, Status
from models.files import flush

UNFINISHED = "unfinished"
IMAGES = "images"


class Store:
    """The files of the archive in `folder`; `put` writes an entry to its catalogue."""

    def __init__(self, folder: Path, put: Callable[[Iterable[Entry]], None]) -> None:
        self._folder = folder
        self._put = put
        self._parts = folder / UNFINISHED
        with disk(self._parts):
            self._parts.mkdir(exist_ok=True)

    def part(self, key: str) -> Path:
        """Where the file of the record with this id grows."""
        return self._parts / f"{_name(key)}.part"

    def path(self, entry: Entry) -> Path:
        """The whole file of an entry that has one."""
        return self._folder / entry.file

    def keep(self, entry: Entry, suffix: str, sha256: str) -> Entry:
        """Take the whole part of an entry into the archive. Raises ArchiveError where the disk refuses."""
        name, part = _name(entry.record.id), self.part(entry.record.id)
        file = f"{IMAGES}/{name[:2]}/{name}{suffix}"
        entry = replace(entry, kind="", detail="", file=file, sha256=sha256, size=part.stat().st_size)
        self._put([entry])
        return self._publish(entry)

    def recover(self, entry: Entry) -> Entry | None:
        """What a killed run had all but finished: the entry as fetched, None where its file is not whole after all."""
        part, path = self.part(entry.record.id), self.path(entry)
        if _is(part, entry.sha256):
            return self._publish(entry)
        return self._done(entry) if _is(path, entry.sha256) else None

    def drop(self, key: str) -> None:
        """Remove the part of a record that is not to be had."""
        remove(self.part(key))

    def sweep(self, kept: set[Path]) -> None:
        """Remove every part but those `kept` for another run."""
        with disk(self._parts):
            for path in self._parts.iterdir():
                if path not in kept:
                    path.unlink()
            if not kept:
                self._parts.rmdir()

    def _publish(self, entry: Entry) -> Entry:
        path = self.path(entry)
        with disk(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            os.replace(self.part(entry.record.id), path)
            flush(path.parent)
            for suffix in set(SUFFIXES.values()) - {path.suffix}:  # an earlier picture of this record
                path.with_suffix(suffix).unlink(missing_ok=True)
        return self._done(entry)

    def _done(self, entry: Entry) -> Entry:
        fetched = replace(entry, status=Status.FETCHED)
        self._put([fetched])
        return fetched


def seal(path: Path) -> str:
    """Flush a whole file to disk. Returns its SHA-256. Raises ArchiveError."""
    with disk(path):
        flush(path)
        return digest(path)


def remove(path: Path) -> None:
    """Remove a part, if it is there. Raises ArchiveError."""
    with disk(path):
        path.unlink(missing_ok=True)


def _name(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:32]


def _is(path: Path, sha256: str) -> bool:
    return path.is_file() and digest(path) == sha256


@contextmanager
def disk(path: Path) -> Iterator[None]:
    """What the disk refuses within ends the run with a sentence: raises ArchiveError."""
    try:
        yield
    except OSError as error:
        raise ArchiveError(
            f"{path}: cannot be written ({error.strerror}); make room and run the same command again"
        ) from None
