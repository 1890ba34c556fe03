"""Networks fetched from a registry: verified, bounded, and there when it is not."""

import os
from pathlib import Path

import fsspec
import pytest

from models.explore.direction_file import directions_path
from models.feed import cache as caching
from models.feed.cache import Cache
from models.feed.errors import FeedError, RefusedError
from models.feed.registry import Registry


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


def names(cache: Cache) -> set[str]:
    return {path.name for path in cache.folder.iterdir()}


def test_a_network_is_fetched_once(registry: Registry, cache: Cache, checkpoints: list[Path]) -> None:
    entry = registry.add(checkpoints[0], {})
    path = cache.fetch(registry, entry)
    assert path.read_bytes() == checkpoints[0].read_bytes()
    assert names(cache) == {path.name, f"{path.name}.sha256"}
    fsspec.url_to_fs(registry.place)[0].rm(registry.place, recursive=True)
    assert cache.fetch(registry, entry) == path


def test_a_damaged_copy_is_fetched_again(registry: Registry, cache: Cache, checkpoints: list[Path]) -> None:
    entry = registry.add(checkpoints[0], {})
    path = cache.fetch(registry, entry)
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    assert cache.fetch(registry, entry).read_bytes() == checkpoints[0].read_bytes()


def test_a_file_that_is_not_what_the_list_says_is_refused(
    registry: Registry, cache: Cache, checkpoints: list[Path]
) -> None:
    entry = registry.add(checkpoints[0], {})
    with fsspec.open(f"{registry.place}/candidates/a.safetensors", "wb") as file:
        file.write(checkpoints[1].read_bytes())
    with pytest.raises(RefusedError, match="a is not the file the registry tells of: its SHA-256"):
        cache.fetch(registry, entry)
    assert names(cache) == set()


def test_a_file_that_is_gone_may_come_back(registry: Registry, cache: Cache, checkpoints: list[Path]) -> None:
    entry = registry.add(checkpoints[0], {})
    fsspec.url_to_fs(registry.place)[0].rm(f"{registry.place}/candidates/a.safetensors")
    with pytest.raises(FeedError) as caught:
        cache.fetch(registry, entry)
    assert not isinstance(caught.value, RefusedError)


def test_a_file_without_end_is_refused(
    registry: Registry, cache: Cache, checkpoints: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = registry.add(checkpoints[0], {})
    monkeypatch.setattr(caching, "LARGEST_FILE", 1000)
    with pytest.raises(RefusedError, match="larger than"):
        cache.fetch(registry, entry)
    assert names(cache) == set()


def test_what_was_used_last_is_kept(
    tmp_path: Path, cache: Cache, checkpoints: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(caching, "MOST_FILES", 3)
    registry = Registry(tmp_path / "feed")
    entries = [registry.add(path, {}) for path in checkpoints[:4]]
    for age, entry in enumerate(entries[:3]):
        os.utime(cache.fetch(registry, entry), (1000 + age, 1000 + age))
    cache.use(entries[0])
    directions = [directions_path(cache.path(entry)) for entry in entries[:2]]
    for path in directions:
        path.touch()
    left = cache.folder / ".left.123.tmp"
    left.touch()
    os.utime(left, (1000, 1000))
    cache.fetch(registry, entries[3])
    kept = {entry.name for entry in entries if cache.path(entry).exists()}
    assert kept == {"a", "c", "d"}
    assert [path.exists() for path in directions] == [True, False], "each goes with its network, and counts as none"
    assert len(names(cache)) == 7


def test_bytes_are_bounded_too(
    tmp_path: Path, cache: Cache, checkpoints: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(caching, "MOST_BYTES", checkpoints[0].stat().st_size)
    registry = Registry(tmp_path / "feed")
    for path in checkpoints[:3]:
        newest = cache.fetch(registry, registry.add(path, {}))
        assert names(cache) == {newest.name, f"{newest.name}.sha256"}


def test_what_was_on_the_wall_is_remembered(tmp_path: Path, cache: Cache, checkpoints: list[Path]) -> None:
    registry = Registry(tmp_path / "feed")
    entry = registry.add(checkpoints[0], {})
    assert cache.remembered(registry, "latest") is None
    cache.remember(registry, "latest", entry)
    assert cache.remembered(registry, "latest") is None, "its file is not here"
    path = cache.fetch(registry, entry)
    assert cache.remembered(registry, "latest") == entry
    assert cache.remembered(registry, "approved") is None
    assert cache.remembered(Registry(tmp_path / "other"), "latest") is None
    path.write_bytes(b"")
    assert cache.remembered(registry, "latest") is None


def test_a_cache_nobody_can_write_to_is_one_sentence(tmp_path: Path, checkpoints: list[Path]) -> None:
    (tmp_path / "file").touch()
    registry = Registry(tmp_path / "feed")
    with pytest.raises(FeedError, match="XDG_CACHE_HOME"):
        Cache(tmp_path / "file" / "cache").fetch(registry, registry.add(checkpoints[0], {}))


def test_the_cache_is_where_the_user_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert Cache().folder == tmp_path / "reverie" / "feed"
