"""A plain folder of pictures. It says nothing of their rights: without an operator's word none passes the gate."""

import os
from collections.abc import Iterator
from pathlib import Path

from models.archive.errors import ArchiveError
from models.archive.record import Record
from models.archive.sources.base import NO_IMAGE, Damaged, Source

NAME = "folder"
SUFFIXES = frozenset({".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".gif", ".webp", ".tif", ".tiff", ".bmp"})


def recognises(source: Source) -> bool:
    """Whether it is a folder, and of no better known kind."""
    return source.is_folder


def records(source: Source) -> Iterator[Record | Damaged]:
    """Every picture by its suffix, in the order of their paths; the path in the folder is its id."""
    root = root_of(source)
    place: str | Damaged | None = None
    for place in pictures(root):
        if isinstance(place, Damaged):
            yield place
        else:
            key = f"{root.name}:{place}"
            yield Record(key, root.name, Path(place).stem, image=str(root / place))
    if place is None:
        raise ArchiveError(
            f"{source.name}: holds no pictures and no JSON of a known kind; name a catalogue's file, or another folder"
        )


def root_of(source: Source) -> Path:
    """The folder itself. Raises ArchiveError where the source is none."""
    if not source.is_folder or source.folder is None:
        raise ArchiveError(f"{source.name}: is no folder; name the folder of the pictures")
    return source.folder.resolve()


def pictures(root: Path) -> Iterator[str | Damaged]:
    """Paths of pictures under `root`, relative to it. Links that leave it are refused, links to folders passed over."""
    unread: list[OSError] = []
    for folder, below, names in os.walk(root, onerror=unread.append):
        below.sort()
        for name in sorted(names):
            if Path(name).suffix.lower() in SUFFIXES:
                try:
                    yield _picture(root, Path(folder, name))
                except OSError as error:
                    yield _unlooked(error)
    yield from map(_unlooked, unread)


def _unlooked(error: OSError) -> Damaged:
    return Damaged(str(error.filename), f"cannot be looked at ({error.strerror})", kind=NO_IMAGE)


def _picture(root: Path, path: Path) -> str | Damaged:
    place = path.relative_to(root).as_posix()
    if place.encode("utf-8", "replace").decode() != place:
        return Damaged(ascii(place), "its name is not UTF-8; rename the file", kind=NO_IMAGE)
    if path.is_symlink() and not Path(os.path.realpath(path)).is_relative_to(root):
        return Damaged(place, "is a link that leaves the folder; put the file itself there", kind=NO_IMAGE)
    if not path.is_file():
        return Damaged(place, "is no file", kind=NO_IMAGE)
    return place
