"""What a publishing process leaves behind when it is killed, and what clears it."""

import os
import subprocess
import sys
import time
from pathlib import Path

import fsspec
import pytest

from models.feed.errors import FeedError
from models.feed.storage import check_writable, put, sweep
from models.remote import Remote

OLD = 7200.0  # seconds


@pytest.fixture
def nobody() -> int:
    """The number of a process that has ended."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        pass
    return process.pid


def left(folder: Path, name: str, age: float = OLD) -> Path:
    path = folder / name
    path.write_bytes(b"half")
    then = time.time() - age
    os.utime(path, (then, then))
    return path


def test_what_a_dead_process_left_an_hour_ago_goes(tmp_path: Path, nobody: int) -> None:
    for name in ("a.safetensors", "a.safetensors.sha256", "registry.json"):
        left(tmp_path, f".{name}.{nobody}.tmp")
    sweep(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_what_may_still_be_written_stays_and_so_does_what_is_not_ours(tmp_path: Path, nobody: int) -> None:
    stays = {
        left(tmp_path, f".a.safetensors.{nobody}.tmp", age=60),
        left(tmp_path, f".a.safetensors.{os.getpid()}.tmp"),
        left(tmp_path, ".a.safetensors.1.tmp"),
        left(tmp_path, ".mine.tmp"),
        left(tmp_path, f"a.{nobody}.tmp"),
    }
    sweep(tmp_path)
    assert set(tmp_path.iterdir()) == stays


def test_a_folder_that_is_not_there_is_swept_already(tmp_path: Path) -> None:
    sweep(tmp_path / "nowhere")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", ["folder", "memory"])
def test_a_file_is_there_whole_or_not_at_all(kind: str, tmp_path: Path) -> None:
    place = Remote.at(str(tmp_path / "feed") if kind == "folder" else f"memory://{tmp_path.name}")

    def fail(file: object) -> None:
        raise FeedError("half way")

    with pytest.raises(FeedError, match="half way"):
        put(place / "list", fail)
    assert not (place / "list").exists()
    put(place / "list", lambda file: file.write(b"whole"))
    assert (place / "list").read() == b"whole"
    files, folder = fsspec.url_to_fs(str(tmp_path / "feed") if kind == "folder" else f"memory://{tmp_path.name}")
    assert [Path(name).name for name in files.ls(folder, detail=False)] == ["list"]


def test_one_may_write_where_there_is_nothing_yet_and_nothing_is_made(tmp_path: Path) -> None:
    check_writable(tmp_path / "a" / "b")
    check_writable(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_one_may_not_write_into_a_file_nor_where_the_system_forbids_it(tmp_path: Path) -> None:
    (tmp_path / "letter").write_text("dear")
    with pytest.raises(FeedError, match=r"letter: this is a file, no folder; give a folder"):
        check_writable(tmp_path / "letter" / "feed")
    with pytest.raises(FeedError, match=r"/dev/fd: cannot be written to \(.+\); give another folder"):
        check_writable(Path("/dev/fd/feed"))
