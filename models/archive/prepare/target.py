"""Where a set goes: a StyleGAN zip, a folder of WebDataset shards, or shards at an address. Its manifest beside it.

A set is whole when its manifest is there: that is taken away before anything is written, and written last.
"""

import json
import os
import re
import shutil
import zipfile
from collections.abc import Iterable
from glob import escape
from pathlib import Path
from typing import Any, Protocol
from uuid import uuid4

from models.archive.errors import ArchiveError
from models.archive.prepare.manifest import manifest_text, write_manifest
from models.archive.prepare.place import place
from models.archive.prepare.sample import Sample
from models.archive.prepare.shards import write_shards
from models.archive.prepare.stylegan_zip import write_zip
from models.files import is_device, write_atomically

MANIFEST = ".manifest.json"


class Target(Protocol):
    """A place for one set called `name`. All raise OSError."""

    name: str

    def manifest(self) -> dict[str, Any] | None:
        """That of the whole set that is there, if one is."""

    def files(self) -> dict[str, int]:
        """The names of the set's files as they are now, with their bytes."""

    def write(self, samples: Iterable[Sample], suffix: str, classes: list[str] | None) -> None:
        """Put the samples there instead of what was. Until `finish` it is no set."""

    def finish(self, manifest: dict[str, Any]) -> None:
        """Make it one."""


class ZipTarget:
    """One file. Raises ArchiveError where it cannot be, or is and is no set."""

    def __init__(self, path: Path) -> None:
        _check_parent(path)
        if path.is_dir():
            raise ArchiveError(f"{path}: is a folder; name a file that ends in .zip, or a folder without it")
        if is_device(path) or (path.exists() and not _is_zipped_set(path)):
            raise ArchiveError(f"{path}: is there and is no set; name another file, or take it away")
        self.name = path.stem
        self._path = Path(os.path.realpath(path))  # a link leads to where there is room
        self._manifest = path.with_name(path.stem + MANIFEST)

    def manifest(self) -> dict[str, Any] | None:
        return _manifest(self._manifest)

    def files(self) -> dict[str, int]:
        return _sizes([self._path])

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
        self._path = Path(os.path.realpath(path))  # a link leads to where there is room
        self._manifest = path.with_name(path.name + MANIFEST)
        if path.exists() and not (path.is_dir() and all(_is_shard(file.name, self.name) for file in path.iterdir())):
            raise ArchiveError(
                f"{path}: is there and holds other things than shards of {self.name}; name another place"
            )

    def manifest(self) -> dict[str, Any] | None:
        return _manifest(self._manifest)

    def files(self) -> dict[str, int]:
        return _sizes(self._path.iterdir() if self._path.is_dir() else ())

    def write(self, samples: Iterable[Sample], suffix: str, classes: list[str] | None) -> None:
        self._manifest.unlink(missing_ok=True)
        temporary = self._path.with_name(f".{self._path.name}.tmp")
        _remove(temporary)
        temporary.mkdir(parents=True)
        try:
            names = write_shards(lambda name: (temporary / name).open("wb"), self.name, samples, suffix, classes)
            _flush(temporary / name for name in names)  # before the manifest says that they are there
            _remove(self._path)
            os.replace(temporary, self._path)
        finally:
            _remove(temporary)

    def finish(self, manifest: dict[str, Any]) -> None:
        write_manifest(self._manifest, manifest)


class AddressTarget:
    """Shards anywhere fsspec writes to, each whole or not at all. Raises ArchiveError where it does not."""

    def __init__(self, address: str) -> None:
        self._folder = place(address)
        self._manifest = self._folder.beside(MANIFEST)
        self.name = self._folder.name
        if not self.name:
            raise ArchiveError(f"{address}: names no folder; write one behind it")
        if self.name.endswith(".zip"):
            raise ArchiveError(f"{address}: shards go to an address, not a .zip; name a folder there, or a file here")
        self._check(address)

    def manifest(self) -> dict[str, Any] | None:
        return _parsed(self._manifest.read()) if self._manifest.exists() else None

    def files(self) -> dict[str, int]:
        return {name: size for name, size in self._folder.sizes().items() if _is_shard(name, self.name)}

    def write(self, samples: Iterable[Sample], suffix: str, classes: list[str] | None) -> None:
        self._manifest.remove()
        names = write_shards(lambda name: (self._folder / name).create(), self.name, samples, suffix, classes)
        for name in self.files():
            if name not in names:
                (self._folder / name).remove()

    def finish(self, manifest: dict[str, Any]) -> None:
        with self._manifest.create() as file:
            file.write(manifest_text(manifest))

    def _check(self, address: str) -> None:
        """That something can be put there, now rather than after hours."""
        probe = self._folder.beside(f".{uuid4().hex}.probe")
        try:
            with probe.create():
                pass  # an empty file will do
            probe.remove()
        except OSError as error:
            said = error.strerror or error
            raise ArchiveError(f"{address}: cannot be written ({said}); name another place") from None


def target(out: str) -> Target:
    """By its name: an address, a file that ends in .zip, else a folder. Raises ArchiveError."""
    if "://" in out:
        return AddressTarget(out)
    path = Path(out)
    return ZipTarget(path) if path.suffix.lower() == ".zip" else FolderTarget(path)


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
        path.with_name(f".{path.name}{MANIFEST}.1234567.tmp").exists()  # the longest name beside it
        path.parent.mkdir(parents=True, exist_ok=True)
        writable = os.access(path.parent, os.W_OK)
    except (OSError, ValueError):  # names too long, or none
        writable = False
    if not writable or path.name in ("", ".."):
        raise ArchiveError(f"{path}: cannot be written there; name another place")


def _is_zipped_set(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as file:
            return "dataset.json" in file.namelist()
    except (OSError, zipfile.BadZipFile):
        return False


def _is_shard(name: str, set_: str) -> bool:
    return re.fullmatch(rf"{re.escape(set_)}-\d{{6,}}\.tar", name) is not None


def _sizes(paths: Iterable[Path]) -> dict[str, int]:
    return {path.name: path.stat().st_size for path in sorted(paths) if path.is_file()}


def _flush(files: Iterable[Path]) -> None:
    for path in files:
        with path.open("rb") as file:
            os.fsync(file.fileno())


def _remove(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)
