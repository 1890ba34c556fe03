from itertools import pairwise

import pytest

from sensors.channel import Channel
from sensors.driver import Driver, State
from sensors.gallery_day import GalleryDay
from sensors.quantities import AIR, SIGHT, SOUND
from sensors.simulated import Simulated, SimulatedConfig

CHANNELS = (*SOUND, *AIR, *SIGHT, Channel("humidity", "%", 0, 100, neutral=45))


def minute(channel: Channel, seed: int = 0) -> list[float]:
    day = GalleryDay(seed)
    return [day.value(channel, frame / 60) for frame in range(60 * 60)]


@pytest.mark.parametrize("channel", CHANNELS, ids=lambda channel: channel.name)
def test_a_minute_shows_change_within_the_typical_range(channel: Channel) -> None:
    values = minute(channel)
    assert min(values) >= channel.low
    assert max(values) <= channel.high
    assert max(values) - min(values) > 0.02 * (channel.high - channel.low)


@pytest.mark.parametrize("channel", CHANNELS, ids=lambda channel: channel.name)
def test_a_moment_is_the_same_in_any_order_and_another_day_is_different(channel: Channel) -> None:
    forwards = minute(channel)
    day = GalleryDay()
    assert [day.value(channel, frame / 60) for frame in reversed(range(3600))] == forwards[::-1]
    assert minute(channel, seed=1) != forwards


def test_music_is_heard_within_the_first_seconds() -> None:
    day = GalleryDay()
    bass, onset = SOUND[1], SOUND[4]
    heard = [day.value(bass, frame / 60) for frame in range(300)]
    assert max(heard) - min(heard) > 0.4
    assert max(day.value(onset, frame / 60) for frame in range(300)) > 0.5


@pytest.mark.parametrize("channel", [*AIR, *SIGHT[:1]], ids=lambda channel: channel.name)
def test_air_and_light_are_smooth(channel: Channel) -> None:
    values = minute(channel)
    steps = [abs(b - a) for a, b in pairwise(values)]
    assert max(steps) < 0.01 * (channel.high - channel.low)


def test_the_simulated_sensor_needs_no_thread_and_is_always_live() -> None:
    driver = Driver("room", Simulated(SimulatedConfig(type="simulated", seed=3)))
    driver.start()
    assert driver.wait_first(0)
    assert driver.state is State.LIVE
    assert driver.found == "simulated gallery-day"
    sampled = driver.sample(12.5)
    assert {sample.quality for sample in sampled.values()} == {"simulated"}
    assert {name: sample.value for name, sample in sampled.items()} == Simulated(
        SimulatedConfig(type="simulated", seed=3)
    ).at(12.5)
    driver.close()
