"""Where the pictures of a set come from: files by name, with what else lies beside them."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from models.training.config import TrainingError

SUFFIXES = {".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".gif"}
TABLES = ("dataset.json", "metadata.csv", "metadata.jsonl")
MAX_FILES = 5_000_000
MAX_FILE_BYTES = 200_000_000
LONGEST_NAME = 100  # characters of a name that a sentence shows

Facts = Mapping[str, Mapping[str, Any]]  # what a set says of its pictures, by their names


class Source(ABC):
    """The files of a set. `names` are its pictures in their order, `tables` its other files that are read;
    `uniform` means that all pictures must have one size. `read` and `where` may be called from any thread.
    """

    uniform = True

    def __init__(
        self, path: Path, names: Sequence[str], tables: Sequence[str] = (), facts: Facts | None = None
    ) -> None:
        if len(names) > MAX_FILES:
            raise TrainingError(f"{path} holds {len(names)} pictures, more than {MAX_FILES}; train on a part of them")
        self.path = path
        self.names = names
        self.tables = tables
        self.facts = facts or {}  # known without reading a table

    @abstractmethod
    def read(self, name: str) -> bytes:
        """A picture or a table, whole. Raises TrainingError with one sentence."""

    def where(self, name: str) -> str:
        """A file as a sentence names it."""
        return f"{self.path}: {shown(name)}"

    def close(self) -> None:  # noqa: B027 (most have nothing open)
        """Let go of what is open; nothing can be read afterwards."""


def is_picture(name: str) -> bool:
    """By its suffix. Hidden files and what macOS adds to a zip are none."""
    path = PurePosixPath(name)
    return path.suffix.lower() in SUFFIXES and not any(p.startswith(".") or p == "__MACOSX" for p in path.parts)


def is_table(name: str) -> bool:
    """Whether labels or origins may stand in it."""
    return PurePosixPath(name).name in TABLES


def shown(name: str) -> str:
    """A name that comes from a file, fit to be printed in one line."""
    printable = "".join(c if c.isprintable() else "?" for c in name)
    return printable if len(printable) <= LONGEST_NAME else f"…{printable[1 - LONGEST_NAME :]}"


def check_bytes(size: int, where: str) -> None:
    """Raise TrainingError for a file that is larger than any picture or table of a set."""
    if size > MAX_FILE_BYTES:
        raise TrainingError(f"{where} is larger than {MAX_FILE_BYTES} bytes; take it out")
