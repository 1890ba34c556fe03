"""Files of artists, read without ever waiting for one that is not a regular file."""

import os
from pathlib import Path
from typing import BinaryIO

from engine import files
from engine.render.isf import IsfError

Stamp = tuple[tuple[int, ...], ...]


def read_text(path: Path, most: int) -> str:
    """The text of a file of at most `most` bytes. Raises IsfError."""
    with open_regular(path, most) as file:
        try:
            return file.read(most).decode("utf-8", errors="replace")
        except OSError as error:
            raise _unreadable(path, error) from None


def open_regular(path: Path, most: int) -> BinaryIO:
    """Open a regular file of at most `most` bytes to read, never waiting for one that is none. Raises IsfError."""
    try:
        file = files.open_regular(path)
    except files.NotRegularError:
        raise IsfError(f"{path}: is not a regular file; put a file in its place") from None
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from None
    size = os.fstat(file.fileno()).st_size
    if size <= most:
        return file
    file.close()
    raise IsfError(f"{path}: {size} bytes are more than the {most} it may have; make it smaller")


def exists(path: Path) -> bool:
    """Whether there is anything at this path. Raises IsfError where that cannot be known."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from None
    return True


def resolve_within(folder: Path, text: str) -> Path | None:
    """The path `text` below `folder` with its links followed; None where it leads out. Raises IsfError."""
    try:
        whole = folder.resolve()
        path = (whole / text).resolve()
    except (OSError, ValueError, RuntimeError) as error:  # RuntimeError: links in a circle, up to Python 3.12
        raise _unreadable(Path(text), error) from None
    return path if path.is_relative_to(whole) else None


def _unreadable(path: Path, error: Exception) -> IsfError:
    why = (error.strerror if isinstance(error, OSError) else "") or str(error)
    name = str(path) if str(path).isprintable() else repr(str(path))
    return IsfError(f"{name}: cannot be read: {why}; check its name and permissions")


def stamp(*paths: Path) -> Stamp:
    """Changes whenever one of these files does: is written, replaced, made readable or not, or vanishes."""
    stamps = []
    for path in paths:
        try:
            status = path.stat()
        except OSError:
            continue
        stamps.append((status.st_mtime_ns, status.st_size, status.st_ino, status.st_mode))
    return tuple(stamps)
