"""One test over every sensor there is: whoever adds one is held to the same contract."""

import math
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest
from pydantic import ValidationError

from sensors.base import DeviceConfig, DeviceSensor, Sensor, SensorConfig, SensorError, SensorLost, TimeSensor
from sensors.driver import Driver
from sensors.registry import broken, find_sensors
from tests.sensors.waiting import eventually

ROOT = Path(__file__).resolve().parents[2]
ABSENT: dict[str, dict[str, object]] = {
    "camera": {"device": "/dev/video77"},
    "serial": {"port": "/dev/ttyNothing"},
    "sound": {"device": "no such input"},
    "stub": {"file": "/no/such/file"},
}
"""For each device sensor, keys that name a device which is not there."""

KINDS = find_sensors()
DEVICES = {name: kind for name, kind in KINDS.items() if issubclass(kind, DeviceSensor)}


def absent(name: str, **config: object) -> Sensor:
    written = {"type": name, **ABSENT.get(name, {}), **config}
    return KINDS[name](KINDS[name].Config.model_validate(written))


def test_the_sensors_are_found_and_none_is_broken() -> None:
    assert {"sound", "serial", "camera", "simulated", "stub"} <= set(KINDS)
    assert broken() == {}
    assert set(DEVICES) == set(ABSENT), "a new device sensor says here what its absence looks like"


@pytest.mark.parametrize("name", KINDS)
def test_configuration(name: str) -> None:
    config = KINDS[name].Config
    assert issubclass(config, SensorConfig)
    assert get_args(config.model_fields["type"].annotation) == (name,)
    assert config.__doc__
    for wrong in ({"colour": "red"}, {"type": "x"}, {"if_lost": {"ease_to": {"nothing": 1}}}):
        with pytest.raises(ValidationError):
            absent(name, **wrong)
    with pytest.raises(ValidationError, match="frozen"):
        absent(name).config.type = "other"  # type: ignore[misc]


@pytest.mark.parametrize("name", KINDS)
def test_channels(name: str) -> None:
    rows = absent(name).channels
    assert rows
    assert len({row.name for row in rows}) == len(rows)
    for row in rows:
        assert row.low <= row.neutral <= row.high
        assert row.accepts(row.neutral)
        assert not any(row.accepts(wrong) for wrong in (*row.rejects, math.nan, math.inf))
        assert row.help


@pytest.mark.parametrize("name", KINDS)
def test_a_kind_has_the_methods_of_its_kind_and_no_more(name: str) -> None:
    kind = KINDS[name]
    base = DeviceSensor if issubclass(kind, DeviceSensor) else TimeSensor
    public = {member for member in dir(kind) if not member.startswith("_")}
    assert public == {member for member in dir(base) if not member.startswith("_")} | {"name", "Config"}
    assert issubclass(kind.Config, DeviceConfig) == issubclass(kind, DeviceSensor)


@pytest.mark.parametrize("name", DEVICES)
def test_absence_is_one_sentence(name: str) -> None:
    sensor = absent(name)
    assert isinstance(sensor, DeviceSensor)
    with pytest.raises((SensorError, SensorLost)) as caught:
        sensor.open()
    assert "\n" not in str(caught.value)
    assert "; " in str(caught.value)
    sensor.close()
    sensor.close()


@pytest.mark.parametrize("name", KINDS)
def test_every_channel_has_a_value_without_a_device(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    driver = Driver("it", absent(name, if_lost={"simulate": "gallery-day"}))
    before = driver.sample(0)
    driver.start()
    assert driver.wait_first(30)
    after = driver.sample(1)
    driver.close()
    for samples in (before, after):
        assert list(samples) == [row.name for row in driver.channels]
        assert all(math.isfinite(sample.value) for sample in samples.values())
        assert {sample.quality for sample in samples.values()} == {"simulated"}
    assert "simulated gallery-day" in driver.found
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if issubclass(kind, TimeSensor)])
def test_a_time_sensor_is_a_function_of_time(name: str) -> None:
    sensor, same = absent(name), absent(name)
    assert isinstance(sensor, TimeSensor)
    assert isinstance(same, TimeSensor)
    later = sensor.at(100.0)
    assert set(later) == {row.name for row in sensor.channels}
    assert sensor.at(3.0) == same.at(3.0)
    assert sensor.at(100.0) == later


def test_the_stub_runs() -> None:
    driver = Driver("computer", KINDS["stub"](KINDS["stub"].Config(type="stub")))
    driver.start()
    eventually("uptime", lambda: driver.sample(0)["uptime"].quality == "live")
    assert driver.sample(1)["uptime"].value > 0
    driver.close()


def test_looking_for_sensors_loads_no_device_library() -> None:
    libraries = {"cv2", "serial", "sounddevice"}
    code = f"import sys, sensors.registry as r; r.find_sensors(); print({libraries} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == "set()"
