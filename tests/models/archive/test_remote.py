"""Files at addresses: whole or not there; and what one machine of a cluster does with them."""

import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from models.archive.errors import ArchiveError
from models.archive.prepare.chunk import Item, process_chunk, read_chunk, read_results
from models.archive.prepare.remote import Remote, absolute
from models.archive.prepare.settings import Settings
from models.archive.prepare.task import HERE, Places, originals, prepare_alone, prepare_chunk
from tests.models.archive.pictures import Files, jpeg

SETTINGS = Settings((32, 32))
FILES = Files({f"{i}.jpg": jpeg(i) for i in range(4)})
PLACES = Places("memory://museum", "memory://set.chunks")


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
        with (remote / name).create():
            pass
    assert [found.name for found in remote.matching("*.tar")] == ["a.tar", "b.tar"]
    remote.remove()
    assert not remote.exists()
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
    with pytest.raises(ArchiveError) as caught:
        Remote.at("nowhere://bucket/set")
    assert str(caught.value) == (
        "nowhere://bucket/set: cannot be reached (Protocol not known: nowhere); name a folder or another address"
    )


def test_an_address_is_the_same_from_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert absolute("set") == f"{tmp_path}/set"
    assert absolute("s3://bucket/set/") == "s3://bucket/set"


@pytest.fixture
def items(memory: Any) -> list[Item]:
    for name, data in FILES.files.items():
        memory.pipe_file(f"/museum/images/{name}", data)
    memory.pipe_file(f"/set.chunks/{HERE}", b"")
    return [Item(item.id, f"images/{item.file}", item.sha256) for item in FILES.items]


def one_machine() -> bytes:
    file = io.BytesIO()
    process_chunk(FILES.items, SETTINGS, FILES, file)
    return file.getvalue()


def test_a_chunk_is_what_it_is_on_one_machine(items: list[Item], memory: Any) -> None:
    fresh, results = prepare_chunk(items, SETTINGS, PLACES, "c.tar")
    assert memory.cat_file("/set.chunks/c.tar") == one_machine()
    whole = list(read_results(io.BytesIO(one_machine())))
    assert (fresh, list(read_results(io.BytesIO(results)))) == (4, whole)
    memory.rm("/museum", recursive=True)  # nothing could be prepared now
    assert prepare_chunk(items, SETTINGS, PLACES, "c.tar") == (0, results)


@pytest.mark.parametrize("end", [0, 700, -3000])
def test_a_chunk_that_was_damaged_is_made_again(items: list[Item], memory: Any, end: int) -> None:
    memory.pipe_file("/set.chunks/c.tar", one_machine()[:end])
    fresh, _ = prepare_chunk(items, SETTINGS, PLACES, "c.tar")
    assert (fresh, memory.cat_file("/set.chunks/c.tar")) == (4, one_machine())


def test_deadly_records_are_not_tried(items: list[Item], memory: Any) -> None:
    prepare_chunk(items, SETTINGS, PLACES, "c.tar", deadly=(1, 3))
    results = [result for result, _ in read_chunk(io.BytesIO(memory.cat_file("/set.chunks/c.tar")))]
    assert [(result.id, result.kind) for result in results] == [
        (item.id, kind) for item, kind in zip(items, ("", "crashed", "", "crashed"), strict=True)
    ]


def test_to_try_a_record_leaves_nothing(items: list[Item], memory: Any) -> None:
    assert prepare_alone(items[0], SETTINGS, PLACES)
    assert memory.glob("/set.chunks/*") == [f"/set.chunks/{HERE}"]


def test_a_missing_original_costs_its_record_but_a_missing_folder_the_task(items: list[Item], memory: Any) -> None:
    memory.rm_file("/museum/images/0.jpg")
    _, results = prepare_chunk(items, SETTINGS, PLACES, "c.tar")
    assert [result.kind for result in read_results(io.BytesIO(results))] == ["missing file", "", "", ""]
    memory.rm("/museum", recursive=True)
    with pytest.raises(ArchiveError, match=rf"node {os.uname().nodename} does not see /museum/images"):
        prepare_chunk(items, SETTINGS, PLACES, "d.tar")
    assert not memory.exists("/set.chunks/d.tar")


def test_originals_with_a_path_of_their_own_are_read_there(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"a")
    read = originals("memory://museum")
    assert read(f"{tmp_path}/a.jpg") == b"a"
    with pytest.raises(FileNotFoundError):
        read(f"{tmp_path}/b.jpg")
    with pytest.raises(OSError, match="does not see"):
        read(f"{tmp_path}/mount/b.jpg")


def test_a_place_that_others_do_not_see_is_a_sentence(items: list[Item], memory: Any) -> None:
    memory.rm_file(f"/set.chunks/{HERE}")
    with pytest.raises(
        ArchiveError, match=r"does not see memory://set.chunks: give an address that every node reaches"
    ):
        prepare_chunk(items, SETTINGS, PLACES, "c.tar")


def test_a_place_that_cannot_be_written_is_a_sentence(items: list[Item], monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: MemoryFileSystem, local: str, path: str, **_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(MemoryFileSystem, "put_file", full)
    with pytest.raises(ArchiveError) as caught:
        prepare_chunk(items, SETTINGS, PLACES, "c.tar")
    assert str(caught.value) == (
        f"memory://set.chunks: cannot be written by node {os.uname().nodename} (No space left on device);"
        " see to that and start again: it goes on where it stopped"
    )
