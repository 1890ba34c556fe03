"""What an import keeps of a museum's server until it is through."""

import json
import os
from collections import Counter
from pathlib import Path

import pytest

from models.archive.errors import ArchiveError
from models.archive.importing import import_source
from models.archive.kept import FOLDER, FRESH_S

OBJECTS = "https://collectionapi.metmuseum.org/public/collection/v1/objects"
IDS = [1, 2, 3, 4]


class Museum:
    """The Met's API, which goes away after so many answers."""

    def __init__(self, answers: int) -> None:
        self.left = answers
        self.asked: Counter[str] = Counter()

    def __call__(self, address: str) -> bytes:
        if not self.left:
            raise ArchiveError("the museum is closed")
        self.left -= 1
        self.asked[address] += 1
        if address == OBJECTS:
            return json.dumps({"total": len(IDS), "objectIDs": IDS}).encode()
        key = int(address.rpartition("/")[2])
        image = f"https://images.metmuseum.org/{key}.jpg"
        return json.dumps({"objectID": key, "isPublicDomain": True, "primaryImage": image}).encode()


def test_an_import_that_broke_asks_for_nothing_twice(tmp_path: Path) -> None:
    museum = Museum(answers=3)
    assert import_source(OBJECTS, tmp_path, "met", read_url=museum).problems
    assert len(list((tmp_path / FOLDER).iterdir())) == 2
    museum.left = 100
    assert import_source(OBJECTS, tmp_path, "met", read_url=museum).problems == []
    assert museum.asked == {OBJECTS: 2} | {f"{OBJECTS}/{key}": 1 for key in IDS}
    assert not (tmp_path / FOLDER).exists()


def test_what_is_old_is_asked_for_again(tmp_path: Path) -> None:
    museum = Museum(answers=3)
    import_source(OBJECTS, tmp_path, "met", read_url=museum)
    for kept in (tmp_path / FOLDER).iterdir():
        os.utime(kept, (0, kept.stat().st_mtime - FRESH_S - 1))
    museum.left = 100
    import_source(OBJECTS, tmp_path, "met", read_url=museum)
    assert museum.asked[f"{OBJECTS}/1"] == 2


def test_a_disk_that_refuses_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / FOLDER).write_text("in the way")
    with pytest.raises(ArchiveError, match="disk has room"):
        import_source(OBJECTS, tmp_path, "met", read_url=Museum(answers=9))
