"""Files that are whole or absent."""

import os
from contextlib import suppress
from pathlib import Path

from engine.errors import ReverieError


def write_atomic(path: Path, data: bytes) -> None:
    """Write `data` so that a crash or power cut leaves the old file or the new one, never half. Raises ReverieError."""
    partial = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    except OSError as error:
        with suppress(OSError):
            partial.unlink()
        raise ReverieError(
            f"{path}: cannot be written ({error.strerror}); choose another place or free space"
        ) from None
