"""Where a set may go, and whether the one that is there is the one that was made."""

import csv
import io
import os
import zipfile
from pathlib import Path

import fsspec
import pytest

from models.archive.errors import ArchiveError
from models.archive.prepare.chunk import Result
from models.archive.prepare.preparing import prepare
from models.archive.prepare.sample import ORIGIN, Sample
from models.archive.prepare.settings import Settings
from models.archive.prepare.stylegan_zip import write_zip
from models.archive.prepare.target import target
from models.archive.record import Record
from tests.models.archive.pictures import archive, jpeg

SETTINGS = Settings((32, 32))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return archive(tmp_path / "archive", {f"{i}.jpg": jpeg(i) for i in range(3)})


@pytest.mark.parametrize(
    ("out", "sentence"),
    [
        ("{}/thesis.zip", "thesis.zip: is there and is no set; name another file, or take it away"),
        ("{}/shards", "shards: is there and holds other things than shards of shards"),
        ("{}/" + 300 * "a" + ".zip", "a.zip: cannot be written there"),
        ("{}/" + 240 * "a" + ".zip", "a.zip: cannot be written there"),  # its manifest could not be
        ("{}/..", "cannot be written there"),
        ("file:///", "file:///: names no folder; write one behind it"),
        ("memory://", "memory://: names no folder; write one behind it"),
        ("memory://bucket/set.zip", "shards go to an address, not a .zip"),
        ("file:///proc/none/set", "file:///proc/none/set: cannot be written ("),
        ("http://127.0.0.1:1/set", "http://127.0.0.1:1/set: cannot be written ("),
    ],
)
def test_a_place_that_cannot_be_is_told_before_the_work(tmp_path: Path, out: str, sentence: str) -> None:
    (tmp_path / "thesis.zip").write_bytes(b"mine")
    (tmp_path / "shards").mkdir()
    (tmp_path / "shards" / "shards-holiday.tar").write_bytes(b"mine")
    with pytest.raises(ArchiveError) as caught:
        target(out.format(tmp_path))
    assert sentence in str(caught.value)
    assert (tmp_path / "thesis.zip").read_bytes() == b"mine"


def test_nothing_is_left_of_looking_whether_one_may_write(tmp_path: Path) -> None:
    target(f"file://{tmp_path}/set")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["set.zip", "shards"])
def test_a_link_leads_to_where_there_is_room(folder: Path, tmp_path: Path, name: str) -> None:
    big, link = tmp_path / "big" / name, tmp_path / name
    big.parent.mkdir()
    link.symlink_to(big)
    first = prepare(folder, str(link), SETTINGS)
    assert prepare(folder, str(link), Settings((64, 64))).hash != first.hash
    assert link.is_symlink()
    assert os.listdir(big.parent) == [name]
    assert (tmp_path / f"{link.stem}.manifest.json").is_file()


@pytest.mark.parametrize("name", ["{}/set.zip", "{}/shards", "file://{}/shards"])
def test_a_set_that_is_not_what_was_made_is_made_again(folder: Path, tmp_path: Path, name: str) -> None:
    out = name.format(tmp_path)
    prepare(folder, out, SETTINGS)
    (made,) = [path for path in tmp_path.rglob("*") if path.suffix in (".zip", ".tar")]
    content = made.read_bytes()
    made.unlink()
    assert prepare(folder, out, SETTINGS).reused == 0
    assert made.read_bytes() == content
    assert prepare(folder, out, SETTINGS).reused == 3
    if made.suffix == ".tar":
        made.write_bytes(content[:-512])
        assert prepare(folder, out, SETTINGS).reused == 0


def test_two_sets_that_share_a_manifest_are_told_apart(folder: Path, tmp_path: Path) -> None:
    small = prepare(folder, f"{tmp_path}/set.zip", SETTINGS)
    prepare(folder, f"{tmp_path}/set", Settings((64, 64)))  # its manifest takes the place of the zip's
    with zipfile.ZipFile(tmp_path / "set.zip") as file:
        before = len(file.read("00000/img00000000.png"))
    assert prepare(folder, f"{tmp_path}/set.zip", Settings((64, 64))).hash != small.hash
    with zipfile.ZipFile(tmp_path / "set.zip") as file:
        assert len(file.read("00000/img00000000.png")) > before


def test_stale_shards_at_an_address_are_taken_away(folder: Path) -> None:
    memory = fsspec.filesystem("memory")
    memory.pipe_file("/odd/set/set-000001.tar", b"of a longer set")
    prepare(folder, "memory://odd/set", SETTINGS)
    try:
        assert memory.ls("/odd/set", detail=False) == ["/odd/set/set-000000.tar"]
    finally:
        memory.store.clear()


def table(path: Path, *samples: Sample) -> list[dict[str, str]]:
    write_zip(path, samples, "png", None)
    with zipfile.ZipFile(path) as file:
        text = io.TextIOWrapper(file.open("metadata.csv"), encoding="utf-8", newline="")
        return list(csv.DictReader(text))


def test_no_title_breaks_the_table(tmp_path: Path) -> None:
    titles = ["Old Mac\rreturns", "a\r\nb\nc", '"quoted", and; more', "  ", "Ελένη 水", "=1+1", "\u2028\x00"]
    samples = [
        Sample(Record(f"t:{n}", "t", title), Result(f"t:{n}", "0", ("1",)), 0, b"") for n, title in enumerate(titles)
    ]
    assert [row["title"] for row in table(tmp_path / "set.zip", *samples)] == titles


def test_a_set_of_nothing_has_a_table_all_the_same(tmp_path: Path) -> None:
    assert table(tmp_path / "set.zip") == []
    with zipfile.ZipFile(tmp_path / "set.zip") as file:
        assert list(csv.reader(io.StringIO(file.read("metadata.csv").decode()))) == [["file_name", *ORIGIN]]
