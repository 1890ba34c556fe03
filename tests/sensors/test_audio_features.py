import numpy as np
import pytest
from numpy.typing import NDArray

from sensors.audio_features import AudioFeatures
from sensors.quantities import SOUND

RATE = 48000
Sound = NDArray[np.float64]


def seconds(duration: float) -> Sound:
    return np.arange(int(RATE * duration)) / RATE


def tone(frequency: float, amplitude: float = 0.5, duration: float = 3.0) -> Sound:
    return amplitude * np.sin(2 * np.pi * frequency * seconds(duration))


def noise(amplitude: float, duration: float = 5.0) -> Sound:
    return np.random.default_rng(7).normal(0, amplitude, int(RATE * duration))


def hear(sound: Sound, block: int = 512, **settings: float) -> list[dict[str, float]]:
    features = AudioFeatures(RATE, **settings)
    heard = [features.push(sound[i : i + block].astype(np.float32)) for i in range(0, len(sound), block)]
    return [values for values in heard if values is not None]


def onsets(heard: list[dict[str, float]]) -> int:
    pulses = np.array([values["onset"] for values in heard])
    return int((np.diff(pulses, prepend=0) > 0.2).sum())


@pytest.mark.parametrize(("frequency", "band"), [(60, "bass"), (1000, "mid"), (8000, "treble")])
def test_a_tone_raises_its_own_band_only(frequency: float, band: str) -> None:
    newest = hear(tone(frequency))[-1]
    assert newest[band] > 0.9
    assert newest["level"] > 0.9
    assert all(newest[other] < 0.05 for other in {"bass", "mid", "treble"} - {band})
    assert newest["centroid"] == pytest.approx(frequency, rel=0.1)


def test_a_low_tone_does_not_flutter() -> None:
    bass = [values["bass"] for values in hear(tone(60))][100:]
    assert max(bass) - min(bass) < 0.1


@pytest.mark.parametrize("sound", [np.zeros(RATE * 3), noise(0.001)], ids=["digital silence", "a room at -60 dB"])
def test_a_silent_room_stays_silent(sound: Sound) -> None:
    for values in hear(sound):
        assert max(values[name] for name in ("level", "bass", "mid", "treble", "onset")) == 0


def test_the_meters_follow_the_loudness_of_the_room() -> None:
    soft, loud = hear(tone(440, 0.03))[-1], hear(tone(440, 0.9))[-1]
    assert soft["level"] > 0.5
    assert loud["level"] == pytest.approx(1, abs=0.05)
    after_loud = hear(np.concatenate([tone(440, 0.9, 2), tone(440, 0.09, 40)]))
    assert after_loud[400]["level"] < 0.2
    assert after_loud[-1]["level"] > 2 * after_loud[400]["level"]


def test_a_fixed_gain_replaces_the_following() -> None:
    assert hear(tone(440, 0.2), gain=1.0)[-1]["level"] == pytest.approx(0.2 / np.sqrt(2), rel=0.05)
    assert hear(tone(440, 0.2), gain=100.0)[-1]["level"] == 1


@pytest.mark.parametrize("background", [0.0, 0.003])
def test_clicks_are_onsets_at_their_rate(background: float) -> None:
    sound = noise(background, 10.0)
    for beat in range(20):
        start = int((beat * 0.5 + 0.1) * RATE)
        sound[start : start + 200] += noise(0.3)[:200]
    assert onsets(hear(sound)) == 20


def test_a_kick_drum_is_heard_through_music() -> None:
    sound = 0.05 * np.sin(2 * np.pi * 440 * seconds(10)) * (1 + 0.3 * np.sin(2 * np.pi * 4 * seconds(10)))
    since = seconds(0.25)
    kick = 0.5 * np.exp(-since / 0.08) * np.sin(2 * np.pi * 55 * since)
    for beat in range(20):
        start = int((beat * 0.5 + 0.1) * RATE)
        sound[start : start + len(kick)] += kick[: len(sound) - start]
    assert 19 <= onsets(hear(sound)) <= 23


@pytest.mark.parametrize("amplitude", [0.01, 0.1])
def test_steady_noise_has_hardly_an_onset(amplitude: float) -> None:
    assert onsets(hear(noise(amplitude, 10.0))) <= 5


def test_a_drum_shows_within_two_frames_of_sixty() -> None:
    sound = np.concatenate([noise(0.001, 1.0), noise(0.3, 0.1)])
    heard = hear(sound)
    first = next(index for index, values in enumerate(heard) if values["onset"] > 0.5)
    assert (first + 2) * 512 / RATE - 1.0 < 2 / 60  # the frame `first` ends with block `first + 2`


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf, 1e30])
def test_wrong_samples_give_finite_features_and_do_no_harm(wrong: float) -> None:
    features = AudioFeatures(RATE)
    for sound in (np.full(4096, wrong, np.float32), tone(60, duration=2).astype(np.float32)):
        for start in range(0, len(sound), 480):
            values = features.push(sound[start : start + 480])
            if values:
                assert all(np.isfinite(value) for value in values.values())
                assert all(row.accepts(values[row.name]) for row in SOUND)
    assert features.push(tone(60)[:4096].astype(np.float32))["bass"] > 0.5  # type: ignore[index]


@pytest.mark.parametrize("block", [1, 100, 5000])
def test_the_size_of_blocks_does_not_matter(block: int) -> None:
    sound = tone(60, duration=0.3)
    assert hear(sound, block)[-1] == hear(sound, 512)[-1]


@pytest.mark.parametrize("rate", [8000, 16000, 44100, 96000, 192000])
def test_any_sample_rate_will_do(rate: int) -> None:
    time = np.arange(rate * 2) / rate
    newest = AudioFeatures(rate).push((0.5 * np.sin(2 * np.pi * 60 * time)).astype(np.float32))
    assert newest is not None
    assert newest["bass"] > 0.7
    assert newest["treble"] < 0.05


def test_a_flood_of_samples_is_cut_to_the_last_second() -> None:
    features = AudioFeatures(RATE)
    assert features.push(np.zeros(RATE * 60, np.float32)) is not None
    assert len(features._pending) <= RATE
