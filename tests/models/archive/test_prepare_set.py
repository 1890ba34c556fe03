"""From an archive to a set: the same on any number of processes, in any shape, after any interruption."""

import csv
import fcntl
import hashlib
import io
import json
import shutil
import signal
import subprocess
import sys
import tarfile
import time
import zipfile
from pathlib import Path

import fsspec
import pytest
from PIL import Image

from models.archive.catalogue import Catalogue
from models.archive.errors import ArchiveError
from models.archive.prepare.chunk import Item, Result, read_results
from models.archive.prepare.preparing import Prepared, prepare
from models.archive.prepare.sample import Sample
from models.archive.prepare.settings import Settings
from models.archive.prepare.shards import write_shards
from models.archive.prepare.work import give_up, job, process
from models.archive.record import Record, Rights
from models.training.data import open_set
from tests.models.archive.pictures import archive, encoded, jpeg, photo
from tests.running import PATIENCE

SETTINGS = Settings((32, 32))
FILES = {f"{i}.jpg": jpeg(i) for i in range(6)} | {
    "2 again.jpg": encoded(photo(2), "JPEG", quality=60),
    "broken.jpg": jpeg(7)[:-900],
    "pages.tif": encoded(photo(8), "TIFF", save_all=True, append_images=[photo(9)]),
}
FIELDS = {"artists": ("Hilma, af Klint", "B"), "date": "c. 1907", "years": (1905, 1909), "rights_text": "CC0 1.0"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return archive(tmp_path / "archive", FILES, **FIELDS)


def manifest(path: Path) -> dict[str, object]:
    content = json.loads(path.read_text())
    assert isinstance(content, dict)
    return content


def test_a_zip_as_stylegan_reads_it(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "set.zip"
    done = prepare(folder, str(out), SETTINGS, workers=2)
    assert done == Prepared(7, {"near-duplicate": 1, "truncated": 1}, 7, 0, done.hash)
    with zipfile.ZipFile(out) as file:
        names = file.namelist()
        assert names == [f"00000/img{i:08d}.png" for i in range(7)] + ["dataset.json", "metadata.csv"]
        assert all(info.compress_type == zipfile.ZIP_STORED for info in file.infolist())
        assert json.loads(file.read("dataset.json")) == {"labels": None}
        rows = list(csv.DictReader(io.StringIO(file.read("metadata.csv").decode())))
        with Image.open(file.open(names[0])) as image:
            assert (image.format, image.mode, image.size) == ("PNG", "RGB", (32, 32))
    assert rows[0] == {
        "file_name": names[0],
        "id": "t:0.jpg",
        "title": "0.jpg",
        "artists": "Hilma, af Klint; B",
        "date": "c. 1907",
        "years": "1905/1909",
        "rights": "public domain",
        "rights_text": "CC0 1.0",
        "source": "t",
        "page": "",
        "label": "",
        "sha256": hashlib.sha256(FILES["0.jpg"]).hexdigest(),
    }
    assert open_set(out, (32, 32)).batch(range(7)).shape == (7, 3, 32, 32)  # what training makes of it


def test_the_manifest_says_what_is_in_and_what_is_not(folder: Path, tmp_path: Path) -> None:
    with Catalogue(folder, writing=True) as catalogue:
        catalogue.log("let all pictures of room 3 through")
    done = prepare(folder, str(tmp_path / "set.zip"), SETTINGS)
    made = manifest(tmp_path / "set.manifest.json")
    assert made == manifest(folder / "sets" / "set.manifest.json")
    assert made["hash"] == done.hash
    assert made["settings"] == SETTINGS.as_json()
    assert made["counts"] == {"records": 9, "accepted": 7, "images": 7, "rejected": done.rejected}
    assert made["rights"] == {"public domain": 7}
    assert made["notes"] == [{"id": "t:pages.tif", "note": "page 1 of 2"}]
    assert made["rejections"] == [
        {"id": "t:2.jpg", "kind": "near-duplicate", "detail": "of t:2 again.jpg: 0 of 64 bits differ"},
        {"id": "t:broken.jpg", "kind": "truncated", "detail": "the file breaks off; only whole pictures are used"},
    ]
    (decision,) = made["decisions"]  # type: ignore[misc]
    assert decision["what"] == "let all pictures of room 3 through"


def test_shards_hold_the_same_set(folder: Path, tmp_path: Path) -> None:
    as_zip = prepare(folder, str(tmp_path / "set.zip"), SETTINGS)
    as_shards = prepare(folder, str(tmp_path / "shards"), SETTINGS)
    prepare(folder, "memory://museum/shards", SETTINGS)
    assert as_zip.hash == as_shards.hash
    (shard,) = (tmp_path / "shards").iterdir()
    assert shard.name == "shards-000000.tar"
    assert shard.read_bytes() == fsspec.filesystem("memory").cat_file("/museum/shards/shards-000000.tar")
    remote = json.loads(fsspec.filesystem("memory").cat_file("/museum/shards.manifest.json"))
    assert remote["hash"] == as_zip.hash
    with tarfile.open(shard) as tar, zipfile.ZipFile(tmp_path / "set.zip") as file:
        assert tar.getnames()[:2] == ["img00000000.png", "img00000000.json"]
        body = tar.extractfile("img00000003.png")
        origin = tar.extractfile("img00000003.json")
        assert body is not None
        assert origin is not None
        assert body.read() == file.read("00000/img00000003.png")
        assert json.load(origin)["id"] == "t:3.jpg"


def test_the_set_does_not_depend_on_the_number_of_processes(tmp_path: Path) -> None:
    files = {f"{i:03d}.jpg": jpeg(i % 9) + bytes([i]) for i in range(130)}  # three chunks
    outs = []
    for workers in (1, 3):
        folder = archive(tmp_path / f"archive{workers}", files)
        out = tmp_path / f"{workers}" / "set.zip"
        outs.append((prepare(folder, str(out), SETTINGS, workers=workers), out.read_bytes()))
    assert outs[0] == outs[1]
    assert outs[0][0].accepted == 9
    assert outs[0][0].rejected == {"near-duplicate": 121}


def test_the_hash_depends_on_pictures_and_rights(folder: Path, tmp_path: Path) -> None:
    hashes = [prepare(folder, str(tmp_path / "a.zip"), SETTINGS).hash]
    hashes.append(prepare(folder, str(tmp_path / "b.zip"), Settings((32, 32), ground="#000000")).hash)
    assert hashes[0] == hashes[1]  # nothing is transparent
    hashes.append(prepare(folder, str(tmp_path / "b.zip"), Settings((32, 32), near=None)).hash)
    hashes.append(prepare(archive(folder, FILES, rights=Rights.CC0), str(tmp_path / "b.zip"), SETTINGS).hash)
    assert len(set(hashes)) == 3


def test_labels_become_classes(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="9 of 9 pictures have no label; prepare the set without labels"):
        prepare(folder, str(tmp_path / "set.zip"), SETTINGS, labels=True)
    archive(folder, FILES, label="prints")
    archive(folder, {"0.jpg": FILES["0.jpg"]}, label="drawings")
    prepare(folder, str(tmp_path / "set.zip"), SETTINGS, labels=True)
    with zipfile.ZipFile(tmp_path / "set.zip") as file:
        labels = json.loads(file.read("dataset.json"))["labels"]
    assert labels[:2] == [["00000/img00000000.png", 0], ["00000/img00000001.png", 1]]
    assert manifest(tmp_path / "set.manifest.json")["classes"] == ["drawings", "prints"]


def test_shards_are_of_bounded_size() -> None:
    record, image = Record("t:1", "t"), bytes(3000)
    result = Result("t:1", "0" * 64, (hashlib.sha256(image).hexdigest(),))
    written: dict[str, io.BytesIO] = {}

    class Kept(io.BytesIO):
        def close(self) -> None:
            """Keeps its bytes."""

    def create(name: str) -> io.BytesIO:
        written[name] = Kept()
        return written[name]

    names = write_shards(create, "s", [Sample(record, result, 0, image)] * 5, "png", None, size=12_000)
    assert names == ["s-000000.tar", "s-000001.tar", "s-000002.tar"]
    for file in written.values():
        with tarfile.open(fileobj=io.BytesIO(file.getvalue())) as tar:
            assert len(tar.getnames()) in (2, 4)


def test_what_is_done_is_not_done_again(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "set.zip"
    first = prepare(folder, str(out), SETTINGS)
    before = out.stat()
    shutil.rmtree(folder / "images")  # nothing could be prepared now
    again = prepare(folder, str(out), SETTINGS)
    assert (again.hash, again.reused, out.stat().st_ino) == (first.hash, 9, before.st_ino)
    assert not list((folder / "work").iterdir())


def test_a_set_that_lacked_a_file_is_made_again(folder: Path, tmp_path: Path) -> None:
    path = folder / "images" / "0.jpg"
    path.rename(tmp_path / "kept")
    poor = prepare(folder, str(tmp_path / "set.zip"), SETTINGS)
    assert poor.rejected["missing file"] == 1
    (tmp_path / "kept").rename(path)
    assert "missing file" not in prepare(folder, str(tmp_path / "set.zip"), SETTINGS).rejected


def test_rights_are_looked_at_again(folder: Path, tmp_path: Path) -> None:
    archive(folder, {"1.jpg": FILES["1.jpg"]}, rights=Rights.RESTRICTED, rights_text="© The estate")
    prepare(folder, str(tmp_path / "set.zip"), SETTINGS)
    rejections = manifest(tmp_path / "set.manifest.json")["rejections"]
    assert rejections[0] == {"id": "t:1.jpg", "kind": "rights", "detail": "© The estate"}  # type: ignore[index]


@pytest.mark.parametrize(
    ("out", "sentence"),
    [
        ("nowhere://bucket/set", "nowhere://bucket/set: cannot be reached (Protocol not known: nowhere)"),
        ("/proc/none/set.zip", "/proc/none/set.zip: cannot be written there; name another place"),
        ("{}/full", "{}/full: is there and holds other things than shards of full; name another place"),
        ("{}/folder.zip", "{}/folder.zip: is a folder; name a file that ends in .zip"),
    ],
)
def test_a_place_that_cannot_be_is_a_sentence(folder: Path, tmp_path: Path, out: str, sentence: str) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.doc").write_text("mine")
    (tmp_path / "folder.zip").mkdir()
    with pytest.raises(ArchiveError) as caught:
        prepare(folder, out.format(tmp_path), SETTINGS)
    assert str(caught.value).startswith(sentence.format(tmp_path))
    assert (tmp_path / "full" / "thesis.doc").read_text() == "mine"


def test_an_archive_without_pictures_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="there is no archive; make one with"):
        prepare(tmp_path, str(tmp_path / "set.zip"), SETTINGS)
    archive(tmp_path, {})
    with pytest.raises(ArchiveError, match="no picture is fetched yet; run `reverie archive fetch"):
        prepare(tmp_path, str(tmp_path / "set.zip"), SETTINGS)


def test_a_set_that_is_replaced_is_never_half_there(folder: Path, tmp_path: Path) -> None:
    shards = tmp_path / "shards"
    prepare(folder, str(shards), SETTINGS)
    (shards / "shards-000001.tar").write_bytes(b"of a longer set")
    changed = prepare(folder, str(shards), Settings((64, 64)))
    assert [path.name for path in shards.iterdir()] == ["shards-000000.tar"]
    assert manifest(tmp_path / "shards.manifest.json")["hash"] == changed.hash
    assert {path.name for path in tmp_path.iterdir()} == {"archive", "shards", "shards.manifest.json"}


CHILD = """
import resource, sys
from models.archive.errors import ArchiveError
from models.archive.prepare.preparing import prepare
from models.archive.prepare.settings import Settings
if int(sys.argv[3]):
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), resource.RLIM_INFINITY))
try:
    prepare(__import__("pathlib").Path(sys.argv[1]), sys.argv[2], Settings((32, 32), near=None), workers=2)
except ArchiveError as error:
    sys.exit(str(error))
"""


def child(folder: Path, out: Path, most_bytes: int = 0) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", CHILD, str(folder), str(out), str(most_bytes)]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True)


def many(folder: Path) -> Path:
    """150 pictures, enough to be interrupted in."""
    pictures = [jpeg(i, 640, 480) for i in range(3)]
    return archive(folder, {f"{i:03d}.jpg": pictures[i % 3] + bytes([i]) for i in range(150)})


def work_bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in (folder / "work").rglob("*.tar"))


def prepared_ids(folder: Path) -> list[str]:
    """What is prepared, once every process that might still write has ended."""
    ids = []
    for path in (folder / "work").rglob("*.tar"):
        with path.open("r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            ids += [result.id for result in read_results(file)]
    return ids


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, bytes]:
    """The hash and the bytes of the set of `many`, made undisturbed."""
    folder = tmp_path_factory.mktemp("whole")
    done = prepare(many(folder / "archive"), str(folder / "set.zip"), Settings((32, 32), near=None))
    return done.hash, (folder / "set.zip").read_bytes()


@pytest.mark.parametrize("least", [1, 100_000, 300_000])
def test_a_killed_run_goes_on_and_prepares_nothing_twice(tmp_path: Path, whole: tuple[str, bytes], least: int) -> None:
    folder, out = many(tmp_path / "archive"), tmp_path / "set.zip"
    process = child(folder, out)
    deadline = time.monotonic() + PATIENCE
    while work_bytes(folder) < least and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.001)
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL  # it was at work
    done = prepared_ids(folder)
    assert 0 < len(done) < 150
    for key in done:  # whoever prepared one of these again would miss its file
        (folder / "images" / key.removeprefix("t:")).unlink()
    resumed = prepare(folder, str(out), Settings((32, 32), near=None), workers=2)
    assert resumed == Prepared(150, {}, 150, len(done), whole[0])
    assert out.read_bytes() == whole[1]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["archive", "set.manifest.json", "set.zip"]


