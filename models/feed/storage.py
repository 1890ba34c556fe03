"""How the files of a registry come to be: whole or not at all, and without what a killed process left of its own."""

import hashlib
import os
import re
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from fsspec.implementations.local import LocalFileSystem  # type: ignore[import-untyped]

from models.feed.errors import FeedError
from models.files import write_atomically
from models.remote import Remote

PIECE = 2**20
FORGOTTEN = 3600.0  # seconds; another machine may be writing one that is younger
_TEMPORARY = re.compile(r"\..+\.([1-9]\d{0,8})\.tmp")  # as `write_atomically` names them, with its process


def is_local(place: Remote) -> bool:
    """Whether it is on a file system of this machine."""
    return isinstance(place.files, LocalFileSystem)


def put(place: Remote, write: Callable[[IO[bytes]], object]) -> None:
    """Have `write` fill a file that is there afterwards, and only if nothing was raised.

    In a folder it grows beside its place; on the way to other storage, in this machine's temporary folder.
    """
    if not is_local(place):
        with place.create() as file:
            write(file)
        return

    def fill(temporary: Path) -> None:
        with temporary.open("wb") as file:
            write(file)

    write_atomically(Path(place.path), fill)


def copy(source: IO[bytes], target: IO[bytes]) -> str:
    """All that is left of `source`, into `target`; returns the SHA-256 of what was written."""
    digest = hashlib.sha256()
    while piece := source.read(PIECE):
        target.write(piece)
        digest.update(piece)
    return digest.hexdigest()


def sweep(folder: Path) -> None:
    """Clear half files of processes that ended while writing here."""
    for path in folder.glob(".*.tmp"):
        found = _TEMPORARY.fullmatch(path.name)
        with suppress(OSError):  # gone meanwhile, or somebody else's: no reason not to publish
            if found and time.time() - path.stat().st_mtime > FORGOTTEN and not _lives(int(found[1])):
                path.unlink()


def check_writable(folder: Path) -> None:
    """Raise FeedError unless one could write into `folder`, or make it. Nothing is left behind."""
    there = next(path for path in (folder, *folder.parents) if os.path.lexists(path))
    if not there.is_dir():
        raise FeedError(f"{there}: this is a file, no folder; give a folder or an address")
    try:
        TemporaryFile(dir=there).close()
    except OSError as error:
        raise FeedError(f"{there}: cannot be written to ({error.strerror}); give another folder") from None


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's
        return True
    return True
