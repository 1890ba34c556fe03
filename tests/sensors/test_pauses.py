"""Pauses of the whole machine are no silence of its devices."""

import os
from itertools import count
from types import SimpleNamespace
from typing import Any

import pytest

from sensors.audio_features import AudioFeatures
from sensors.base import SensorLost
from sensors.pauses import Pauses
from sensors.sound import STALL, Sound, SoundConfig


def looks(*moments: float) -> Pauses:
    pauses = Pauses(0.0)
    for moment in moments:
        pauses.look(moment)
    return pauses


@pytest.mark.parametrize(
    ("moments", "since", "expected"),
    [
        ([0.5, 1.0, 1.5], 0.0, 1.5),
        ([0.5, 30.5, 31.0], 0.0, 1.0),
        ([0.5, 30.5, 31.0], 0.6, 0.5),  # said just before the pause, not looked at yet
        ([0.5, 30.5, 31.0], 30.4, 0.5),  # said before the first look after it
        ([0.5, 30.5, 31.0], 30.75, 0.25),
        ([0.5, 30.5, 31.0, 61.0], 0.0, 1.0),
        ([3.0, 6.0, 9.0], 0.0, 6.0),  # a slow show: only its first late frame passes for a pause
    ],
)
def test_silence_is_counted_awake(moments: list[float], since: float, expected: float) -> None:
    assert looks(*moments).silence(since, moments[-1]) == pytest.approx(expected)


def test_what_is_remembered_is_bounded() -> None:
    pauses = looks(*(moment for n in range(100) for moment in (100.0 * n, 100.0 * n + 0.5)))
    assert len(pauses._pauses) <= 4


def test_sound_that_comes_on_after_a_pause_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every look at the clock is half a minute after the one before."""
    sound: Any = Sound(SoundConfig(type="sound"))
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as heard, os.fdopen(writing, "wb", 0) as spoken:
        sound._process, sound._unread, sound._channels = SimpleNamespace(stdout=heard), b"", 1
        sound._features, sound._device = AudioFeatures(48000), "a microphone"
        sound._patience, sound._waited = STALL, 0.0
        leaping = count(0.0, 30.0)
        monkeypatch.setattr("sensors.sound.time.monotonic", lambda: next(leaping))
        monkeypatch.setattr("sensors.sound.WAIT", 0.3)
        assert [sound.read() for _ in range(3)] == [None] * 3
        spoken.write(bytes(4 * 4800))
        assert sound.read() is not None
        assert [sound.read() for _ in range(3)] == [None] * 3
        with pytest.raises(SensorLost, match="no sound comes from a microphone"):
            sound.read()
