import pkgutil
import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

import sensors
from sensors import registry
from sensors.registry import broken, find_sensors

PLUG_IN = Path(registry.__file__).with_name("stub.py").read_text()


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder whose modules count as modules of the package; everything is looked for anew."""
    monkeypatch.setattr(sensors, "__path__", [*sensors.__path__, str(tmp_path)])
    registry._shelf.cache_clear()
    yield tmp_path
    registry._shelf.cache_clear()
    for name in ("geiger", "torn", "twin"):
        sys.modules.pop(f"sensors.{name}", None)


def test_dropping_a_file_is_enough(shelf: Path) -> None:
    (shelf / "geiger.py").write_text(PLUG_IN.replace('"stub"', '"geiger"').replace("Stub", "Geiger"))
    assert find_sensors()["geiger"].__name__ == "Geiger"
    assert broken() == {}


def test_a_torn_file_costs_only_itself(shelf: Path, caplog: pytest.LogCaptureFixture) -> None:
    (shelf / "torn.py").write_text("import a_library_nobody_has\n")
    assert "sound" in find_sensors()
    assert broken() == {"sensors.torn": "ModuleNotFoundError: No module named 'a_library_nobody_has'"}
    assert len(caplog.messages) == 1


def test_a_second_sensor_of_the_same_type_is_left_out(shelf: Path) -> None:
    (shelf / "twin.py").write_text(PLUG_IN)
    assert find_sensors()["stub"].__module__ == "sensors.stub"
    assert broken() == {"sensors.twin": "ValueError: the sensor type stub exists already"}


def test_entry_points_bring_sensors_too(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (shelf / "geiger.py").write_text(PLUG_IN.replace('"stub"', '"geiger"'))
    points = [
        EntryPoint("geiger", "sensors.geiger:Stub", registry.GROUP),
        EntryPoint("gone", "nowhere.at_all:Sensor", registry.GROUP),
        EntryPoint("number", "sensors.sound:WAIT", registry.GROUP),
    ]
    monkeypatch.setattr(registry, "entry_points", lambda group: points)
    monkeypatch.setattr(pkgutil, "iter_modules", lambda *_: [])
    assert set(find_sensors()) == {"geiger"}
    assert set(broken()) == {"nowhere.at_all:Sensor", "sensors.sound:WAIT"}
