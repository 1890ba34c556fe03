"""Registries in a folder and at an address of fsspec: whole or not there, and no entry lost."""

import json
import subprocess
import sys
from pathlib import Path
from threading import Event, Thread

import fsspec
import pytest
from feeding import save_tiny

from models.feed.entries import Entry, ranking
from models.feed.errors import FeedError
from models.feed.people import lock
from models.feed.registry import Registry
from models.manifest import sha256

ROOT = Path(__file__).parents[2]


def test_what_is_added_can_be_read_again_by_others(registry: Registry, checkpoints: list[Path]) -> None:
    assert registry.entries() == ()
    entry = registry.add(checkpoints[0], {"kimg": 12.5, "metrics": {"swd": 31.25}, "note": "warm"}, by="training")
    (found,) = Registry(registry.place).entries()
    assert found == entry.model_copy(update={"when": found.when, "by": "training"})
    assert (found.name, found.status, found.kimg, found.metrics) == ("a", "candidate", 12.5, {"swd": 31.25})
    assert found.sha256 == sha256(checkpoints[0])
    with registry.open(found) as file:
        assert file.read() == checkpoints[0].read_bytes()
    beside = fsspec.open(f"{registry.place}/candidates/a.safetensors.sha256").open()
    with beside:
        assert beside.read().decode().split() == [found.sha256, "a.safetensors"]


def test_decisions_are_kept(registry: Registry, checkpoints: list[Path]) -> None:
    for path in checkpoints[:3]:
        registry.add(path, {})
    registry.approve("a")
    registry.approve("c", "the best so far")
    registry.roll_back()
    registry.retire("b")
    assert [e.name for e in ranking(registry.entries(), "approved")] == ["a"]
    assert {e.name: e.status for e in registry.entries()} == {"a": "approved", "b": "retired", "c": "retired"}
    assert all("@" in e.by for e in registry.entries())


def test_the_same_file_is_added_once_and_another_of_its_name_gets_its_own(
    registry: Registry, checkpoints: list[Path], tmp_path: Path
) -> None:
    first = registry.add(checkpoints[0], {})
    assert registry.add(checkpoints[0], {"kimg": 3}).name == first.name
    other = registry.add(save_tiny(tmp_path / "a.safetensors", seed=77), {})
    assert other.name == f"a-{other.sha256[:8]}"
    assert [e.name for e in registry.entries()] == ["a", other.name]


def test_candidates_beyond_the_newest_go_with_their_files(registry: Registry, checkpoints: list[Path]) -> None:
    for path in checkpoints[:2]:
        registry.add(path, {})
    registry.approve("a")
    for path in checkpoints[2:]:
        registry.add(path, {}, keep=2)
    assert [e.name for e in registry.entries()] == ["a", "d", "e"]
    files, folder = fsspec.url_to_fs(f"{registry.place}/candidates")
    left = {Path(path).name for path in files.ls(folder, detail=False)}
    assert left == {f"{name}.safetensors{end}" for name in "ade" for end in ("", ".sha256")}


def test_what_is_no_network_is_refused_and_leaves_nothing(registry: Registry, tmp_path: Path) -> None:
    path = tmp_path / "poor.safetensors"
    path.write_bytes(b"\xff" * 100)
    with pytest.raises(FeedError, match=r"cannot be published: .*poor\.safetensors"):
        registry.add(path, {})
    with pytest.raises(FeedError, match="rename the file"):
        registry.add(save_tiny(tmp_path / "two words.safetensors"), {})
    assert registry.entries() == ()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"{", "this is not JSON"),
        (b"[]", "this is no list of networks"),
        (b'{"format": 2, "networks": []}', "registries of format 1"),
        (b'{"format": 1, "networks": [{"name": "../../etc", "sha256": "0"}]}', r"networks.0.name"),
        (b" " * (8 * 2**20 + 1), "larger than"),
    ],
)
def test_a_damaged_list_is_one_sentence(registry: Registry, text: bytes, why: str) -> None:
    with fsspec.open(f"{registry.place}/registry.json", "wb", auto_mkdir=True) as file:
        file.write(text)
    with pytest.raises(FeedError, match=why) as caught:
        registry.entries()
    assert "\n" not in str(caught.value)
    with pytest.raises(FeedError):
        registry.approve("a")


