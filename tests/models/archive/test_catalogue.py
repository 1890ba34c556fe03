"""The catalogue's file: wherever it lies, whoever else writes, and when it is damaged."""

import contextlib
import sqlite3
from pathlib import Path

import pytest

from models.archive.catalogue import NAME, Catalogue
from models.archive.errors import ArchiveError
from models.archive.record import Entry, Record, Status
from tests.models.archive.museums import decisions, entries


def written(folder: Path, number: int = 1) -> Path:
    with Catalogue(folder, writing=True) as catalogue:
        catalogue.put(Entry(Record(f"t:{n:05}", "t", "A title"), Status.LISTED) for n in range(number))
    return folder


@pytest.mark.parametrize("name", ["museum #1", "50%", "what?mode=rwc", "Musée d'été"])
def test_a_folder_of_any_name(tmp_path: Path, name: str) -> None:
    assert list(entries(written(tmp_path / name))) == ["t:00000"]
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_one_writes_at_a_time_and_others_read(tmp_path: Path) -> None:
    with Catalogue(written(tmp_path), writing=True):
        with pytest.raises(ArchiveError, match="another `reverie archive` is at work there"):
            Catalogue(tmp_path, writing=True)
        assert len(entries(tmp_path)) == 1


def test_halves_of_characters_are_no_reason_to_stop(tmp_path: Path) -> None:
    with Catalogue(tmp_path, writing=True) as catalogue:
        catalogue.put([Entry(Record("t:\ud800", "t", "whole"), Status.LISTED)])
        catalogue.log("\udcff.json: cannot be read")
        found = catalogue.get("t:\ud800")
    assert found is not None
    assert (found.record.id, found.record.title, decisions(tmp_path)) == ("t:?", "whole", ["?.json: cannot be read"])


@pytest.mark.parametrize("keep", [0.5, 0.9])
def test_a_catalogue_cut_in_half_is_told(tmp_path: Path, keep: float) -> None:
    path = written(tmp_path, 5_000) / NAME
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * keep)])
    with pytest.raises(ArchiveError, match="import anew into another folder"):
        entries(tmp_path)


def test_a_catalogue_with_a_hole_in_it_is_told(tmp_path: Path) -> None:
    path = written(tmp_path, 5_000) / NAME
    content = bytearray(path.read_bytes())
    content[1 << 15 : -(1 << 15)] = bytes(len(content) - (1 << 16))
    path.write_bytes(content)
    with pytest.raises(ArchiveError, match=r"is damaged .*bring back a copy of it"):
        entries(tmp_path)


def test_what_is_no_catalogue_is_told(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text("<html>" * 1000)
    with pytest.raises(ArchiveError, match="no catalogue that can be opened"):
        entries(tmp_path)


@pytest.mark.parametrize("writing", [False, True])
def test_a_catalogue_of_a_later_reverie_is_left_alone(tmp_path: Path, writing: bool) -> None:
    with contextlib.closing(sqlite3.connect(written(tmp_path) / NAME)) as db:
        db.execute("PRAGMA user_version = 7")
    for _ in range(2):
        with pytest.raises(ArchiveError, match="is of format 7, this Reverie reads 1"):
            Catalogue(tmp_path, writing)
