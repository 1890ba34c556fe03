"""Where a set goes: a StyleGAN zip, a folder of WebDataset shards, or shards at an address. Its manifest beside it.

A set is whole when its manifest is there: that is taken away before anything is written, and written last.
"""

import json
import os
import shutil
from collections.abc import Iterable
from glob import escape
from pathlib import Path
from typing import IO, Any, Protocol, cast

import fsspec  # type: ignore[import-untyped]

from models.archive.errors import ArchiveError
from models.archive.prepare.manifest import manifest_text, write_manifest
from models.archive.prepare.sample import Sample
from models.archive.prepare.shards import Shards
from models.archive.prepare.stylegan_zip import write_zip
from models.files import write_atomically

MANIFEST = ".manifest.json"


class Target(Protocol):
    """A place for one set called `name`. All raise OSError."""

    name: str

    def manifest(self) -> dict[str, Any] | None:
        """That of the whole set that is there, if one is."""

    def write(self, samples: Iterable[Sample], suffix: str, classes: list[str] | None) -> None:
        """Put the samples there instead of what was. Until `finish` it is no set."""

    def finish(self, manifest: dict[str, Any]) -> None:
        """Make it one."""


class ZipTarget:
    """One file. Raises ArchiveError where it cannot be."""

    def __init__(self, path: Path) -> None:
        _check_parent(path)
        if path.is_dir():
            raise ArchiveError(f"{path}: is a folder; name a file that ends in .zip, or a folder without it")
        self.name = path.stem
        self._path = path
        self._manifest = path.with_name(path.stem + MANIFEST)

    def manifest(self) -> dict[str, Any] | None:
        return _manifest(self._manifest) if self._path.is_file() else None

    def write(self, samples: Iterable[Sample], suffix: str, classes: list[str] | None) -> None:
        self._manifest.unlink(missing_ok=True)
        for left in self._path.parent.glob(f".{escape(self._path.name)}.*.tmp"):  # by a run that was killed
            left.unlink()
        write_atomically(self._path, lambda temporary: write_zip(temporary, samples, suffix, classes))

    def finish(self, manifest: dict[str, Any]) -> None:
        write_manifest(self._manifest, manifest)


class FolderTarget:
    """A folder of shards, filled under another name. Raises ArchiveError where it cannot be or holds anything else."""

    def __init__(self, path: Path) -> None:
        _check_parent(path)
        self.name = path.name
        self._path = path
        self._manifest = path.with_name(path.name + MANIFEST)
        if path.exists() and not (path.is_dir() and all(self._is_shard(file) for file in path.iterdir())):
            raise ArchiveError(
                f"{path}: is there and holds other things than shards of {self.name}; name another place"
            )

    def manifest(self) -> dict[str, Any] | None:
        return _manifest(self._manifest) if self._path.is_dir() else None

    def write(self, samples: Iterable[Sample], suffix: str, classes: list[str] | None) -> None:
        self._manifest.unlink(missing_ok=True)
        temporary = self._path.with_name(f".{self.name}.tmp")
        _remove(temporary)
        temporary.mkdir(parents=True)
        try:
            with Shards(lambda name: (temporary / name).open("wb"), self.name) as shards:
                shards.write(samples, suffix, classes)
            _flush(temporary / name for name in shards.names)  # before the manifest says that they are there
            _remove(self._path)
            os.replace(temporary, self._path)
        finally:
            _remove(temporary)

    def finish(self, manifest: dict[str, Any]) -> None:
        write_manifest(self._manifest, manifest)

    def _is_shard(self, file: Path) -> bool:
        return file.name.startswith(f"{self.name}-") and file.suffix == ".tar"


class AddressTarget:
    """Shards anywhere fsspec writes to: s3://, gs://, memory://. Raises ArchiveError where it does not."""

    def __init__(self, address: str) -> None:
        try:
            self._files, self._path = fsspec.url_to_fs(address)
        except (ImportError, ValueError) as error:
            raise ArchiveError(f"{address}: cannot be written to ({error}); name a folder or a .zip") from None
        self.name = self._path.rstrip("/").rpartition("/")[2]
        self._manifest = self._path.rstrip("/") + MANIFEST

    def manifest(self) -> dict[str, Any] | None:
        if not self._files.exists(self._manifest):
            return None
        return _parsed(self._files.cat_file(self._manifest))

    def write(self, samples: Iterable[Sample], suffix: str, classes: list[str] | None) -> None:
        if self._files.exists(self._manifest):
            self._files.rm(self._manifest)
        self._files.makedirs(self._path, exist_ok=True)
        with Shards(self._create, self.name) as shards:
            shards.write(samples, suffix, classes)
        for left in self._files.glob(f"{self._path}/{self.name}-*.tar"):
            if left.rpartition("/")[2] not in shards.names:
                self._files.rm(left)

    def finish(self, manifest: dict[str, Any]) -> None:
        self._files.pipe_file(self._manifest, manifest_text(manifest))

    def _create(self, name: str) -> IO[bytes]:
        return cast(IO[bytes], self._files.open(f"{self._path}/{name}", "wb"))


def target(out: str) -> Target:
    """By its name: an address, a file that ends in .zip, else a folder. Raises ArchiveError."""
    if "://" in out:
        return AddressTarget(out)
    path = Path(out)
    return ZipTarget(path) if path.suffix == ".zip" else FolderTarget(path)


def _manifest(path: Path) -> dict[str, Any] | None:
    return _parsed(path.read_bytes()) if path.is_file() else None


def _parsed(text: bytes) -> dict[str, Any] | None:
    """None for what is no manifest: then the set is made anew."""
    try:
        content = json.loads(text)
    except ValueError:
        return None
    return content if isinstance(content, dict) else None


def _check_parent(path: Path) -> None:
    """That something can be put beside `path`, now rather than after hours. Raises ArchiveError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        writable = os.access(path.parent, os.W_OK)
    except OSError:
        writable = False
    if not writable or not path.name:
        raise ArchiveError(f"{path}: cannot be written there; name another place")


def _flush(files: Iterable[Path]) -> None:
    for path in files:
        with path.open("rb") as file:
            os.fsync(file.fileno())


def _remove(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)
