"""A registry followed on a thread: what is offered, refused, lost and found again."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import fsspec
import pytest
from feeding import save_tiny

from engine.following import Follower
from models.feed.cache import Cache
from models.feed.entries import Entry
from models.feed.errors import RefusedError
from models.feed.feed import Feed
from models.feed.registry import Registry
from tests.running import PATIENCE


def until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.005)


class Wall:
    """A follower, what it was given to prepare, and what it closed."""

    def __init__(self, registry: Registry, folder: Path, on: Entry | None = None) -> None:
        self.prepared: list[str] = []
        self.discarded: list[str] = []
        self.bad: set[str] = set()
        self.cache = Cache(folder)
        self.feed = Feed(registry, "latest", self.cache)
        self.follower = Follower(self.feed, on, self.prepare, self.discarded.append, 0.01)

    def prepare(self, entry: Entry, path: Path) -> str:
        assert path.is_file()
        self.prepared.append(entry.name)
        if entry.name in self.bad:
            raise RefusedError("it is too green")
        return entry.name

    def offered(self) -> str:
        """The next offer."""
        found: list[str] = []

        def look() -> bool:
            offer = self.follower.offer()
            found.extend([] if offer is None else [offer])
            return bool(found)

        until(look)
        return found[0]


@pytest.fixture
def wall(registry: Registry, tmp_path: Path) -> Iterator[Wall]:
    made = Wall(registry, tmp_path / "cache")
    made.follower.start()
    yield made
    made.follower.close()


def test_new_networks_are_offered_one_at_a_time(wall: Wall, registry: Registry, checkpoints: list[Path]) -> None:
    registry.add(checkpoints[0], {})
    assert wall.offered() == "a"
    registry.add(checkpoints[1], {})
    assert wall.follower.offer() is None, "the first is not answered yet"
    wall.follower.played()
    assert wall.offered() == "b"
    wall.follower.played()
    registry.roll_back()
    assert wall.offered() == "a"
    assert wall.prepared == ["a", "b", "a"]


def test_one_that_cannot_be_prepared_is_said_once_and_the_next_best_taken(
    wall: Wall, registry: Registry, checkpoints: list[Path], caplog: pytest.LogCaptureFixture
) -> None:
    wall.bad = {"b"}
    registry.add(checkpoints[0], {})
    assert wall.offered() == "a"
    wall.follower.played()
    registry.add(checkpoints[1], {})
    until(lambda: "b" in wall.prepared)
    registry.add(checkpoints[2], {})
    assert wall.offered() == "c"
    wall.follower.failed("it gives no pictures")
    until(lambda: len(caplog.records) >= 2)
    time.sleep(0.1)
    assert wall.follower.offer() is None, "the one that is on is the best that is left"
    assert wall.prepared == ["a", "b", "c"]
    assert [record.getMessage().partition(" is not shown: ")[2] for record in caplog.records] == [
        "it is too green",
        "it gives no pictures",
    ]


def test_a_file_that_is_another_is_refused_once(
    registry: Registry, checkpoints: list[Path], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    wall = Wall(registry, tmp_path / "cache")
    for path in checkpoints[:2]:
        registry.add(path, {})
    with fsspec.open(f"{registry.place}/candidates/b.safetensors", "wb") as file:
        file.write(checkpoints[2].read_bytes())
    wall.follower.start()
    assert wall.offered() == "a"
    wall.follower.played()
    registry.approve("b")
    time.sleep(0.1)
    wall.follower.close()
    assert [record.getMessage() for record in caplog.records] == [
        f"the network b of {registry.place} is not shown: b is not the file the registry tells of: "
        "its SHA-256 is another"
    ]


def test_a_lost_registry_is_one_line_and_one_when_it_is_back(
    tmp_path: Path, checkpoints: list[Path], caplog: pytest.LogCaptureFixture
) -> None:
    place, away = tmp_path / "feed", tmp_path / "away"
    registry = Registry(place)
    wall = Wall(registry, tmp_path / "cache", registry.add(checkpoints[0], {}))
    wall.follower.start()
    until(lambda: wall.cache.remembered(registry, "latest") is None)
    place.rename(away)
    place.write_text("the mount is gone")
    until(lambda: wall.follower.problem)
    time.sleep(0.1)
    place.unlink()
    away.rename(place)
    until(lambda: not wall.follower.problem)
    assert wall.follower.offer() is None
    wall.follower.close()
    said = [record.getMessage() for record in caplog.records]
    assert len(said) == 2, said
    assert said[0].endswith("the wall stays as it is")
    assert said[1] == f"{place} can be reached again"


def test_a_registry_that_is_empty_all_at_once_is_lost_too(tmp_path: Path, checkpoints: list[Path]) -> None:
    registry = Registry(tmp_path / "feed")
    wall = Wall(registry, tmp_path / "cache", registry.add(checkpoints[0], {}))
    (tmp_path / "feed").rename(tmp_path / "away")
    wall.follower.start()
    until(lambda: "nothing is there any more" in wall.follower.problem)
    wall.follower.close()
    assert wall.follower.offer() is None


def test_what_is_on_is_remembered_for_the_next_start(wall: Wall, registry: Registry, checkpoints: list[Path]) -> None:
    entry = registry.add(checkpoints[0], {})
    wall.offered()
    assert wall.cache.remembered(registry, "latest") is None
    wall.follower.played()
    until(lambda: wall.cache.remembered(registry, "latest"))
    found = wall.cache.remembered(registry, "latest")
    assert found is not None
    assert found.sha256 == entry.sha256


def test_what_is_done_with_is_closed_on_the_other_thread(wall: Wall) -> None:
    closed: list[bool] = []

    class Thing:
        def close(self) -> None:
            closed.append(True)

    for _ in range(3):
        wall.follower.put_away(Thing())
    until(lambda: len(closed) == 3)


def test_an_offer_nobody_took_is_discarded_at_the_end(wall: Wall, registry: Registry, checkpoints: list[Path]) -> None:
    registry.add(checkpoints[0], {})
    until(lambda: wall.prepared)
    wall.follower.close()
    assert wall.discarded == ["a"]


def test_a_follower_that_was_never_started_can_be_closed(registry: Registry, tmp_path: Path) -> None:
    Wall(registry, tmp_path / "cache").follower.close()


def test_an_error_nobody_thought_of_costs_one_file(
    registry: Registry, tmp_path: Path, checkpoints: list[Path], caplog: pytest.LogCaptureFixture
) -> None:
    feed = Feed(registry, "latest", Cache(tmp_path / "cache"))
    registry.add(checkpoints[0], {})
    registry.add(save_tiny(tmp_path / "odd.safetensors", 9), {})

    def prepare(entry: Entry, path: Path) -> str:
        if entry.name == "odd":
            raise ZeroDivisionError("by zero\nand more")
        return entry.name

    found = feed.newest(None, prepare)
    assert found is not None
    assert found[1] == "a"
    assert [r.getMessage().partition(" is not shown: ")[2] for r in caplog.records] == ["ZeroDivisionError: by zero"]
