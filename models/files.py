"""Files: written so that a power cut leaves the old one or the new one, and what only looks like one."""

import errno
import os
from collections.abc import Callable
from pathlib import Path
from stat import S_ISDIR, S_ISREG


def write_atomically(path: Path, write: Callable[[Path], object]) -> None:
    """Call `write` with a temporary path beside `path`, flush it to disk and put it in `path`'s place.

    The file gets the rights that the user's umask gives a new one, whatever `write` left. Raises OSError, also where
    the new file would take the place of a pipe or a device.
    """
    if is_device(path):
        raise OSError(errno.EINVAL, "it is a pipe or a device", str(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        temporary.touch()
        mode = temporary.stat().st_mode
        write(temporary)
        temporary.chmod(mode)  # safetensors makes its files readable by their owner alone
        flush(temporary)
        os.replace(temporary, path)
        flush(path.parent)  # else a power cut may still undo the renaming
    finally:
        temporary.unlink(missing_ok=True)


def is_device(path: Path) -> bool:
    """Whether something is there that one may wait for without end when reading it: a pipe or a device."""
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):  # whoever opens it is told why
        return False
    return not S_ISREG(mode) and not S_ISDIR(mode)


def flush(path: Path) -> None:
    """What was written to a file, or renamed in a folder, outlasts a power cut. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