def test_a_full_disk_is_a_sentence_and_leaves_nothing_half_written(tmp_path: Path, whole: tuple[str, bytes]) -> None:
    folder, out = many(tmp_path / "archive"), tmp_path / "set.zip"
    sizes = [(60_000, "work"), (300_000, "set.zip")]  # too little for a chunk; for chunks, not for the set
    for most, where in sizes:
        process = child(folder, out, most)
        _, said = process.communicate()
        assert process.returncode == 1
        assert where in said.partition(": cannot be written (")[0]
        assert said.strip().endswith("and start again: it goes on where it stopped")
        assert said.count("\n") == 1
        assert not out.exists()
        assert [path.name for path in tmp_path.iterdir()] == ["archive"]
    resumed = prepare(folder, str(out), Settings((32, 32), near=None))
    assert (resumed.hash, resumed.reused) == (whole[0], 150)


def test_a_record_whose_process_died_is_given_up_and_the_rest_goes_on(folder: Path) -> None:
    with Catalogue(folder) as catalogue:
        items = tuple(Item(e.record.id, e.file, e.sha256) for e in catalogue.entries())
    task = job(folder, items, SETTINGS)
    task.file.parent.mkdir(parents=True)
    give_up(task)  # as if it died on the first
    assert process(task) == 8
    give_up(task)  # died with all done: nothing is lost
    with task.file.open("rb") as file:
        results = list(read_results(file))
    assert [result.kind for result in results][:2] == ["crashed", ""]
    assert len(results) == 9
