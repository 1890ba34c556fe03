"""Files that are whole or absent, and nothing but files: what only looks like one is waited for without end."""

import errno
import os
from contextlib import suppress
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from tempfile import TemporaryFile
from threading import get_native_id
from typing import BinaryIO

from engine.errors import ReverieError

_DEVICE = "it is a pipe or a device, not a file"


class NotRegularError(OSError):
    """What is there is no regular file."""


def read_file(path: Path, most: int, advice: str) -> bytes:
    """A file of `most` bytes at most. Raises ReverieError, with `advice` in it."""
    try:
        with open_regular(path) as file:
            data = file.read(most + 1)
    except (OSError, ValueError) as error:
        raise ReverieError(f"{path}: cannot be read ({reason(error)}); {advice}") from None
    if len(data) > most:
        raise ReverieError(f"{path}: is too large, {most} bytes is the most; {advice}")
    return data


def open_regular(path: Path) -> BinaryIO:
    """Open a regular file to read. Raises OSError, NotRegularError among them, and ValueError.

    Opening a pipe would wait for its writer for ever, and opening some devices has effects: what is no regular file is
    not opened, and what becomes one of those in between does not block.
    """
    _refuse_irregular(path.stat().st_mode)
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        _refuse_irregular(os.fstat(descriptor).st_mode)
    except NotRegularError:
        os.close(descriptor)
        raise
    return os.fdopen(descriptor, "rb")


def write_atomic(path: Path, data: bytes) -> None:
    """Write `data` so that a crash or power cut leaves the old file or the new one, never half. Raises ReverieError."""
    partial = path.parent / f".{path.name}.{get_native_id()}.part"  # others may write the same file just now
    try:
        _refuse_device(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
        sync_folder(path.parent)  # else a power cut may still undo the renaming
    except (OSError, ValueError) as error:
        with suppress(OSError, ValueError):
            partial.unlink()
        raise ReverieError(f"{path}: cannot be written ({reason(error)}); choose another place or free space") from None


def sync_folder(folder: Path) -> None:
    """Have new names in a folder survive a power cut. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # some file systems cannot; their names are as lasting as they make them
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def unwritable(path: Path, beside: str = "") -> str:
    """Why no file can be put at `path`, in the system's words; empty where one can. Nothing stays of the trial.

    `beside` is the longest name that a file next to it will have meanwhile.
    """
    try:
        _refuse_device(path)
        if not path.name or path.is_dir():
            return os.strerror(errno.EISDIR)
        with suppress(FileNotFoundError):
            (path.parent / (beside or f".{path.name}.1234567.part")).lstat()  # is that too long?
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
    """Why nothing can be put into a folder, or into the one it would be made in. Raises OSError."""
    while not os.path.lexists(folder):
        folder = folder.parent
    if not folder.is_dir():
        return os.strerror(errno.ENOTDIR)
    with TemporaryFile(dir=folder):  # rights alone do not tell: /proc gives them to root and takes no file
        return ""


def _refuse_irregular(mode: int) -> None:
    """Raise NotRegularError where a mode is that of anything but a regular file."""
    if S_ISDIR(mode):
        raise NotRegularError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not S_ISREG(mode):
        raise NotRegularError(errno.EINVAL, _DEVICE)


def _refuse_device(path: Path) -> None:
    """Raise OSError where a pipe, a socket or a device is: to be read without end, or to be replaced by a file."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return
    if not S_ISREG(mode) and not S_ISDIR(mode):
        raise OSError(errno.EINVAL, _DEVICE)
