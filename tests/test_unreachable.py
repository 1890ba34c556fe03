"""Every command that takes a path, with what a path can be but should not: one sentence, exit code 2, no waiting."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.cli import app
from engine.errors import ReverieError
from tests.models.convert.foreign import dump, official
from tests.models.convert.networks import small_stylegan2
from tests.rights import without_privileges
from tests.running import ROOT

CHECKPOINT, TABLE = ".safetensors", ".csv"
SMALL = ("--resolution", "16", "--kimg", "0.001", "--channel-base", "64", "--channel-max", "4", "--batch", "2")

# A command with @ for the path, and how the path's name ends.
READING = {
    "check": (("check", "@"), ".yaml"),
    "run": (("run", "@", "--offscreen", "--seconds", "1"), ".yaml"),
    "record": (("record", "@", "--seconds", "1", "-o", "{here}/x.mp4"), ".yaml"),
    "sensors": (("sensors", "@", "--seconds", "1"), ".yaml"),
    "bench pipeline": (("bench", "pipeline", "@", "--seconds", "2"), ".yaml"),
    "bench picture": (("bench", "picture", "@", "--seconds", "2"), ".yaml"),
    "generate": (("generate", "@", "-o", "{here}/x.png"), CHECKPOINT),
    "generate --latents": (("generate", "museum-128", "--latents", "@", "-o", "{here}/x.png"), ".npz"),
    "convert": (("convert", "@", "{here}/x.safetensors"), ".pkl"),
    "info": (("info", "@"), CHECKPOINT),
    "info .pkl": (("info", "@"), ".pkl"),
    "export": (("export", "@", "-o", "{here}/x.onnx"), CHECKPOINT),
    "metrics": (("metrics", "@", "--data", "{pictures}"), CHECKPOINT),
    "metrics --data": (("metrics", "museum-128", "--data", "@"), ".zip"),
    "metrics --features": (
        ("metrics", "museum-128", "--data", "{pictures}", "--metric", "fid", "--features", "@"), CHECKPOINT,
    ),
    "train --data": (("train", "--data", "@", "--out", "{here}/run"), ".zip"),
    "train --from": (("train", "--data", "{pictures}", "--out", "{here}/run", "--from", "@"), CHECKPOINT),
    "train --resume": (("train", "--data", "{pictures}", "--out", "{here}/run", "--resume", "@"), ""),
    "models list": (("models", "list", "@"), ""),
    "models approve": (("models", "approve", "@", "x"), ""),
    "models retire": (("models", "retire", "@", "x"), ""),
    "models rollback": (("models", "rollback", "@"), ""),
    "models publish": (("models", "publish", "{here}/registry", "@"), CHECKPOINT),
    "archive import": (("archive", "import", "@", "--into", "{here}/archive"), ""),
    "archive import .csv": (("archive", "import", "@", "--into", "{here}/archive"), TABLE),
    "archive import --as imagefolder": (
        ("archive", "import", "@", "--into", "{here}/archive", "--as", "imagefolder"), "",
    ),
    "archive fetch": (("archive", "fetch", "@"), ""),
    "archive prepare": (("archive", "prepare", "@", "--resolution", "16", "-o", "{here}/x.zip"), ""),
    "archive report": (("archive", "report", "@"), ""),
    "bench archive": (("bench", "archive", "--pictures", "@", "--count", "1", "--workers", "1"), ""),
    "bench generator": (("bench", "generator", "--config", "@"), CHECKPOINT),
    "bench generator --against": (("bench", "generator", "--against", "@"), ""),
}  # fmt: skip
WRITING = {
    "schema -o": (("schema", "-o", "@"), ".json"),
    "bench picture --sheet": (("bench", "picture", "--sheet", "@"), ".png"),
    "generate -o": (("generate", "museum-128", "--seeds", "0", "-o", "@"), ".png"),
    "convert": (("convert", "{pickle}", "@"), CHECKPOINT),
    "train --out": (("train", "--data", "{pictures}", "--out", "@", *SMALL), ""),
    "train --publish": (("train", "--data", "{pictures}", "--out", "{here}/run", "--publish", "@", *SMALL), ""),
    "models publish": (("models", "publish", "@", str(ROOT / "models/builtin/museum-128.safetensors")), ""),
    "archive import --into": (("archive", "import", "{table}", "--into", "@"), ""),
    "archive prepare -o .zip": (("archive", "prepare", "{archive}", "--resolution", "16", "-o", "@"), ".zip"),
    "archive prepare -o": (("archive", "prepare", "{archive}", "--resolution", "16", "-o", "@"), ""),
    "archive report -o": (("archive", "report", "{archive}", "-o", "@"), ".html"),
}


def locked(here: Path, end: str) -> Path:
    (here / "locked").mkdir(mode=0)
    return here / "locked" / f"x{end}"


def read_only(here: Path, end: str) -> Path:
    (here / "read-only").mkdir(mode=0o555)
    return here / "read-only" / f"x{end}"


def closed(here: Path, end: str) -> Path:
    path = here / f"closed{end}"
    path.touch(mode=0)
    return path


def closed_folder(here: Path, end: str) -> Path:
    path = here / f"closed-folder{end}"
    path.mkdir(mode=0)
    return path


def too_long(here: Path, end: str) -> Path:
    return here / f"{'x' * 300}{end}"


def below_too_long(here: Path, end: str) -> Path:
    return here / ("x" * 300) / f"x{end}"


def below_a_file(here: Path, end: str) -> Path:
    (here / "file").write_text("no folder\n")
    return here / "file" / f"x{end}"


def circle(here: Path, end: str) -> Path:
    path = here / f"circle{end}"
    path.symlink_to(path.name)
    return path


def pipe(here: Path, end: str) -> Path:
    path = here / f"pipe{end}"
    os.mkfifo(path)
    return path


def full_disk(here: Path, end: str) -> Path:
    path = here / f"full{end}"
    path.symlink_to("/dev/full")
    return path


def folder(here: Path, end: str) -> Path:
    path = here / f"folder{end}"
    path.mkdir()
    return path


Kind = Callable[[Path, str], Path]
UNREACHABLE: tuple[Kind, ...] = (locked, closed_folder, too_long, below_too_long, below_a_file, circle, pipe, full_disk)
UNWRITABLE = (*(kind for kind in UNREACHABLE if kind is not circle), read_only)  # a new file takes a link's place


@pytest.fixture(scope="session")
def things(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """What the commands need beside the path that is wrong."""
    root = tmp_path_factory.mktemp("things")
    (root / "pictures").mkdir()
    for number in range(2):
        noise = np.random.default_rng(number).integers(0, 255, (16, 16, 3), dtype=np.uint8)
        Image.fromarray(noise).save(root / "pictures" / f"{number}.png")
    (root / "works.csv").write_text("id,title,image,rights\n1,One,https://museum.example/1.jpg,CC0\n")
    dump({"G_ema": official(small_stylegan2())}, root / "network.pkl")
    app(["archive", "import", str(root / "works.csv"), "--into", str(root / "archive")], standalone_mode=False)
    names = {"pictures": "pictures", "table": "works.csv", "archive": "archive", "pickle": "network.pkl"}
    return {role: root / name for role, name in names.items()}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "2000")
    yield tmp_path
    for place in tmp_path.iterdir():
        if not place.is_symlink():
            place.chmod(0o700)  # for those who clear up


def refused(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> str:
    """The sentence that a command ends with."""

    def run() -> str:
        try:
            app(list(words), standalone_mode=True)
        except ReverieError as error:
            return str(error)
        except SystemExit as end:
            code = end.code
        else:
            code = 0
        return "" if code == 2 else f"the command ended with {code}"

    said = without_privileges(run)
    assert "the command ended" not in said
    return said or capsys.readouterr().err


def filled(words: tuple[str, ...], path: Path, here: Path, things: dict[str, Path]) -> tuple[str, ...]:
    return tuple(str(path) if word == "@" else word.format(here=here, **things) for word in words)


@pytest.mark.parametrize("kind", [*UNREACHABLE, closed], ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("command", READING)
def test_what_cannot_be_read_is_one_sentence(
    command: str, kind: Kind, here: Path, things: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    words, end = READING[command]
    path = kind(here, end)
    said = refused(filled(words, path, here, things), capsys)
    assert path.name[:100] in said
    assert kind is not locked or "Permission denied" in said


@pytest.mark.parametrize("kind", UNWRITABLE, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("command", WRITING)
def test_what_cannot_be_written_is_one_sentence(
    command: str, kind: Kind, here: Path, things: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    words, end = WRITING[command]
    path = kind(here, end)
    said = refused(filled(words, path, here, things), capsys)
    assert path.name[:100] in said or path.parent.name in said


@pytest.mark.parametrize("command", [name for name, (_, end) in READING.items() if end])
def test_a_folder_in_place_of_a_file_is_one_sentence(
    command: str, here: Path, things: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    words, end = READING[command]
    path = folder(here, end)
    assert path.name in refused(filled(words, path, here, things), capsys)
