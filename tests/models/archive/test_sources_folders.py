"""Folders of pictures, with and without a table that describes them, and tables whose columns need a map."""

import csv
import io
import json
import os
import shutil
import zipfile
from pathlib import Path

import pytest

from models.archive.errors import ArchiveError
from models.archive.importing import import_source
from models.archive.record import Rights
from models.archive.sources import folder
from models.archive.sources.base import Damaged
from tests.models.archive.museums import ARCHIVE, entries, needs_archive


def picture(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"not looked at here")
    return path


@needs_archive
def test_originals_as_a_plain_folder(tmp_path: Path) -> None:
    done = import_source(str(ARCHIVE / "originals"), tmp_path)
    assert (done.kind, done.accepted, done.rejected) == ("folder", 0, {"rights": 27})
    done = import_source(str(ARCHIVE / "originals"), tmp_path, override="development only")
    assert (done.accepted, done.overridden) == (27, 27)
    record = entries(tmp_path)["originals:Un dimanche après-midi à l’île de la Grande Jatte.png"].record
    assert Path(record.image).is_file()


@needs_archive
def test_originals_by_their_table_with_a_map(tmp_path: Path) -> None:
    columns = {"image": "file", "date": "year", "label": "tests"}
    done = import_source(
        str(ARCHIVE / "originals/manifest.csv"), tmp_path, columns=columns, override="development only"
    )
    assert (done.kind, done.accepted, done.dated, done.understood) == ("csv", 27, 22, 22)
    record = entries(tmp_path)["manifest:wave.jpg"].record
    assert (record.artists, record.years, record.label) == (("Katsushika Hokusai",), (1831, 1831), "wide JPEG")


@needs_archive
def test_the_small_archive_as_an_imagefolder(tmp_path: Path) -> None:
    with zipfile.ZipFile(ARCHIVE / "images-256.zip") as packed:
        table = packed.read("metadata.csv").decode()
        rows = list(csv.DictReader(io.StringIO(table)))
        packed.extractall(tmp_path / "paintings", [row["file_name"] for row in rows[::100]])
    (tmp_path / "paintings/metadata.csv").write_text(table)
    done = import_source(str(tmp_path / "paintings"), tmp_path / "archive", columns={"label": "style"})
    assert (done.kind, done.accepted, done.rejected) == ("imagefolder", 40, {"no image": 3940})
    record = entries(tmp_path / "archive")["paintings:00000/img00000000.jpg"].record
    assert (record.title, record.artists, record.label) == ("Parisian Street", ("Konstantin Korovin",), "Impressionism")
    assert record.rights is Rights.PUBLIC_DOMAIN


@pytest.mark.parametrize("name", ["metadata.csv", "metadata.jsonl"])
def test_imagefolder(tmp_path: Path, name: str) -> None:
    for key in ("a.jpg", "deep/b.png"):
        picture(tmp_path / "set" / key)
    table = (
        "file_name,title,year,license\na.jpg,A,1889,CC0\ndeep/b.png,B,1901,CC BY 4.0\nc.jpg,C,,CC0\n../d.jpg,D,,CC0\n"
    )
    lines = '{"file_name": "a.jpg", "title": "A", "year": 1889, "license": "CC0"}\n{"file_name": "deep/b.png"}\n'
    (tmp_path / "set" / name).write_text(table if name.endswith("csv") else lines)
    done = import_source(str(tmp_path / "set"), tmp_path / "archive")
    assert (done.kind, done.accepted) == ("imagefolder", 1)
    expected = {"rights": 1, "no image": 1, "unreadable record": 1} if name.endswith("csv") else {"rights": 1}
    assert done.rejected == expected
    record = entries(tmp_path / "archive")["set:a.jpg"].record
    assert (record.image, record.years) == (str(tmp_path / "set/a.jpg"), (1889, 1889))


def test_imagefolder_of_labels(tmp_path: Path) -> None:
    for key in ("train/cat/1.jpg", "train/dog/1.jpg", "none.jpg"):
        picture(tmp_path / "set" / key)
    import_source(str(tmp_path / "set"), tmp_path / "archive", "imagefolder", override="ours")
    found = entries(tmp_path / "archive")
    assert {key: entry.record.label for key, entry in found.items()} == {
        "set:none.jpg": "",
        "set:train/cat/1.jpg": "cat",
        "set:train/dog/1.jpg": "dog",
    }


def test_plain_folder_refuses_what_leaves_it(tmp_path: Path) -> None:
    root = tmp_path / "set"
    picture(root / "b/2.JPG")
    picture(root / "a.png")
    picture(root / "notes.txt")
    picture(tmp_path / "outside/secret.png")
    (root / "inside.png").symlink_to(root / "a.png")
    (root / "leaves.png").symlink_to(tmp_path / "outside/secret.png")
    (root / "circle.png").symlink_to(root / "circle.png")
    (root / "folder").symlink_to(tmp_path / "outside")
    (root / "name.png").mkdir()
    os.mkfifo(root / "pipe.png")
    done = import_source(str(root), tmp_path / "archive", override="ours")
    assert list(entries(tmp_path / "archive")) == ["set:a.png", "set:b/2.JPG", "set:inside.png"]
    assert (done.accepted, done.rejected) == (3, {"no image": 3})
    assert sorted(note.partition(":")[0] for note in done.notes) == ["circle.png", "leaves.png", "pipe.png"]


