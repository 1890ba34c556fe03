"""A file while it is written: locked, so that nobody takes it for a leftover, and synced to the disk meanwhile.

A power cut costs what is not on the disk yet, so a thread of its own syncs what was written, a few times a second. When
the file is closed FFmpeg goes back and overwrites a few bytes at the beginning, which from then on point to the index
at the end: all else is synced before that, so that at no moment the file on the disk cannot be read.
"""

import errno
import fcntl
import os
from contextlib import suppress
from io import FileIO
from pathlib import Path
from threading import Event, Thread
from typing import BinaryIO, cast

from engine.files import sync_folder
from engine.outputs.video.boxes import whole_length

SYNC_REST = 0.25  # seconds between two syncs, at least


class PartFile:
    """What FFmpeg writes into. Raises FileExistsError where there is such a file, and any other OSError."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = _created(path)
        self.size = 0
        """Bytes that were written."""
        self.closed = False
        """Whether nothing more may be written. PyAV asks before it ends a file that is thrown away half done."""
        self._written = Event()
        self._over = Event()
        self.sync_error: OSError | None = None
        self._syncer = Thread(target=self._sync_beside, name="recorder sync", daemon=True)
        self._syncer.start()

    def write(self, data: bytes) -> int:
        """All of `data`, however often the system must be asked."""
        if self.closed:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        if self.sync_error is not None:
            raise self.sync_error
        if self._file.tell() < self.size:
            os.fsync(self._file.fileno())
        rest = memoryview(data)
        length = len(rest)
        while rest:
            rest = rest[self._file.write(rest) :]
        self.size = max(self.size, self._file.tell())
        self._written.set()
        return length

    def seek(self, offset: int, whence: int = 0) -> int:
        """As of any file."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """As of any file."""
        return self._file.tell()

    def refuse(self) -> None:
        """Take nothing more."""
        self.closed = True

    def cut_to_whole(self) -> int:
        """Leave out what lies after the last whole fragment; the bytes that are left."""
        whole = whole_length(cast(BinaryIO, self._file))
        self._file.truncate(whole)
        return whole

    def end_syncing(self) -> None:
        """Sync all that was written and end the thread. Raises OSError."""
        self._over.set()
        self._written.set()
        self._syncer.join()
        if self.sync_error is not None:
            raise self.sync_error
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Let go of the file and of its lock. Safe to call twice."""
        self.closed = True
        self._over.set()
        self._written.set()
        self._syncer.join()
        self._file.close()

    def _sync_beside(self) -> None:
        try:
            sync_folder(self.path.parent)
            while not self._over.is_set():
                self._written.wait()
                self._written.clear()
                os.fsync(self._file.fileno())
                self._over.wait(SYNC_REST)
        except OSError as error:
            self.sync_error = error


def _created(path: Path) -> FileIO:
    """A new file, locked. Whoever looks for leftovers may have locked it first, and deleted it for being empty: then
    there is another one to make.
    """
    while True:
        file = FileIO(path, "x+")
        with suppress(OSError):  # a file system without locks, where all keep away
            fcntl.flock(file, fcntl.LOCK_EX)
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(file.fileno()), path.stat()):
                return file
        file.close()


def lock(file: FileIO) -> bool:
    """Take a file for this process; whether it is ours. The lock goes with the process, however that ends."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:  # another's, or a file system without locks, where nobody can tell and all keep away
        return False
    return True
