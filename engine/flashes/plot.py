"""Readings as curves over time: numbers for the page's drawings."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from engine.flashes.definition import EXTENDED_SECONDS
from engine.flashes.report import MOST_FLASHES
from engine.flashes.series import Reading

FULL = 1000  # what a curve is drawn in, both ways
ROOM = 1.15  # over the highest value
STEPS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 28800, 86400)  # seconds
MOST_TICKS = 8


@dataclass(frozen=True)
class Tick:
    """What is written beside an axis, at 0..100 % along it."""

    text: str
    at: float


@dataclass(frozen=True)
class Chart:
    """One curve: its path in FULL × FULL, downwards; where its limit lies in percent from above; its highest value."""

    title: str
    about: str
    unit: str
    path: str
    limit: float
    most: float
    allowed: float
    up: tuple[Tick, ...]
    along: tuple[Tick, ...]


def charts(readings: Sequence[Reading], begin: float, end: float) -> list[Chart]:
    """General flashes, red flashes, extended flashing."""
    area = "in more than the area that may flash"
    return [
        _chart("General flashes", f"in the second that ends, {area}", "per second", MOST_FLASHES,
               lambda reading: reading.general, readings, begin, end),
        _chart("Red flashes", f"in the second that ends, {area}", "per second", MOST_FLASHES,
               lambda reading: reading.red, readings, begin, end),
        _chart("Extended flashing", f"for how long there have been two or more in every second, {area}", "s",
               EXTENDED_SECONDS, lambda reading: reading.extended, readings, begin, end),
    ]  # fmt: skip


def clock(seconds: float) -> str:
    """A time in a recording: 1:02:03, 2:03, and tenths where they tell something."""
    whole, tenths = divmod(round(seconds * 10), 10)
    hours, minutes = whole // 3600, whole // 60 % 60
    text = f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"
    return f"{text}.{tenths}" if tenths else text


def _chart(
    title: str,
    about: str,
    unit: str,
    allowed: float,
    value: Callable[[Reading], float],
    readings: Sequence[Reading],
    begin: float,
    end: float,
) -> Chart:
    most = max(value(reading) for reading in readings)
    top = max(most, 2 * allowed) * ROOM
    length = max(end - begin, 1e-3)
    places = [((reading.time - begin) / length, 1 - value(reading) / top) for reading in readings]
    steps = "".join(f"H{FULL * x:.1f}V{FULL * y:.1f}" for x, y in places)
    step = next((step for step in STEPS if length / step <= MOST_TICKS), length / MOST_TICKS)
    along = tuple(Tick(clock(step * i), 100 * step * i / length) for i in range(int(length / step) + 1))
    up = tuple(Tick(f"{level:g}", 100 - 100 * level / top) for level in (0, allowed))
    return Chart(title, about, unit, f"M0 {FULL}{steps}H{FULL}", 100 - 100 * allowed / top, most, allowed, up, along)
