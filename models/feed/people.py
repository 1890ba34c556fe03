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

LOCK = "registry.lock"
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
def lock(folder: Path) -> Iterator[None]:
    """Nobody else changes this folder's list meanwhile. Raises FeedError after PATIENCE."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / LOCK).open("ab")
    except OSError as error:
        raise FeedError(f"{folder}: cannot be written to ({error.strerror}); see whether it is there") from None
    with file:
        deadline = time.monotonic() + PATIENCE
        while not _locked(file):
            if time.monotonic() > deadline:
                raise FeedError(f"{folder}: somebody has been changing it for {PATIENCE:g} s; try again later")
            time.sleep(LOOK)
        yield


def _locked(file: IO[bytes]) -> bool:
    """Whether the lock is ours now; closing the file gives it back."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
