"""Pictures that were here and are no more: a fetch gets them again."""

import os
from collections.abc import Iterator
from pathlib import Path

from models.archive.catalogue import Catalogue
from models.archive.fetch.store import IMAGES
from models.archive.record import Entry, Status


def list_lost(catalogue: Catalogue) -> None:
    """List each work again whose file is gone or of another size than it had.

    Not what is gone with its whole folder, or was imported where it lies: a disk may only be away.
    """
    if (catalogue.folder / IMAGES).is_dir():
        catalogue.put(list(_lost(catalogue)))


def _lost(catalogue: Catalogue) -> Iterator[Entry]:
    for entry in catalogue.entries(Status.FETCHED):
        size = _size(catalogue.folder / entry.file)
        if size != entry.size and (size is not None or not Path(entry.file).is_absolute()):
            yield Entry(entry.record, Status.LISTED)


def _size(path: Path) -> int | None:
    try:
        return os.stat(path).st_size
    except OSError:
        return None
