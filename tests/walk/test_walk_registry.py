"""Walks are found by themselves, and a broken one costs only itself."""

import logging
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

import engine.walk
from engine import plugins
from engine.walk import registry
from engine.walk.still import Still

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    registry.walks.cache_clear()
    yield
    registry.walks.cache_clear()


def test_a_file_dropped_in_is_a_walk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pacing_up_and_down.py").write_text(
        "from typing import Literal\n"
        "from engine.walk.still import Still, StillConfig\n"
        "class Config(StillConfig):\n    type: Literal['pacing'] = 'pacing'\n"
        "class Pacing(Still):\n    Config = Config\n"
    )
    monkeypatch.setattr(engine.walk, "__path__", [*engine.walk.__path__, str(tmp_path)])
    assert registry.walks()["pacing"].__name__ == "Pacing"
    assert registry.walks()["still"] is Still


def test_a_broken_file_is_reported_and_the_others_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "broken_walk.py").write_text("import a_module_that_is_not_there\n")
    monkeypatch.setattr(engine.walk, "__path__", [*engine.walk.__path__, str(tmp_path)])
    with caplog.at_level(logging.WARNING):
        assert {"drift", "still"} <= set(registry.walks())
    assert "broken_walk" in caplog.text
    assert "a_module_that_is_not_there" in caplog.text


@pytest.mark.parametrize("value", ["engine.walk.still", "engine.walk.still:Still"])
def test_an_entry_point_may_name_a_module_or_a_class(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine.walk, "__path__", [])
    _offer(monkeypatch, value)
    assert registry.walks() == {"still": Still}


def test_an_entry_point_that_is_no_walk_is_reported(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    _offer(monkeypatch, "json:dumps")
    with caplog.at_level(logging.WARNING):
        assert set(registry.walks()) == {"drift", "passage", "still"}
    assert "json:dumps" in caplog.text


def _offer(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    points = [EntryPoint("theirs", value, registry.GROUP)]
    monkeypatch.setattr(plugins, "entry_points", lambda group: points)


def test_looking_for_walks_does_not_load_torch() -> None:
    """`reverie check` knows every walk and should take no second for it."""
    code = "import sys; from engine.walk.registry import walks; print(len(walks()), 'torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    count, torch_loaded = done.stdout.split()
    assert int(count) >= 2
    assert torch_loaded == "False"
