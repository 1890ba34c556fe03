"""What one machine of a cluster does: a chunk at an address."""

import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from models.archive.errors import ArchiveError
from models.archive.prepare.chunk import Item, process_chunk, read_chunk, read_results
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
