"""The report as a page: one file that loads nothing, runs no script, and is readable on paper."""

import os
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from models.archive.catalogue import NAME, Catalogue
from models.archive.errors import ArchiveError
from models.archive.record import Rights, Status
from models.archive.report import queries
from models.archive.report.histogram import histogram
from models.archive.report.queries import Tally
from models.archive.report.sets import sets
from models.archive.report.sheet import PICTURES, thumbnails
from models.files import write_atomically
from models.pages import render

HERE = Path(__file__).parent
DECISIONS = 200
MEANING = {
    Rights.CC0: "given to the public by the source",
    Rights.PUBLIC_DOMAIN: "no longer protected, says the source",
    Rights.RESTRICTED: "the source names a licence or a holder",
    Rights.UNKNOWN: "the source says nothing about its pictures",
    Rights.OVERRIDDEN: "not open, let through by an operator",
}


def write(folder: Path, out: Path | None = None) -> Path:
    """Write the page about the archive in `folder` to `out`, by default `report.html` beside the catalogue.

    Returns where it lies. Raises ArchiveError where the archive cannot be read or the page not be written.
    """
    path = folder / "report.html" if out is None else out
    if os.path.isdir(path):
        raise ArchiveError(f"{path}: is a folder; name a file for the report, such as {path / 'report.html'}")
    values = _asked(folder) | {"meaning": MEANING, "most_decisions": DECISIONS}
    page = render(HERE, values, FILTERS)
    try:
        write_atomically(path, lambda part: part.write_text(page, "utf-8", "replace"))
    except OSError as error:
        raise ArchiveError(f"{path}: the report cannot be written ({error.strerror}); name another file") from None
    return path


def _asked(folder: Path) -> dict[str, Any]:
    """All that the page tells, as of one moment."""
    try:
        with Catalogue(folder) as catalogue:
            works = queries.whole(catalogue)
            return {
                "name": folder.resolve().name or str(folder),
                "made": datetime.now(UTC),
                "works": works,
                "sources": queries.sources(catalogue),
                "rights": queries.rights(catalogue),
                "statements": queries.statements(catalogue),
                "artists": queries.artists(catalogue),
                "years": histogram(queries.years(catalogue)),
                "rejected": queries.refusals(catalogue, Status.REJECTED),
                "deferred": queries.refusals(catalogue, Status.LISTED),
                "decisions": catalogue.decisions()[::-1],
                "sets": sets(folder),
                "sheet": thumbnails(folder, queries.fetched(catalogue, works.fetched, PICTURES)),
            }
    except sqlite3.Error as error:
        raise ArchiveError(
            f"{folder / NAME}: is damaged ({error}); bring back a copy of it, or import anew into another folder"
        ) from None


def _span(years: tuple[int, int]) -> str:
    first, last = years
    return _year(first) if first == last else f"{_year(first)} – {_year(last)}"


def _year(year: int) -> str:
    return str(year) if year >= 0 else f"{-year} BC"


def _bar(works: Tally, most: int) -> list[tuple[str, float, float]]:
    """The parts of a bar that is full at `most` works: (class, start, length), in percent."""
    parts, start = [], 0.0
    for name, number in (("fetched", works.fetched), ("listed", works.listed), ("rejected", works.rejected)):
        length = 100 * number / max(most, 1)
        parts.append((name, round(start, 3), round(length, 3)))
        start += length
    return [part for part in parts if part[2]]


FILTERS: dict[str, Callable[..., Any]] = {"span": _span, "bar": _bar}
