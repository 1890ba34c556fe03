"""What the archive prepares, training reads: pictures, classes, and the manifest's hash where it fits."""

import json
import shutil
import zipfile
from pathlib import Path

import pytest
import torch

from models.archive.prepare.preparing import Prepared, prepare
from models.archive.prepare.settings import Settings
from models.training.data import open_set
from tests.models.archive.pictures import archive, jpeg
from tests.models.picture_sets import zipped


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("museum") / "archive"
    archive(place, {f"{i}.jpg": jpeg(i, 640, 320) for i in range(4)}, label="prints")
    return archive(place, {"9.jpg": jpeg(9)}, label="drawings")


@pytest.fixture(scope="module")
def made(folder: Path) -> tuple[Path, Path, Prepared]:
    """A zip and shards of the same set, two crops of each work, with classes."""
    settings = Settings((32, 32), crop="tiles", near=None)
    place = folder.parent
    done = prepare(folder, str(place / "set.zip"), settings, labels=True)
    prepare(folder, str(place / "shards"), settings, labels=True)
    return place / "set.zip", place / "shards", done


def test_the_hash_is_the_manifests(made: tuple[Path, Path, Prepared]) -> None:
    as_zip, as_shards, done = made
    first, second = open_set(as_zip, (32, 32)), open_set(as_shards, (32, 32), memory=0)
    assert first.sha256 == second.sha256 == done.hash
    assert len(first) == len(second) == 9
    assert torch.equal(first.batch(range(len(first))), second.batch(range(len(first))))


def test_the_classes_have_their_names(made: tuple[Path, Path, Prepared]) -> None:
    for path in made[:2]:
        images = open_set(path, (32, 32))
        assert images.labels is not None
        assert images.class_names == ("drawings", "prints")
        assert images.classes == 2
        assert set(images.labels.tolist()) == {0, 1}


def test_a_manifest_of_another_set_does_not_count(made: tuple[Path, Path, Prepared], tmp_path: Path) -> None:
    """One picture fewer, or one that says another origin: then it is the bytes that are hashed."""
    shutil.copy(made[0].with_name("set.manifest.json"), tmp_path)
    with zipfile.ZipFile(made[0]) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    assert open_set(zipped(tmp_path / "set.zip", entries), (32, 32)).sha256 == made[2].hash
    elsewhere = open_set(zipped(tmp_path / "other.zip", entries), (32, 32))
    changed = entries | {"metadata.csv": entries["metadata.csv"].replace(b"public domain", b"CC0")}
    told_otherwise = open_set(zipped(tmp_path / "set.zip", changed), (32, 32))
    assert made[2].hash != told_otherwise.sha256 == elsewhere.sha256
    assert told_otherwise.class_names == ()
    last = max(name for name in entries if name.endswith(".png"))
    labels = json.loads(entries["dataset.json"])["labels"]
    fewer = {name: data for name, data in entries.items() if name != last}
    fewer["dataset.json"] = json.dumps({"labels": [pair for pair in labels if pair[0] != last]}).encode()
    shorter = open_set(zipped(tmp_path / "set.zip", fewer), (32, 32))
    assert len({shorter.sha256, elsewhere.sha256, made[2].hash}) == 3


SHARED = next((p for p in (a / "shared/archive" for a in Path(__file__).resolve().parents) if p.is_dir()), None)


@pytest.mark.skipif(SHARED is None, reason="shared/archive is not here")
def test_the_shared_archive_has_its_styles() -> None:
    assert SHARED is not None
    images = open_set(SHARED / "images-256.zip", (8, 8), memory=0)
    assert images.labels is not None
    assert (len(images), images.classes) == (3980, 7)
    assert len(images.labels) == 3980
    assert len(images.labels.unique()) == 7
