"""Who changes a registry, and that it is one at a time."""

import fcntl
import getpass
import os
import platform
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from models.feed.errors import FeedError

INDEX = "registry.json"
LOCK = "registry.lock"
NOBODY = "there is no registry here; see whether the address is right"
PATIENCE = 60.0  # seconds; a change takes milliseconds, publishing as long as copying a network
LOOK = 0.05


def whoever() -> str:
    """Who decides here: user@machine."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        user = str(os.getuid())
    return f"{user}@{platform.node()}"


@contextmanager
def lock(folder: Path, create: bool) -> Iterator[None]:
    """Nobody else changes this folder's list meanwhile. Raises FeedError after PATIENCE, and where there is no list
    unless it is to `create` one.
    """
    with _opened(folder, create) as file:
        deadline = time.monotonic() + PATIENCE
        while not _locked(file):
            if time.monotonic() > deadline:
                raise FeedError(f"{folder}: somebody has been changing it for {PATIENCE:g} s; try again later")
            time.sleep(LOOK)
        yield


def _opened(folder: Path, create: bool) -> IO[bytes]:
    try:
        if create:
            folder.mkdir(parents=True, exist_ok=True)
        else:
            (folder / INDEX).stat()
        return (folder / LOCK).open("ab")
    except OSError as error:
        if not create and isinstance(error, FileNotFoundError):
            raise FeedError(f"{folder}: {NOBODY}") from None
        raise FeedError(f"{folder}: cannot be written to ({error.strerror}); see whether it is there") from None


def _locked(file: IO[bytes]) -> bool:
    """Whether the lock is ours now; closing the file gives it back."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
