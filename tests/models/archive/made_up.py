"""Works that were never made, for tests of what is told about an archive."""

from pathlib import Path
from typing import Any

from PIL import Image

from models.archive.catalogue import Catalogue
from models.archive.record import Entry, Record, Rights, Status


def work(number: int, status: Status = Status.FETCHED, kind: str = "", detail: str = "", **record: Any) -> Entry:
    """One of many, told apart by its number."""
    rights = {"rights": Rights.CC0} | record
    file = f"images/{number}.png" if status is Status.FETCHED else ""
    return Entry(Record(f"made-up:{number:06}", **{"source": "made-up", **rights}), status, kind, detail, file)


def archive(folder: Path, *entries: Entry, pictures: bool = False) -> Path:
    """A catalogue of these works in `folder`, with a small picture of each fetched one if asked."""
    with Catalogue(folder, writing=True) as catalogue:
        catalogue.put(entries)
    for number, entry in enumerate(entries):
        if pictures and entry.file:
            path = folder / entry.file
            path.parent.mkdir(exist_ok=True)
            Image.new("RGB", (60, 40), (number * 40 % 256, 90, 120)).save(path)
    return folder
