"""What the files of a recording are called: while they are written, when they are whole, and which are whose."""

import errno
import os
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
from datetime import datetime
from io import FileIO
from pathlib import Path
from typing import NamedTuple

from engine.files import absent, unwritable
from engine.outputs.base import OutputError, cannot_write
from engine.outputs.video.part_file import lock

DATE = "%Y-%m-%d-%H%M%S"
DATED = r"-(\d{4}-\d\d-\d\d-\d{6})-(\d{3,})"
PART = ".part"
MENDING = ".mending"
MOST_FILES = 9999  # of one run that names are sure to have room for


class Name(NamedTuple):
    """A file of a recording: what its name begins with, and its number in the run, from 1."""

    head: str
    number: int


class Naming(ABC):
    """How a recording names its files. Nothing here takes a name that is in use."""

    def __init__(self, path: Path) -> None:
        """`path` is what the user wrote; it ends in .mp4."""
        self.path = path
        self.folder = path.parent

    @abstractmethod
    def name(self, number: int) -> Name:
        """The name of a file that begins now."""

    @abstractmethod
    def final(self, name: Name) -> Path:
        """Where a file will lie when it is whole."""

    @abstractmethod
    def parse(self, text: str) -> Name | None:
        """The Name that `text`, the name of a whole file, was made of; None where it is not one of ours."""

    @abstractmethod
    def describe(self) -> str:
        """The file that is made, for people."""

    def replaces(self, name: Name) -> bool:
        """Whether what was recorded under that name takes the place of a file that has it."""
        return False

    def is_free(self, name: Name) -> bool:
        """Whether a file that begins now may have that name. Raises OSError."""
        return not self.final(name).exists()

    def part(self, name: Name) -> Path:
        """Where a file lies while it is written: an .mp4 too, since it can be played at any time."""
        final = self.final(name)
        return final.with_name(f"{final.stem}{PART}{final.suffix}")

    def check(self) -> None:
        """Raise OutputError where there cannot be such a recording. Nothing stays of the trial."""
        longest = f"{self.path.stem}-{datetime.max.strftime(DATE)}-{MOST_FILES}{PART}{self.path.suffix}{MENDING}"
        why = unwritable(self.path, longest)
        if why == os.strerror(errno.EISDIR):
            raise OutputError(f"{self.path}: is a folder; give the name of an .mp4 file in it, such as day.mp4")
        if why:
            raise cannot_write(self.path, why)
        if self.path.suffix.lower() != ".mp4":
            raise OutputError(f"{self.path}: a recording needs the name of an .mp4 file; give one such as day.mp4")

    def prepare(self) -> None:
        """Check, and make the folder. Raises OutputError, OSError."""
        self.check()
        self.make_folder()

    def make_folder(self) -> None:
        """Make the folder where it is not there. Raises OSError."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except FileExistsError:
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(self.folder)) from None

    def settle(self, part: Path, name: Name) -> Path:
        """Give a file its final name, or, where that is taken, the same with the next free number. Raises OSError."""
        while not self.replaces(name) and self._taken(name, part):
            name = name._replace(number=name.number + 1)
        os.replace(part, self.final(name))
        return self.final(name)

    def _taken(self, name: Name, part: Path) -> bool:
        """Whether that name is, or is about to be, another file's than that of `part`."""
        return self.final(name).exists() or (self.part(name) != part and self.part(name).exists())

    def whole_files(self) -> Iterator[Path]:
        """The finished files of this recording, of this run and of earlier ones."""
        return (path for path in _files(self.folder) if self.parse(path.name) is not None)

    def parts(self) -> Iterator[tuple[Path, Name]]:
        """What is being written, or was left unfinished, and its Name."""
        for path in _files(self.folder):
            name = self._parse_part(path.name)
            if name is not None:
                yield path, name

    def copies(self) -> Iterator[Path]:
        """What parts are being copied to as they are mended, or were."""
        for path in _files(self.folder):
            if path.name.endswith(MENDING) and self._parse_part(path.name.removesuffix(MENDING)) is not None:
                yield path

    def unfinished(self) -> Iterator[Path]:
        """All files of this recording but the finished ones."""
        yield from (path for path, _ in self.parts())
        yield from self.copies()

    def _parse_part(self, text: str) -> Name | None:
        stem, part, suffix = text.rpartition(f"{PART}.")
        return self.parse(f"{stem}.{suffix}") if part else None


class DatedNames(Naming):
    """`day.mp4` becomes `day-2026-11-30-140312-001.mp4`, by the wall clock as each file begins."""

    def name(self, number: int) -> Name:
        return self.at(datetime.now(), number)

    def at(self, moment: datetime, number: int) -> Name:
        """The name of a file that began at another moment."""
        return Name(f"{self.path.stem}-{moment.strftime(DATE)}", number)

    def final(self, name: Name) -> Path:
        return self.path.with_name(f"{name.head}-{name.number:03}{self.path.suffix}")

    def parse(self, text: str) -> Name | None:
        stem, suffix = re.escape(self.path.stem), re.escape(self.path.suffix)
        found = re.fullmatch(stem + DATED + suffix, text)
        return None if found is None else Name(f"{self.path.stem}-{found[1]}", int(found[2]))

    def describe(self) -> str:
        return str(self.path.with_name(f"{self.path.stem}-DATE-TIME-001{self.path.suffix}"))


class GivenName(Naming):
    """The first file is called exactly as asked, others `day-002.mp4` and so on."""

    def __init__(self, path: Path, *, overwrite: bool = False, resumed: bool = False) -> None:
        """`resumed`: another process of the same run has recorded before this one, and its files stay. What it left
        unfinished takes the place of the file that was to be overwritten.
        """
        super().__init__(path)
        self._overwrite = overwrite
        self._resumed = resumed

    def name(self, number: int) -> Name:
        return Name(self.path.stem, number)

    def final(self, name: Name) -> Path:
        return self.path if name.number == 1 else self.path.with_name(f"{name.head}-{name.number:03}{self.path.suffix}")

    def parse(self, text: str) -> Name | None:
        if text == self.path.name:
            return self.name(1)
        found = re.fullmatch(re.escape(self.path.stem) + r"-(\d{3,})" + re.escape(self.path.suffix), text)
        return None if found is None or int(found[1]) < 2 else self.name(int(found[1]))

    def describe(self) -> str:
        return str(self.path)

    def replaces(self, name: Name) -> bool:
        return self._overwrite and name.number == 1

    def is_free(self, name: Name) -> bool:
        return (self.replaces(name) and not self._resumed) or super().is_free(name)

    def check(self) -> None:
        super().check()
        if not (self._overwrite or self._resumed or absent(self.path)):
            raise OutputError(f"{self.path}: exists already; choose another name, or add --overwrite to replace it")

    def prepare(self) -> None:
        super().prepare()
        if not self._resumed:
            self._set_aside()

    def _set_aside(self) -> None:
        """What an earlier run left unfinished under this name gets one with its date, to be finished under that."""
        part = self.part(self.name(1))
        if not part.exists():
            return
        with FileIO(part, "r+") as file:
            if not lock(file):
                raise OutputError(f"{self.path}: another process is recording to it; choose another name")
            dated = DatedNames(self.path)
            os.replace(part, dated.part(dated.at(datetime.fromtimestamp(part.stat().st_mtime), 1)))


def _files(folder: Path) -> list[Path]:
    return sorted(Path(entry.path) for entry in os.scandir(folder) if entry.is_file(follow_symlinks=False))