def test_a_figure_that_is_no_number_does_not_spoil_the_list(registry: Registry, checkpoints: list[Path]) -> None:
    registry.add(checkpoints[0], {"metrics": {"swd": float("nan"), "diversity": 0.9}})
    assert [entry.metrics for entry in registry.entries()] == [{"diversity": 0.9}]
    with pytest.raises(FeedError, match="kimg"):
        registry.add(checkpoints[1], {"kimg": float("inf")})
    assert [entry.name for entry in registry.entries()] == ["a"]


def test_keys_of_later_versions_are_kept(registry: Registry, checkpoints: list[Path]) -> None:
    registry.add(checkpoints[0], {"colour": "red"})
    registry.approve("a")
    (entry,) = registry.entries()
    assert entry.model_extra == {"colour": "red"}


def test_an_address_nobody_understands_is_one_sentence() -> None:
    with pytest.raises(FeedError, match=r"moon://base: cannot be reached"):
        Registry("moon://base")


def test_a_registry_that_cannot_be_reached_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(FeedError, match="file/feed"):
        Registry(tmp_path / "file" / "feed").entries()
    with pytest.raises(FeedError, match="file/feed: cannot be written"):
        Registry(tmp_path / "file" / "feed").approve("a")


def test_two_processes_and_two_threads_lose_no_entry(tmp_path: Path, checkpoints: list[Path]) -> None:
    place = tmp_path / "feed"
    code = (
        "import sys; from pathlib import Path; from models.feed.registry import Registry\n"
        "[Registry(sys.argv[1]).add(Path(path), {}) for path in sys.argv[2:]]"
    )
    ours = [save_tiny(tmp_path / f"ours{i}.safetensors", 10 + i) for i in range(6)]
    child = subprocess.Popen([sys.executable, "-c", code, str(place), *map(str, checkpoints)], cwd=ROOT)
    halves = [
        Thread(target=lambda half=half: [Registry(place).add(p, {}) for p in half]) for half in (ours[:3], ours[3:])
    ]
    for thread in halves:
        thread.start()
    for thread in halves:
        thread.join()
    assert child.wait(60) == 0
    assert {e.name for e in Registry(place).entries()} == {p.stem for p in ours + checkpoints}


def test_a_reader_never_sees_half_a_list(tmp_path: Path, checkpoints: list[Path]) -> None:
    registry = Registry(tmp_path / "feed")
    registry.add(checkpoints[0], {})
    over, seen = Event(), []

    def read() -> None:
        while not over.is_set():
            seen.append(len(Registry(registry.place).entries()))

    reader = Thread(target=read)
    reader.start()
    for turn in range(40):
        registry.approve("a", note="x" * (500 * (turn % 2)))
    over.set()
    reader.join()
    assert set(seen) == {1}


def test_whoever_holds_the_lock_is_waited_for(tmp_path: Path, checkpoints: list[Path]) -> None:
    registry = Registry(tmp_path)
    registry.add(checkpoints[0], {})
    with lock(tmp_path, create=True):
        waiting = Thread(target=registry.approve, args=("a",))
        waiting.start()
        assert registry.entries()[0].status == "candidate"
    waiting.join(30)
    assert registry.entries()[0].status == "approved"


def test_the_list_is_readable_by_people(tmp_path: Path, checkpoints: list[Path]) -> None:
    Registry(tmp_path).add(checkpoints[0], {})
    said = json.loads((tmp_path / "registry.json").read_text())
    assert said["format"] == 1
    assert Entry.model_validate(said["networks"][0]).name == "a"


def test_what_is_listed_is_what_lies_there_though_the_file_is_replaced(tmp_path: Path) -> None:
    """A training's later snapshot takes the earlier one's name while that waits for its turn."""
    registry, path = Registry(tmp_path / "feed"), save_tiny(tmp_path / "network.safetensors", seed=1)
    waiting = Thread(target=registry.add, args=(path, {}))
    with lock(tmp_path / "feed", create=True):
        waiting.start()
        waiting.join(0.2)
        save_tiny(path, seed=2)
    waiting.join()
    (entry,) = registry.entries()
    assert entry.sha256 == sha256(tmp_path / "feed" / "candidates" / "network.safetensors")


def test_deciding_makes_no_registry(tmp_path: Path) -> None:
    place = tmp_path / "nowhere"
    for decide in (Registry(place).approve, Registry(place).retire, Registry(place).roll_back):
        with pytest.raises(FeedError, match=r"nowhere: there is no registry here; see whether the address is right"):
            decide("a")
    assert not place.exists()
