"""Files at an address of fsspec, such as s3://bucket/set or file:///mnt/set: each is there whole or not at all."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from operator import itemgetter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any, Self
from uuid import uuid4

import fsspec  # type: ignore[import-untyped]
from fsspec.implementations.local import LocalFileSystem  # type: ignore[import-untyped]

from models.files import write_atomically


class AddressError(Exception):
    """An address that leads nowhere: one sentence with what, where and what to do."""


@dataclass(frozen=True, slots=True)
class Remote:
    """A file or a folder. Whatever goes wrong with one is an OSError, FileNotFoundError where nothing is."""

    files: Any  # an fsspec.AbstractFileSystem
    path: str

    @classmethod
    def at(cls, address: str) -> Self:
        """A path counts as an address, too. Raises AddressError where nothing installed understands it, or nothing
        answers: some kinds of storage are asked at once.
        """
        try:
            files, path = fsspec.url_to_fs(address)
        except Exception as error:  # noqa: BLE001 - every kind of storage has errors of its own library
            said = str(error).strip() or type(error).__name__
            raise AddressError(f"{address}: cannot be reached ({said}); name a folder or another address") from None
        return cls(files, path.rstrip("/") or path[:1])

    @property
    def name(self) -> str:
        """The last part of its path."""
        return self.path.rpartition("/")[2]

    def __truediv__(self, name: str) -> Self:
        return replace(self, path=f"{self.path}/{name}")

    def beside(self, suffix: str) -> Self:
        """What has the same name with `suffix` behind it."""
        return replace(self, path=self.path + suffix)

    def exists(self) -> bool:
        """Whether a file or a folder is there, as this machine sees it."""
        with _as_os_errors():
            return bool(self.files.exists(self.path))

    def read(self) -> bytes:
        """All of it."""
        with _as_os_errors():
            data: bytes = self.files.cat_file(self.path)
            return data

    @contextmanager
    def create(self) -> Iterator[IO[bytes]]:
        """A file to read and write, which is there when the context ends, and only if it ends without an error."""
        with TemporaryDirectory(prefix="reverie-") as folder:
            whole = Path(folder) / self.name
            with whole.open("w+b") as file:
                yield file
            self._put(whole)

    def _put(self, whole: Path) -> None:
        if isinstance(self.files, LocalFileSystem):
            write_atomically(Path(self.path), lambda temporary: shutil.copyfile(whole, temporary))
            return
        with _as_os_errors():
            folder, part = self.path.rpartition("/")[0], f"{self.path}.{uuid4().hex}.part"
            if not self.files.exists(folder):
                self.files.makedirs(folder, exist_ok=True)
            try:
                self.files.put_file(str(whole), part)
                self.files.mv(part, self.path)  # one step in every kind of storage; not so a file being uploaded
            finally:
                if self.files.exists(part):
                    self.files.rm_file(part)

    def sizes(self) -> dict[str, int]:
        """The names of the files in this folder, with their bytes; none where there is no folder."""
        with _as_os_errors():
            self.files.invalidate_cache()
            if not self.files.exists(self.path):
                return {}
            found = self.files.ls(self.path, detail=True)
        names = ((one["name"].rstrip("/").rpartition("/")[2], one) for one in found)
        return {name: int(one["size"]) for name, one in sorted(names, key=itemgetter(0)) if one["type"] == "file"}

    def remove(self) -> None:
        """Take the file or the folder away, if it is there."""
        with _as_os_errors():
            if self.files.exists(self.path):
                self.files.rm(self.path, recursive=True)


def absolute(address: str) -> str:
    """The same address for processes in other folders, without a slash at its end."""
    return (address if "://" in address else str(Path(address).absolute())).rstrip("/")


@contextmanager
def _as_os_errors() -> Iterator[None]:
    try:
        yield
    except OSError:
        raise
    except Exception as error:  # noqa: BLE001 - every kind of storage has errors of its own library
        raise OSError(f"{type(error).__name__}: {str(error).strip()}") from None
