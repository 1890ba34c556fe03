"""How long the files of a recording are kept: by age, by size, or for ever."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from engine.outputs.video.names import Naming

DAY = 86400.0  # seconds


class Keep(NamedTuple):
    """What may be kept; None: without limit."""

    days: float | None = None
    bytes: int | None = None


class _File(NamedTuple):
    """A finished file: its last change by the wall clock in seconds, and its size."""

    changed: float
    path: Path
    size: int


def forget(naming: Naming, keep: Keep, now: float) -> list[Path]:
    """Delete the oldest finished files of a recording until the rest may stay; what was deleted. Raises OSError.

    `now` is the wall clock's, in seconds. Files still being written count for the size and are never deleted.
    """
    files = sorted(_looked_at(naming.whole_files()))
    total = sum(file.size for file in files) + sum(part.size for part in _looked_at(path for path, _ in naming.parts()))
    gone: list[Path] = []
    for file in files:
        old = keep.days is not None and now - file.changed > keep.days * DAY
        much = keep.bytes is not None and total > keep.bytes
        if not old and not much:
            break
        file.path.unlink(missing_ok=True)
        gone.append(file.path)
        total -= file.size
    return gone


def _looked_at(paths: Iterable[Path]) -> Iterator[_File]:
    """What there is of them: a file may get its final name, or go, between being listed and being looked at."""
    for path in paths:
        with suppress(FileNotFoundError):
            found = path.stat()
            yield _File(found.st_mtime, path, found.st_size)
