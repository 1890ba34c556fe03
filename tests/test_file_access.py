"""Reading and writing files that are none, and saying beforehand whether one could be written."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from engine.errors import ReverieError
from engine.files import absent, check_current_folder, read_file, unwritable, write_atomic
from models.files import is_device, write_atomically
from tests.rights import without_privileges
from tests.running import PATIENCE


def test_a_file_is_read_up_to_its_bound(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"12345")
    assert read_file(path, 5, "mend it") == b"12345"
    with pytest.raises(ReverieError, match=r"a: is too large, 4 bytes is the most; mend it"):
        read_file(path, 4, "mend it")


@pytest.mark.parametrize("name", ["a\0b", "x" * 300, "pipe", "none", ""])
def test_what_is_no_file_is_neither_read_nor_waited_for(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ReverieError, match=r"cannot be read \(.+\); mend it"):
        read_file(tmp_path / name, 10, "mend it")


@pytest.mark.parametrize("name", ["a\0b", "x" * 300, "pipe", "file/a", "folder", ""])
def test_what_cannot_be_written_is_told_before_and_refused_then(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    before = sorted(tmp_path.iterdir())
    assert unwritable(tmp_path / name)
    with pytest.raises(ReverieError, match="cannot be written"):
        write_atomic(tmp_path / name, b"data")
    assert sorted(tmp_path.iterdir()) == before
    assert (tmp_path / "pipe").is_fifo()


def test_what_can_be_written_is_not_complained_of(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "a"
    assert unwritable(path) == ""
    assert not path.parent.exists()
    write_atomic(path, b"data")
    assert unwritable(path) == ""


def test_a_file_that_becomes_a_pipe_as_it_is_opened_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, pipe = tmp_path / "a", tmp_path / "pipe"
    path.write_bytes(b"12345")
    os.mkfifo(pipe)
    descriptors = os.listdir("/proc/self/fd")
    really = os.open
    monkeypatch.setattr(os, "open", lambda path, flags: (pipe.replace(path), really(path, flags))[1])
    with pytest.raises(ReverieError, match=r"cannot be read \(it is a pipe or a device.*; mend it"):
        read_file(path, 10, "mend it")
    assert os.listdir("/proc/self/fd") == descriptors


def test_two_that_write_one_file_do_not_meet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a"
    both, sync = Barrier(2, timeout=PATIENCE), os.fsync
    monkeypatch.setattr(os, "fsync", lambda descriptor: (both.wait(), sync(descriptor)))  # both are half done
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(lambda data: write_atomic(path, data), (b"a" * 9, b"b" * 9)))
    assert path.read_bytes() in (b"a" * 9, b"b" * 9)
    assert list(tmp_path.iterdir()) == [path]


def test_a_new_file_s_name_outlasts_a_power_cut_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: synced.append(os.readlink(f"/proc/self/fd/{descriptor}")))
    write_atomic(tmp_path / "a", b"data")
    assert [Path(name).suffix for name in synced] == [".part", ""]
    assert synced[1] == str(tmp_path)


def test_a_folder_of_the_systems_takes_no_file_not_even_of_root(tmp_path: Path) -> None:
    assert unwritable(Path("/proc/a"))
    assert unwritable(Path("/proc/new/a"))
    assert unwritable(tmp_path / "a", beside="b" * 256) == "File name too long"


def test_no_new_file_takes_the_place_of_a_device(tmp_path: Path) -> None:
    link = tmp_path / "null"
    link.symlink_to(os.devnull)
    assert is_device(link)
    with pytest.raises(OSError, match="pipe or a device"):
        write_atomically(link, lambda part: part.write_bytes(b"data"))
    assert link.is_symlink()


def test_what_may_not_be_looked_at_counts_as_there(tmp_path: Path) -> None:
    (tmp_path / "locked").mkdir(mode=0)
    (tmp_path / "file").touch()
    assert not without_privileges(lambda: absent(tmp_path / "locked" / "a"))
    assert absent(tmp_path / "none" / "a")
    assert absent(tmp_path / "file" / "a")


def test_a_folder_that_is_gone_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    monkeypatch.chdir(folder)
    check_current_folder()
    folder.rmdir()
    with pytest.raises(ReverieError, match="the current folder is gone"):
        check_current_folder()
