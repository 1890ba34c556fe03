import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from sensors import sound_capture
from sensors.driver import Driver, State
from sensors.sound import Sound, SoundConfig
from sensors.sound_capture import choose
from tests.pulse import PulseServer, pulse_null_sink, write_wav
from tests.running import PATIENCE
from tests.sensors.waiting import eventually


@pytest.fixture
def pulse(monkeypatch: pytest.MonkeyPatch) -> Iterator[PulseServer]:
    with pulse_null_sink() as server:
        for name, value in server.env.items():
            monkeypatch.setenv(name, value)
        yield server


@pytest.fixture
def bass(tmp_path: Path) -> Path:
    return write_wav(tmp_path / "bass.wav", 0.5 * np.sin(2 * np.pi * 60 * np.arange(48000 * 60) / 48000))


class Listening:
    """A sound driver and the show time of its frames."""

    def __init__(self, **config: object) -> None:
        self.driver = Driver("hall", Sound(SoundConfig.model_validate({"type": "sound", **config})))
        self.now = 0.0
        self.driver.start()

    def __enter__(self) -> "Listening":
        return self

    def __exit__(self, *_: object) -> None:
        self.driver.close()

    def value(self, channel: str) -> float:
        self.now += 0.1
        sample = self.driver.sample(self.now)[channel]
        return sample.value if sample.quality == "live" else -1.0


def capturing() -> list[str]:
    """Command lines of the running capture processes that are children of this one."""
    lines = subprocess.run(["ps", "--ppid", str(os.getpid()), "-o", "args="], capture_output=True, text=True).stdout
    return [line for line in lines.splitlines() if Path(sound_capture.__file__).name in line]


def test_bass_played_into_the_room_is_heard(pulse: PulseServer, bass: Path) -> None:
    with Listening() as hall:
        eventually("silence", lambda: hall.value("bass") == 0)
        assert hall.driver.found.startswith("default, 4")
        player = pulse.play(bass)
        eventually("bass", lambda: hall.value("bass") > 0.8)
        eventually("bass only", lambda: hall.value("level") > 0.8 and hall.value("mid") < 0.1)
        player.kill()
        player.wait()
        eventually("silence again", lambda: hall.value("bass") == 0)
    assert capturing() == []


def test_sound_comes_back_after_its_server_died_and_after_it_hung(pulse: PulseServer, bass: Path) -> None:
    with Listening(if_lost={"simulate": "gallery-day"}) as hall:
        pulse.play(bass)
        eventually("bass", lambda: hall.value("bass") > 0.8)
        pulse.kill()
        eventually("loss", lambda: hall.driver.state is State.LOST)
        assert hall.driver.sample(hall.now)["bass"].quality == "simulated"
        pulse.start()
        pulse.play(bass)
        eventually("bass again", lambda: hall.value("bass") > 0.8)

        pulse.freeze()
        eventually("loss", lambda: hall.driver.state is State.LOST)
        pulse.thaw()
        eventually("sound again", lambda: hall.value("bass") >= 0)


def test_a_machine_without_sound_says_so_in_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PULSE_SERVER", f"unix:{tmp_path}/nobody")
    with Listening(if_lost={"simulate": "gallery-day"}) as hall:
        assert hall.driver.wait_first(PATIENCE)
        eventually("loss", lambda: hall.driver.state is State.LOST)
        assert hall.driver.found == "no sound input is present; simulated gallery-day stands in"


def test_a_sound_library_that_crashes_costs_only_this_sensor(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    empty = tmp_path / "asound.conf"  # PortAudio 19.6 aborts its process over an ALSA configuration without devices
    empty.touch()
    monkeypatch.setenv("ALSA_CONFIG_PATH", str(empty))
    with Listening() as hall:
        assert hall.driver.wait_first(PATIENCE)
        assert hall.driver.state is State.LOST
        assert hall.driver.sample(0)["bass"].value == 0


def test_an_input_that_does_not_exist_is_named_with_those_that_do(pulse: PulseServer) -> None:
    with Listening(device="Theremin") as hall:
        assert hall.driver.wait_first(PATIENCE)
        eventually("loss", lambda: hall.driver.state is State.LOST)
        assert hall.driver.found == "no sound input is called Theremin; present: default; the last value holds"


def test_an_input_is_found_by_a_part_of_its_name() -> None:
    inputs = [{"name": "HDA Intel"}, {"name": "USB Audio: hw:1,0"}, {"name": "usb audio 2"}]
    assert choose(inputs, "usb audio") == inputs[1]
    assert choose(inputs, "Intel") == inputs[0]


def test_the_capturing_process_ends_with_its_parent(pulse: PulseServer) -> None:
    command = [sys.executable, "-P", sound_capture.__file__, json.dumps({"device": None, "samplerate": 48000})]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin
        assert process.stdout
        assert json.loads(process.stdout.readline()) == {"device": "default", "samplerate": 48000.0, "channels": 2}
        process.stdin.close()
        assert process.wait(PATIENCE) == 0


def test_a_missing_library_costs_only_this_sensor(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "sounddevice.py").write_text("raise ImportError('no PortAudio here')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with Listening() as hall:
        assert hall.driver.wait_first(PATIENCE)
        assert hall.driver.found == "sounddevice is not usable: no PortAudio here; the last value holds"
