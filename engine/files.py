"""Files that are whole or absent, and nothing but files: what only looks like one is waited for without end."""

import errno
import os
from contextlib import suppress
from pathlib import Path
from stat import S_ISDIR, S_ISREG

from engine.errors import ReverieError


def read_file(path: Path, most: int, advice: str) -> bytes:
    """A file of `most` bytes at most. Raises ReverieError, with `advice` in it."""
    try:
        _refuse_device(path)
        with path.open("rb") as file:
            data = file.read(most + 1)
    except (OSError, ValueError) as error:
        raise ReverieError(f"{path}: cannot be read ({reason(error)}); {advice}") from None
    if len(data) > most:
        raise ReverieError(f"{path}: is too large, {most} bytes is the most; {advice}")
    return data


def write_atomic(path: Path, data: bytes) -> None:
    """Write `data` so that a crash or power cut leaves the old file or the new one, never half. Raises ReverieError."""
    partial = path.parent / f".{path.name}.part"
    try:
        _refuse_device(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    except (OSError, ValueError) as error:
        with suppress(OSError, ValueError):
            partial.unlink()
        raise ReverieError(f"{path}: cannot be written ({reason(error)}); choose another place or free space") from None


def unwritable(path: Path) -> str:
    """Why no file can be put at `path`, in the system's words; empty where one can. Nothing is made or changed."""
    try:
        _refuse_device(path)
        if not path.name or path.is_dir():
            return os.strerror(errno.EISDIR)
        with suppress(FileNotFoundError):
            (path.parent / f".{path.name}.1234567.part").lstat()  # the longest name beside it: is that too long?
        return _closed(path.parent)
    except (OSError, ValueError) as error:
        return reason(error)


def check_current_folder() -> None:
    """Raise ReverieError where the folder that relative paths count from is gone: torch would end the process."""
    try:
        os.getcwd()
    except OSError as error:
        raise ReverieError(f"the current folder is gone ({reason(error)}); change into one that is there") from None


def absent(path: Path) -> bool:
    """Whether nothing is there. What may not be looked at counts as there: whoever opens it is told why."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except (OSError, ValueError):
        return False
    return False


def reason(error: OSError | ValueError) -> str:
    """What the system has against a file; a ValueError is about its name."""
    return getattr(error, "strerror", None) or str(error)


def _closed(folder: Path) -> str:
    """Why nothing can be put into a folder, or into the one it would be made in."""
    while not os.path.lexists(folder):
        folder = folder.parent
    if not folder.is_dir():
        return os.strerror(errno.ENOTDIR)
    return "" if os.access(folder, os.W_OK | os.X_OK) else os.strerror(errno.EACCES)


def _refuse_device(path: Path) -> None:
    """Raise OSError where a pipe, a socket or a device is: to be read without end, or to be replaced by a file."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return
    if not S_ISREG(mode) and not S_ISDIR(mode):
        raise OSError(errno.EINVAL, "it is a pipe or a device, not a file")
