"""Publishing beside a training that never waits."""

import logging
from collections.abc import Mapping
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from models.feed.entries import Entry
from models.feed.publisher import Publisher
from models.feed.registry import Registry

WAIT = 60.0


def test_what_is_published_arrives(registry: Registry, checkpoints: list[Path]) -> None:
    publisher = Publisher(registry.place)
    publisher.publish(checkpoints[0], {"kimg": 4.0})
    publisher.wait(WAIT)
    publisher.publish(checkpoints[1], {"kimg": 8.0, "metrics": {"swd": 20.0}})
    publisher.wait(WAIT)
    assert [(e.name, e.kimg, e.by) for e in registry.entries()] == [("a", 4.0, "training"), ("b", 8.0, "training")]


def test_a_lost_registry_is_one_line_and_one_when_it_is_back(
    tmp_path: Path, checkpoints: list[Path], caplog: pytest.LogCaptureFixture
) -> None:
    place = tmp_path / "mount"
    place.write_text("nothing is mounted here")
    publisher = Publisher(place)
    for path in checkpoints[:2]:
        publisher.publish(path, {})
        publisher.wait(WAIT)
    assert [record.getMessage().partition(" was not published")[0] for record in caplog.records] == ["a.safetensors"]
    place.unlink()
    for path in checkpoints[2:4]:
        publisher.publish(path, {})
        publisher.wait(WAIT)
    assert [r.levelno for r in caplog.records] == [logging.WARNING] * 2
    assert caplog.records[1].getMessage().startswith("publishing works again: c is in")
    assert [e.name for e in Registry(place).entries()] == ["c", "d"]


def test_a_slow_registry_keeps_nobody_and_gets_the_newest(
    tmp_path: Path, checkpoints: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go = Event(), Event()
    whole = Registry.add

    def slow(self: Registry, path: Path, facts: Mapping[str, Any], by: str = "", keep: int = 0) -> Entry:
        begun.set()
        assert go.wait(WAIT)
        return whole(self, path, facts, by, keep)

    monkeypatch.setattr(Registry, "add", slow)
    publisher = Publisher(tmp_path / "feed")
    publisher.publish(checkpoints[0], {})
    assert begun.wait(WAIT)
    for path in checkpoints[1:]:
        publisher.publish(path, {})
    go.set()
    publisher.wait(WAIT)
    assert [e.name for e in Registry(tmp_path / "feed").entries()] == ["a", "e"]
