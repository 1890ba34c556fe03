"""MoMA's catalogue, whole and as it is."""

import csv
import lzma
from pathlib import Path

import pytest

from models.archive.catalogue import Catalogue
from models.archive.importing import import_source
from models.archive.record import Rights, Status
from models.archive.sources import moma
from tests.models.archive.museums import ARCHIVE, needs_archive


@needs_archive
def test_table_whole(tmp_path: Path) -> None:
    done = import_source(str(ARCHIVE / "moma/Artworks-current-layout.derived.csv.xz"), tmp_path)
    assert (done.kind, done.accepted) == ("moma", 0)
    assert done.rejected == {"no image": 74_466, "rights": 49_453}
    assert done.dated == 121_435
    assert done.understood > 0.99 * done.dated
    assert done.problems == []
    with Catalogue(tmp_path) as catalogue:
        assert catalogue.count().total() == 123_919
        entry = catalogue.get("moma:2")
    assert entry is not None
    assert entry.status is Status.REJECTED
    assert entry.record.artists == ("Otto Wagner",)
    assert entry.record.years == (1896, 1896)
    assert entry.record.rights is Rights.UNKNOWN
    assert entry.detail == moma.RIGHTS
    assert entry.record.image.startswith("https://www.moma.org/media/W1siZiIsIjU5NDA1Il0s")


@needs_archive
def test_json_lines_of_2015_hold_the_same_works(tmp_path: Path) -> None:
    done = import_source(str(ARCHIVE / "moma/moma-objects-2015-08.jsonl.xz"), tmp_path)
    assert (done.kind, done.rejected) == ("moma", {"no image": 74_466, "rights": 49_453})
    with lzma.open(
        ARCHIVE / "moma/Artworks-current-layout.derived.csv.xz", "rt", encoding="utf-8-sig", newline=""
    ) as file:
        titles = {f"moma:{row['ObjectID']}": row["Title"].strip() for row in csv.DictReader(file)}
    with Catalogue(tmp_path) as catalogue:
        assert {entry.record.id: entry.record.title for entry in catalogue.entries()} == titles


@needs_archive
def test_quotes_behind_backslashes(tmp_path: Path) -> None:
    done = import_source(str(ARCHIVE / "moma/sample-current-format.csv"), tmp_path, override="a test")
    assert (done.accepted, done.rejected, done.overridden) == (4, {"no image": 1}, 4)
    with Catalogue(tmp_path) as catalogue:
        bather = catalogue.get("moma:78296")
        assert catalogue.decisions()[0].what.endswith("sample-current-format.csv: a test")
    assert bather is not None
    assert (bather.status, bather.record.rights) == (Status.LISTED, Rights.OVERRIDDEN)
    assert (bather.record.artists, bather.record.date, bather.record.years) == (
        ("Paul Cézanne",),
        "c. 1885",
        (1885, 1885),
    )


@pytest.mark.parametrize(
    ("artist", "ids", "bios", "expected"),
    [
        ("Otto Wagner", "6210", "(Austrian, 1841–1918)", ["Otto Wagner"]),
        ("Ray Eames, Charles Eames", "1, 2", "", ["Ray Eames", "Charles Eames"]),
        ("Ray Eames, Charles Eames", "", "(American, 1912–1988) (American, 1907–1978)", ["Ray Eames", "Charles Eames"]),
        ("Frank Stella, Jr., Ann Lee", "1, 2", "", ["Frank Stella, Jr.", "Ann Lee"]),
        ("Skidmore, Owings & Merrill", "7", "", ["Skidmore, Owings & Merrill"]),
        ("Skidmore, Owings & Merrill, Ann Lee", "7, 8", "", ["Skidmore, Owings & Merrill, Ann Lee"]),
        ("", "", "", []),
    ],
)
def test_several_artists(tmp_path: Path, artist: str, ids: str, bios: str, expected: list[str]) -> None:
    table = tmp_path / "Artworks.csv"
    with table.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["Title", "Artist", "ConstituentID", "ArtistBio", "CreditLine", "Classification", "ObjectID"])
        rows.writerow(["A", artist, ids, bios, "", "Design", "1"])
    import_source(str(table), tmp_path / "archive")
    with Catalogue(tmp_path / "archive") as catalogue:
        entry = catalogue.get("moma:1")
    assert entry is not None
    assert list(entry.record.artists) == expected
