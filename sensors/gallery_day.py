"""A plausible day in a gallery, as a function of (seed, channel, time): the same question has always the same answer.

A day passes in twenty minutes, so that somebody who watches for one minute sees things happen: visitors come
in waves and murmur, their steps are heard, music plays from the first second on and pauses now and then, the light
follows the sun and the clouds, and the air follows the light and the people. There is no state: any moment can be
asked for in any order.
"""

import math
from collections.abc import Callable
from functools import cache

from sensors.channel import Channel

DAY = 1200.0
PIECE = 48.0
STEP = 0.55
_MASK = (1 << 64) - 1


@cache
def _stream(seed: int, name: str) -> int:
    number = seed & _MASK
    for byte in name.encode():
        number = ((number ^ byte) * 0x100000001B3) & _MASK
    return number


def _chance(stream: int, index: int) -> float:
    """A uniform number in [0, 1) for one cell of a stream: the splitmix64 finaliser."""
    x = (stream + (index + 1) * 0x9E3779B97F4A7C15) & _MASK
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & _MASK
    return ((x ^ (x >> 31)) >> 11) / (1 << 53)


def smooth(x: float) -> float:
    """0 below 0, 1 above 1, without a corner between."""
    x = min(max(x, 0.0), 1.0)
    return x * x * (3 - 2 * x)


def _strike(since: float, decay: float) -> float:
    """Something hit `since` seconds ago: up within 20 ms, dying away with `decay` seconds."""
    return min(since / 0.02, 1.0) * math.exp(-since / decay) if since > 0 else 0.0


class GalleryDay:
    """Values of any channel at any time of one seeded day."""

    def __init__(self, seed: int = 0) -> None:
        self._seed = seed
        self._known: dict[str, Callable[[float], float]] = {
            "level": self._level,
            "bass": self._bass,
            "mid": self._mid,
            "treble": self._treble,
            "onset": self._onset,
            "centroid": self._centroid,
            "temperature": self._temperature,
            "light": self._light,
            "brightness": self._brightness,
            "motion": self._motion,
        }

    def value(self, channel: Channel, now: float) -> float:
        """The channel's value at `now` seconds, within its typical range. A channel the day does not know wanders."""
        known = self._known.get(channel.name)
        value = known(now) if known else self._wander(channel, now)
        return min(max(value, channel.low), channel.high)

    def _noise(self, name: str, now: float, period: float) -> float:
        """Smooth noise in [0, 1] that takes a new value every `period` seconds."""
        stream = _stream(self._seed, name)
        cell = math.floor(now / period)
        a, b = _chance(stream, cell), _chance(stream, cell + 1)
        return a + (b - a) * smooth(now / period - cell)

    def _wander(self, channel: Channel, now: float) -> float:
        swing = 0.25 * (channel.high - channel.low)
        return channel.neutral + swing * (2 * self._noise(channel.name, now, 20.0) - 1)

    def _sun(self, now: float) -> float:
        """0 in the early morning, 1 at midday; the show begins as the doors open."""
        return math.sin(math.pi * (now / DAY + 0.2)) ** 2

    def _visitors(self, now: float) -> float:
        waves = 0.7 * self._noise("visitors", now, 31.0) + 0.3 * self._noise("groups", now, 7.0)
        return waves * (0.7 + 0.3 * self._sun(now))

    def _murmur(self, now: float) -> float:
        return self._visitors(now) * (0.3 + 0.7 * self._noise("murmur", now, 0.6))

    def _steps(self, now: float) -> float:
        cell = math.floor(now / STEP)
        begins = cell * STEP
        if _chance(_stream(self._seed, "steps"), cell) > self._visitors(begins):
            return 0.0
        delay = 0.3 * STEP * _chance(_stream(self._seed, "gait"), cell)
        return _strike(now - begins - delay, 0.05)

    def _music(self, now: float) -> tuple[float, float, float]:
        """Loudness of the music, seconds since its last beat, seconds a beat takes."""
        piece = math.floor(now / PIECE)
        played = now - piece * PIECE
        length = 30 + 14 * _chance(_stream(self._seed, "length"), piece)
        beat = 60 / (88 + 36 * _chance(_stream(self._seed, "tempo"), piece))
        loudness = 0.65 + 0.35 * _chance(_stream(self._seed, "loudness"), piece)
        return loudness * smooth(played / 1.5) * smooth((length - played) / 3), played % beat, beat

    def _bass(self, now: float) -> float:
        music, since, _ = self._music(now)
        return music * (0.12 + 0.8 * _strike(since, 0.14)) + 0.12 * self._murmur(now) + 0.2 * self._steps(now)

    def _mid(self, now: float) -> float:
        chords = 0.3 + 0.3 * self._noise("chords", now, 1.1)
        return self._music(now)[0] * chords + 0.45 * self._murmur(now)

    def _treble(self, now: float) -> float:
        music, since, beat = self._music(now)
        hat = _strike((since + beat / 2) % beat, 0.06)
        return music * (0.12 + 0.55 * hat) + 0.2 * self._murmur(now)

    def _level(self, now: float) -> float:
        return 0.5 * self._bass(now) + 0.45 * self._mid(now) + 0.3 * self._treble(now)

    def _onset(self, now: float) -> float:
        music, since, _ = self._music(now)
        return max(music * _strike(since, 0.12), 0.4 * self._steps(now))

    def _centroid(self, now: float) -> float:
        bass, mid, treble = self._bass(now), self._mid(now), self._treble(now)
        return (120 * bass + 900 * mid + 6000 * treble + 10) / (bass + mid + treble + 0.01)

    def _temperature(self, now: float) -> float:
        draught = self._noise("draught", now, 13.0) - 0.5
        return 19.6 + 1.4 * self._sun(now) + 1.2 * self._visitors(now) + 1.6 * draught

    def _light(self, now: float) -> float:
        clouds = 0.7 * self._noise("clouds", now, 19.0) + 0.3 * self._noise("wisps", now, 5.0)
        return (300 + 900 * self._sun(now)) * (1.1 - 0.85 * clouds)

    def _brightness(self, now: float) -> float:
        return 0.15 + 0.7 * self._light(now) / 1320

    def _motion(self, now: float) -> float:
        return self._visitors(now) * (0.2 + 0.8 * self._noise("gesture", now, 0.9))
