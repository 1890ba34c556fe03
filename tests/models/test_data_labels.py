"""Classes of training pictures: wherever a set may say them, for all pictures or none."""

import json
from pathlib import Path

import pytest

from models.training import TrainingError
from models.training.data import ImageSet, open_set
from tests.models.picture_sets import as_zip, filled, labelled, picture, sharded, zipped

PICTURES = ("00000/a.png", "00000/b.png", "00000/c.png")


def opened(path: Path) -> ImageSet:
    return open_set(path, (16, 16))


def numbers(path: Path) -> list[int] | None:
    labels = opened(path).labels
    return None if labels is None else labels.tolist()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return filled(tmp_path / "set", *PICTURES)


def test_dataset_json(folder: Path) -> None:
    (folder / "dataset.json").write_bytes(labelled(*zip(PICTURES, (2, 0, 2), strict=True)))
    for path in (folder, as_zip(folder)):
        assert numbers(path) == [2, 0, 2]
        assert (opened(path).classes, opened(path).class_names) == (3, ())
    assert open_set(folder, (16, 16), labels=False).labels is None


def test_dataset_json_in_a_folder_that_was_zipped_with_it(folder: Path) -> None:
    """Its names count from where it lies."""
    entries = {f"mine/{name}": picture(seed=i) for i, name in enumerate(PICTURES)}
    entries["mine/dataset.json"] = labelled(*zip(PICTURES, (1, 0, 1), strict=True))
    assert numbers(zipped(folder.with_name("whole.zip"), entries)) == [1, 0, 1]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"{labels", r"dataset\.json is not JSON \(.+\); mend it, or take it out"),
        (b"[" * 100_000, r"dataset\.json is not JSON"),
        (b"\xff\xfe", r"dataset\.json is not UTF-8; save it as UTF-8"),
        (b'{"labels": 3}', r"dataset\.json holds no list of labels"),
        (b'[["00000/a.png", 0]]', r"dataset\.json holds no list of labels"),
        (labelled(("00000/a.png", 0), ("00000/b.png", 1)), r"labels for 2 of 3 pictures only, none for 00000/c\.png;"),
        (labelled(("no.png", 0), ("none.png", 0)), r"names pictures that are not there: no\.png, 2 in all; add them"),
        (labelled(("00000/a.png", "dog")), r'has an entry \["00000/a\.png", "dog"\]; each must be a picture\'s name'),
        (labelled(("00000/a.png", True)), "has an entry"),
        (labelled(("00000/a.png", [0.0, 1.0])), "has an entry"),
        (labelled("00000/a.png"), "has an entry"),
        (labelled(("00000/a.png", 0), ("00000/a.png", 1)), r"labels 00000/a\.png twice, as 0 and 1; mend it"),
        (labelled(*((name, -1) for name in PICTURES)), "has a label -1; number classes from 0, to 4095"),
        (labelled(*((name, 4096) for name in PICTURES)), "has a label 4096; number classes"),
        (labelled(*((name, 10**9) for name in PICTURES)), "has a label 1000000000; number classes"),
    ],
)
def test_a_dataset_json_that_cannot_be(folder: Path, content: bytes, sentence: str) -> None:
    (folder / "dataset.json").write_bytes(content)
    for path in (folder, as_zip(folder)):
        with pytest.raises(TrainingError, match=sentence) as caught:
            opened(path)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("label", ["dog", [0.0, 1.0], 10**9])
def test_labels_that_nobody_asks_for_may_be_of_any_kind(folder: Path, label: object) -> None:
    (folder / "dataset.json").write_bytes(labelled(*((name, label) for name in PICTURES)))
    assert len(open_set(folder, (16, 16), labels=False)) == 3
    (folder / "dataset.json").write_bytes(b"{labels")
    assert len(open_set(folder, (16, 16), labels=False)) == 3


@pytest.mark.parametrize(
    ("names", "sentence"),
    [(PICTURES[:2], "labels for 2 of 3 pictures only"), ((*PICTURES, "no.png"), "that are not there: no")],
)
def test_labels_of_other_pictures_are_a_damaged_set_whoever_asks(
    folder: Path, names: tuple[str, ...], sentence: str
) -> None:
    (folder / "dataset.json").write_bytes(labelled(*((name, 0) for name in names)))
    for wanted in (True, False):
        with pytest.raises(TrainingError, match=sentence):
            open_set(folder, (16, 16), labels=wanted)


