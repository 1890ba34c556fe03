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


class Rest(NamedTuple):
    """What came of a look: the files that were deleted, and the newest where it alone is more than may be kept."""

    gone: list[Path]
    too_large: Path | None = None


def forget(naming: Naming, keep: Keep, now: float) -> Rest:
    """Delete the oldest finished files of a recording until the rest may stay. Raises OSError.

    `now` is the wall clock's, in seconds. Files still being written count for the size; neither they nor the newest
    finished one are ever deleted.
    """
    files = sorted(_looked_at(naming.whole_files()))
    if not files:
        return Rest([])
    newest = files.pop()
    today = min(now, newest.changed + DAY)  # a clock that is years ahead makes no file old
    total = newest.size + sum(file.size for file in [*files, *_looked_at(naming.unfinished())])
    gone: list[Path] = []
    for file in files:
        old = keep.days is not None and today - file.changed > keep.days * DAY
        much = keep.bytes is not None and total > keep.bytes
        if not old and not much:
            break
        file.path.unlink(missing_ok=True)
        gone.append(file.path)
        total -= file.size
    alone = keep.bytes is not None and newest.size > keep.bytes
    return Rest(gone, newest.path if alone else None)


def _looked_at(paths: Iterable[Path]) -> Iterator[_File]:
    """What there is of them: a file may get its final name, or go, between being listed and being looked at."""
    for path in paths:
        with suppress(FileNotFoundError):
            found = path.stat()
            yield _File(found.st_mtime, path, found.st_size)
