"""Networks fetched from registries: verified, bounded, and still there when a registry is not."""

import hashlib
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from models.errors import CheckpointError
from models.feed.entries import Entry, Follow
from models.feed.errors import FeedError, RefusedError
from models.feed.registry import Registry
from models.files import write_atomically
from models.manifest import LARGEST_FILE, check_hash, hash_file, read_manifest
from models.names import DIRECTIONS

MOST_FILES = 8
MOST_BYTES = 8 * 2**30
CHUNK = 2**20
ABANDONED = 86400.0  # seconds
SUFFIX = ".safetensors"


class Cache:
    """A folder of networks by their SHA-256, the least recently used ones let go of. Any thread, any process."""

    def __init__(self, folder: Path | None = None) -> None:
        """`folder` left out: where this user's programs keep what they can get again."""
        self.folder = folder or _home() / "reverie" / "feed"

    def fetch(self, registry: Registry, entry: Entry) -> Path:
        """The file of a network, fetched where it is not here yet, its hash verified and its header read.

        Raises RefusedError where it is not what the registry says or no checkpoint, FeedError where it cannot be
        fetched now.
        """
        path = self.path(entry)
        if not self._have(path):
            self._download(registry, entry, path)
        return path

    def path(self, entry: Entry) -> Path:
        """Where the file of a network stands once it is fetched."""
        return self.folder / f"{entry.sha256}{SUFFIX}"

    def use(self, entry: Entry) -> None:
        """Say that a network is on a wall: it is the last one to be let go of."""
        with suppress(OSError):  # a cache nobody may write to, or one that was emptied: the next fetch says so
            os.utime(self.path(entry))

    def remember(self, registry: Registry, follow: Follow, entry: Entry) -> None:
        """Note what a wall shows, for a start at which the registry cannot be reached."""
        text = entry.model_dump_json().encode()
        with _writing(self.folder):
            write_atomically(self._note(registry, follow), lambda part: part.write_bytes(text))

    def remembered(self, registry: Registry, follow: Follow) -> Entry | None:
        """What a wall showed last, if its file is still here."""
        try:
            entry = Entry.model_validate(json.loads(self._note(registry, follow).read_bytes()))
        except (OSError, ValueError):  # never noted, or damaged: then nothing is known
            return None
        return entry if self._have(self.path(entry)) else None

    def _note(self, registry: Registry, follow: Follow) -> Path:
        return self.folder / f"{hashlib.sha256(f'{follow} {registry.place}'.encode()).hexdigest()[:32]}.json"

    def _have(self, path: Path) -> bool:
        try:
            check_hash(path)
            read_manifest(path)
        except CheckpointError:
            return False
        return os.path.isfile(hash_file(path))

    def _download(self, registry: Registry, entry: Entry, path: Path) -> None:
        def write(part: Path) -> None:
            with registry.open(entry) as source, part.open("wb") as file:
                found = _copy(source, file)
            if found != entry.sha256:
                raise RefusedError(f"{entry.name} is not the file the registry tells of: its SHA-256 is another")
            try:
                read_manifest(part)
            except CheckpointError:
                raise RefusedError(f"{entry.name} is no checkpoint of this Reverie") from None

        line = f"{entry.sha256}  {path.name}\n".encode()
        with _writing(self.folder):
            write_atomically(path, write)
            write_atomically(hash_file(path), lambda part: part.write_bytes(line))
            self._tidy(path)

    def _tidy(self, newest: Path) -> None:
        """Let go of what was not used for longest."""
        space = MOST_BYTES
        for kept, (path, size) in enumerate(_by_use(self.folder)):
            space -= size
            if path != newest and (kept >= MOST_FILES or space < 0):
                for file in (path, hash_file(path), path.with_name(f"{path.stem}{DIRECTIONS}")):
                    file.unlink(missing_ok=True)
        for part in self.folder.glob(".*.tmp"):
            if time.time() - part.stat().st_mtime > ABANDONED:  # by a process that was killed
                part.unlink(missing_ok=True)


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    """What the disk refuses becomes one sentence."""
    try:
        yield
    except OSError as error:
        raise FeedError(f"{folder}: cannot be written ({error.strerror}); free space or set XDG_CACHE_HOME") from None


def _home() -> Path:
    named = os.environ.get("XDG_CACHE_HOME", "")
    return Path(named) if Path(named).is_absolute() else Path.home() / ".cache"


def _by_use(folder: Path) -> list[tuple[Path, int]]:
    """Networks and their sizes, the one used last first."""
    networks = (path for path in folder.glob(f"*{SUFFIX}") if not path.name.endswith(DIRECTIONS))
    found = [(path, path.stat()) for path in networks]
    return [(path, stat.st_size) for path, stat in sorted(found, key=lambda item: -item[1].st_mtime)]


def _copy(source: IO[bytes], file: IO[bytes]) -> str:
    """Copy a bounded number of bytes; their SHA-256."""
    digest = hashlib.sha256()
    for chunk in _chunks(source):
        digest.update(chunk)
        file.write(chunk)
    return digest.hexdigest()


def _chunks(source: IO[bytes]) -> Iterator[bytes]:
    size = 0
    while chunk := source.read(CHUNK):
        size += len(chunk)
        if size > LARGEST_FILE:
            raise RefusedError(f"it is larger than {LARGEST_FILE // 2**30} GiB")
        yield chunk