@pytest.mark.parametrize("content", ['{"labels": null}', "{}", '{"labels": []}'])
def test_a_dataset_json_without_labels(folder: Path, content: str) -> None:
    (folder / "dataset.json").write_text(content)
    assert numbers(folder) is None


def test_imagefolder_with_a_table_of_words(tmp_path: Path) -> None:
    """Each part of it has its own table, and names pictures from there."""
    folder = filled(tmp_path / "set", "test/a.png", "train/a.png", "train/b.png")
    (folder / "train" / "metadata.csv").write_text("file_name,label\nb.png,print\na.png,drawing\ngone.png,print\n")
    rows = [{"file_name": "a.png", "label": "print"}, {"other": 1}]
    (folder / "test" / "metadata.jsonl").write_text("\n\n".join(map(json.dumps, rows)))
    images = opened(folder)
    assert numbers(folder) == [1, 0, 1]
    assert (images.classes, images.class_names) == (2, ("drawing", "print"))
    (folder / "test" / "metadata.jsonl").unlink()
    with pytest.raises(TrainingError, match=r"labels for 2 of 3 pictures only, none for test/a\.png"):
        opened(folder)


def test_imagefolder_with_numbers(folder: Path) -> None:
    (folder / "metadata.csv").write_text("\ufefffile_name,label\n00000/a.png,0\n00000/b.png,3\n00000/c.png,0\n")
    assert numbers(folder) == [0, 3, 0]
    assert opened(folder).classes == 4


def test_a_table_without_labels(folder: Path) -> None:
    for content in (
        "file_name,text\n00000/a.png,blue\n",
        "file_name,label\n00000/a.png,\n",
        "work,year\nBlue,1911\n",
        "",
    ):
        (folder / "metadata.csv").write_text(content)
        assert numbers(folder) is None


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("metadata.jsonl", '{"file_name": "00000/a.png"}\n{"label', r"metadata\.jsonl, line 2, is not JSON; mend it"),
        ("metadata.csv", 'file_name,label\n"a"b,c\n', r"metadata\.csv, line 2, is not CSV \(.+\); mend it"),
        ("metadata.csv", "file_name,label\n00000/a.png," + "x" * 200_000, "is not CSV"),
        (
            "metadata.jsonl",
            "".join(json.dumps({"file_name": name, "label": {"a": 1}}) + "\n" for name in PICTURES),
            r'has a label \{"a": 1\} among others; make all words, or all numbers',
        ),
    ],
)
def test_a_table_that_cannot_be(folder: Path, name: str, content: str, sentence: str) -> None:
    (folder / name).write_text(content)
    with pytest.raises(TrainingError, match=sentence):
        opened(folder)


def test_a_folder_for_each_class(tmp_path: Path) -> None:
    names = ("test/prints/a.png", "train/drawings/a.png", "train/prints/a.png")
    folder = filled(tmp_path / "set", *names)
    for path in (folder, as_zip(folder)):
        assert numbers(path) == [1, 0, 1]
        assert opened(path).class_names == ("drawings", "prints")


@pytest.mark.parametrize(
    "names",
    [
        ("a.png", "b.png"),
        ("one/a.png", "one/b.png"),
        ("a.png", "prints/b.png"),
        ("train/a.png", "test/b.png"),
        ("00000/a.png", "00001/b.png"),
    ],
)
def test_folders_that_are_no_classes(tmp_path: Path, names: tuple[str, ...]) -> None:
    assert numbers(filled(tmp_path / "set", *names)) is None


def test_shards(tmp_path: Path) -> None:
    shards = tmp_path / "tars"
    sharded(
        shards / "s-000000.tar", {"a.png": picture(), "a.json": b'{"class": 1}', "b.png": picture(), "b.cls": b"0\n"}
    )
    sharded(shards / "s-000001.tar", {"a.json": b'{"class": 2}', "a.png": picture()})
    assert numbers(shards) == [1, 0, 2]
    sharded(shards / "s-000002.tar", {"a.png": picture()})
    with pytest.raises(TrainingError, match=r"labels for 3 of 4 pictures only, none for s-000002\.tar/a\.png"):
        opened(shards)


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.cls", b"dog", r"a\.cls is not a number; make the shards again"),
        ("a.json", b"{", r"a\.json is not JSON; make the shards again"),
    ],
)
def test_shards_that_cannot_be(tmp_path: Path, name: str, content: bytes, sentence: str) -> None:
    shard = sharded(tmp_path / "tars" / "s-000000.tar", {"a.png": picture(), name: content})
    with pytest.raises(TrainingError, match=sentence):
        opened(shard.parent)
