"""What the files of a recording are called: while they are written, when they are whole, and which are whose."""

import os
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
from datetime import datetime
from io import FileIO
from pathlib import Path
from typing import NamedTuple

from engine.outputs.base import OutputError
from engine.outputs.video.part_file import lock

DATE = "%Y-%m-%d-%H%M%S"
DATED = r"-(\d{4}-\d\d-\d\d-\d{6})-(\d{3,})"
PART = ".part"


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
        """Whether a file of that name may be overwritten."""
        return False

    def part(self, name: Name) -> Path:
        """Where a file lies while it is written: an .mp4 too, since it can be played at any time."""
        final = self.final(name)
        return final.with_name(f"{final.stem}{PART}{final.suffix}")

    def prepare(self) -> None:
        """Make sure that there can be such a recording. Raises OutputError, OSError."""
        if self.path.suffix.lower() != ".mp4" or self.path.is_dir():
            raise OutputError(f"{self.path}: a recording needs the name of an .mp4 file; give one such as day.mp4")
        self.folder.mkdir(parents=True, exist_ok=True)

    def settle(self, part: Path, name: Name, *, replace: bool = False) -> Path:
        """Give a file its final name, or, where that is taken, the same with the next free number."""
        while not replace and self.final(name).exists():
            name = name._replace(number=name.number + 1)
        os.replace(part, self.final(name))
        return self.final(name)

    def whole_files(self) -> Iterator[Path]:
        """The finished files of this recording, of this run and of earlier ones."""
        return (path for path in _files(self.folder) if self.parse(path.name) is not None)

    def parts(self) -> Iterator[tuple[Path, Name]]:
        """What is being written, or was left unfinished, and its Name."""
        for path in _files(self.folder):
            stem, part, suffix = path.name.rpartition(f"{PART}.")
            name = self.parse(f"{stem}.{suffix}") if part else None
            if name is not None:
                yield path, name


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
        """`resumed`: another process of the same run has recorded before this one, and its files stay."""
        super().__init__(path)
        self._overwrite = overwrite and not resumed
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

    def prepare(self) -> None:
        super().prepare()
        if not self._resumed:
            self.refuse_existing()
            self._set_aside()

    def refuse_existing(self) -> None:
        """Raise OutputError where the file exists and may not be overwritten."""
        if self.path.exists() and not self._overwrite:
            raise OutputError(f"{self.path}: exists already; choose another name, or add --overwrite to replace it")

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
