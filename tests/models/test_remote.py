"""Files at addresses: whole or not there."""

from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from models.remote import AddressError, Remote, absolute


@pytest.fixture(autouse=True)
def memory() -> Iterator[Any]:
    files = fsspec.filesystem("memory")
    yield files
    files.store.clear()
    files.pseudo_dirs[:] = [""]


@pytest.fixture(params=["memory://folder/file", "{}/folder/file", "file://{}/folder/file"])
def remote(request: pytest.FixtureRequest, tmp_path: Path) -> Remote:
    return Remote.at(request.param.format(tmp_path))


def break_off(file: IO[bytes]) -> None:
    file.write(b"half")
    raise ZeroDivisionError


def names(remote: Remote) -> list[str]:
    """What is in the folder of a file, temporary names included."""
    folder = remote.path.rpartition("/")[0]
    return [path.rpartition("/")[2] for path in remote.files.ls(folder, detail=False)]


def test_a_file_is_there_when_it_is_whole(remote: Remote) -> None:
    assert not remote.exists()
    with remote.create() as file:
        file.write(b"one")
        assert not remote.exists()
    assert remote.read() == b"one"
    with remote.create() as file:
        file.write(b"two")
        assert remote.read() == b"one"
    assert (remote.read(), names(remote), remote.name) == (b"two", ["file"], "file")


def test_what_ends_in_an_error_is_not_there(remote: Remote) -> None:
    with remote.create() as file:
        file.write(b"old")
    with pytest.raises(ZeroDivisionError), remote.create() as file:
        break_off(file)
    assert (remote.read(), names(remote)) == (b"old", ["file"])


def test_files_are_found_and_taken_away(remote: Remote) -> None:
    for name in ("a.tar", "b.tar", "c.txt"):
        with (remote / name).create() as file:
            file.write(name.encode())
    assert remote.sizes() == {"a.tar": 5, "b.tar": 5, "c.txt": 5}
    remote.remove()
    assert not remote.exists()
    assert remote.sizes() == {}
    remote.remove()  # once more is no mistake


def test_an_upload_that_breaks_off_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks_off(self: MemoryFileSystem, local: str, path: str, **_: object) -> None:
        self.pipe_file(path, Path(local).read_bytes()[:2])
        raise RuntimeError("the line broke")

    remote = Remote.at("memory://folder/file")
    monkeypatch.setattr(MemoryFileSystem, "put_file", breaks_off)
    with pytest.raises(OSError, match=r"^RuntimeError: the line broke$"), remote.create() as file:
        file.write(b"whole")
    assert names(remote) == []


def test_what_is_not_there_is_a_file_not_found(remote: Remote) -> None:
    with pytest.raises(FileNotFoundError):
        remote.read()


def test_an_address_that_nothing_understands_is_a_sentence() -> None:
    with pytest.raises(AddressError) as caught:
        Remote.at("nowhere://bucket/set")
    assert str(caught.value) == (
        "nowhere://bucket/set: cannot be reached (Protocol not known: nowhere); name a folder or another address"
    )


def test_an_address_is_the_same_from_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert absolute("set") == f"{tmp_path}/set"
    assert absolute("s3://bucket/set/") == "s3://bucket/set"


def test_a_server_that_does_not_answer_is_a_sentence() -> None:
    with pytest.raises(AddressError, match=r"^ftp://127.0.0.1:1/set: cannot be reached \(.*refused\); name a folder"):
        Remote.at("ftp://127.0.0.1:1/set")