def test_a_name_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    with open(os.fsencode(tmp_path / "set") + b"/\xff.png", "wb"):
        pass
    done = import_source(str(tmp_path / "set"), tmp_path / "archive", override="ours")
    assert done.rejected == {"no image": 1}
    assert done.notes == ["'\\udcff.png': its name is not UTF-8; rename the file"]


def test_a_folder_that_cannot_be_looked_into(tmp_path: Path) -> None:
    picture(tmp_path / "a.png")
    picture(tmp_path / "gone/b.png")
    found = folder.pictures(tmp_path)
    assert next(found) == "a.png"
    shutil.rmtree(tmp_path / "gone")
    (damaged,) = found
    assert isinstance(damaged, Damaged)
    assert damaged.detail == "cannot be looked at (No such file or directory)"


def test_a_folder_without_pictures(tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    (tmp_path / "set/works.xlsx").write_bytes(b"PK")
    with pytest.raises(ArchiveError, match="holds no pictures and no JSON of a known kind"):
        import_source(str(tmp_path / "set"), tmp_path / "archive")


def test_a_file_as_a_folder(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,image\n")
    with pytest.raises(ArchiveError, match="is no folder"):
        import_source(str(tmp_path / "a.csv"), tmp_path / "archive", "folder")


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        ({"image": "photo"}, r"has no column 'photo' for image; there are key, foto, by"),
        ({"picture": "foto"}, r"'picture' is no field of a record; map one of id, image"),
        ({"artist": "by"}, r"no column of pictures is known by its name; say which it is of key, foto, by"),
    ],
)
def test_a_map_that_does_not_fit(tmp_path: Path, columns: dict[str, str], sentence: str) -> None:
    (tmp_path / "a.csv").write_text("key,foto,by\n1,https://x.org/1,Ann\n")
    with pytest.raises(ArchiveError, match=sentence):
        import_source(str(tmp_path / "a.csv"), tmp_path / "archive", "csv", columns=columns)
    assert not (tmp_path / "archive").exists()


def test_a_table_that_names_files_outside(tmp_path: Path) -> None:
    picture(tmp_path / "secret.png")
    picture(tmp_path / "set/a.png")
    (tmp_path / "set/link.png").symlink_to(tmp_path / "secret.png")
    names = ("a.png", "../secret.png", str(tmp_path / "secret.png"), "link.png", "none.png", "x" * 5000, "nul\0.png")
    (tmp_path / "set/works.csv").write_text("".join(f"{line},CC0\n" for line in ("file", *names)))
    done = import_source(str(tmp_path / "set/works.csv"), tmp_path / "archive", columns={"rights": "CC0"})
    assert (done.accepted, done.rejected) == (1, {"no image": 1, "unreadable record": 5})


def test_every_column_that_speaks_of_rights_is_heard(tmp_path: Path) -> None:
    lines = [
        "key,image,license,Copyright",
        "1,https://x.org/1,CC0,",
        "2,https://x.org/2,CC0,The estate",
        "3,https://x.org/3,,",
    ]
    (tmp_path / "a.csv").write_text("\n".join(lines) + "\n")
    done = import_source(str(tmp_path / "a.csv"), tmp_path / "archive", columns={"id": "key"})
    assert (done.accepted, done.rejected) == (1, {"rights": 2})
    assert entries(tmp_path / "archive")["a:2"].detail == "CC0; The estate"
    for twice in ("rights,rights", "Rights,rights", "license,License 2"):
        (tmp_path / "b.csv").write_text(f"id,image,{twice}\n1,https://x.org/1,© Ann Lee,CC0\n2,https://x.org/2,CC0,©\n")
        assert import_source(str(tmp_path / "b.csv"), tmp_path / "twice").rejected == {"rights": 2}
    mapped = import_source(str(tmp_path / "a.csv"), tmp_path / "mapped", columns={"id": "key", "rights": "license"})
    assert mapped.accepted == 2


def test_a_key_of_rights_that_few_objects_have(tmp_path: Path) -> None:
    works = [{"id": n, "image": f"https://x.org/{n}", "rights": "CC0"} for n in range(50)]
    works[40]["copyright"] = "© The estate"
    (tmp_path / "a.json").write_text(json.dumps(works))
    done = import_source(str(tmp_path / "a.json"), tmp_path / "archive")
    assert (done.accepted, done.rejected) == (49, {"rights": 1})


def test_a_map_for_what_needs_none(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="is of kind folder, whose columns are known; leave --map out"):
        import_source(str(picture(tmp_path / "set/a.png").parent), tmp_path / "archive", columns={"title": "Titel"})
