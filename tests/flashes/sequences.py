"""Sequences of frames that try to flash, each with the verdict it has where no limiter stands in the way.

Square waves fail from 3.75 Hz on, go on for too long from 2 to 3 Hz, and pass below; so says EA IRIS too. What lies
between 3 and 3.75 Hz hangs on how frames fall and is left out. Times are those at which frames are shown, in seconds.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import product

import numpy as np

from engine.flashes.report import Verdict
from tests.flashes.patterns import (
    BLACK,
    HEIGHT,
    WHITE,
    WIDTH,
    Colour,
    Frame,
    across,
    bars,
    checkerboard,
    encoded,
    grey,
    half,
    noise,
    of_levels,
    painted,
    scaled,
    solid,
    texture,
)

Film = Iterator[tuple[Frame, float]]
Picture = Callable[[float], Frame]

RATES = (24, 25, 30, 50, 59.94, 60)
SHORT, LONG = 1.5, 7.0  # seconds: enough to flash too often, and to do so for too long
PASS, EXTENDED, FAIL = Verdict.PASS, Verdict.EXTENDED, Verdict.FAIL

RED: Colour = (255, 0, 0)
GREEN_AS_LIGHT_AS_RED: Colour = (0, 149, 0)
BLUE: Colour = (0, 0, 255)
GREEN_AS_LIGHT_AS_BLUE: Colour = (0, 90, 0)


@dataclass(frozen=True)
class Sequence:
    """A film by name. `frames` begins it anew: uint8 [H, W, 3] and seconds."""

    name: str
    verdict: Verdict
    frames: Callable[[], Film]


def film(fps: float, seconds: float, picture: Picture) -> Film:
    """What a picture is at the times of frames."""
    for index in range(round(fps * seconds)):
        yield picture(index / fps), index / fps


def phase(hz: float, time: float) -> float:
    """Cycles; a frame at the time of a change shows what comes."""
    return hz * time + 1e-6


def lit(hz: float, time: float) -> bool:
    """A square wave, dark at first."""
    return phase(hz, time) % 1 >= 0.5


def between(first: Frame, second: Frame, hz: float) -> Picture:
    """Two pictures in turn."""
    return lambda time: second if lit(hz, time) else first


def square_verdict(hz: float) -> Verdict:
    return FAIL if hz >= 3.75 else EXTENDED if hz >= 2 else PASS


def square_seconds(hz: float) -> float:
    return SHORT if hz >= 3.75 else LONG


def alternating(name: str, fps: float, hz: float, first: Frame, second: Frame) -> Sequence:
    """Two pictures in turn that differ enough, over a large enough area."""
    frames = partial(film, fps, square_seconds(hz), between(first, second, hz))
    return Sequence(f"{name}-{hz:g}hz-{fps:g}fps", square_verdict(hz), frames)


def strobes() -> Iterator[Sequence]:
    for fps, hz in product(RATES, (2, 2.5, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30)):
        if hz <= fps / 2:
            yield alternating("strobe", fps, hz, solid(BLACK), solid(WHITE))


def contrasts() -> Iterator[Sequence]:
    """From 0.1 of relative luminance on, where the darker state is below 0.8."""
    for (low, high), hz, fps in product(((120, 170), (0, 100), (60, 140), (128, 255), (225, 255)), (5, 10), (30, 60)):
        yield alternating(f"contrast-{low}-{high}", fps, hz, solid(grey(low)), solid(grey(high)))
    for low, high in ((120, 135), (235, 255), (0, 85)):
        frames = partial(film, 30, SHORT, between(solid(grey(low)), solid(grey(high)), 5))
        yield Sequence(f"contrast-{low}-{high}-5hz-30fps", PASS, frames)


def antiphase() -> Iterator[Sequence]:
    for axis, fps, hz in product(("columns", "rows"), RATES, (2.5, 4, 5, 8, 12)):
        yield alternating(f"antiphase-{axis}", fps, hz, painted(half(axis)), painted(~half(axis)))


def checkerboards() -> Iterator[Sequence]:
    """Squares of one pixel are 0.3° here: none is a fine pattern."""
    for side, hz, fps in product((1, 2, 3, 6, 9, 18, 27), (5, 10), (25, 30, 60)):
        board = checkerboard(side)
        yield alternating(f"checkerboard-{side}", fps, hz, painted(board), painted(~board))


def moving_bars() -> Iterator[Sequence]:
    """`hz` bars pass a place in a second."""
    for axis, period, hz, fps in product(("columns", "rows", "diagonal"), (8, 16, 32), (0.5, 4, 6, 10), (30, 60)):
        frames = partial(film, fps, SHORT, partial(_moved, axis, period, hz))
        yield Sequence(f"bars-{axis}-{period}-{hz:g}hz-{fps:g}fps", square_verdict(hz), frames)


def _moved(axis: str, period: int, hz: float, time: float) -> Frame:
    return painted(bars(axis, period, phase(hz, time)))


def red_and_green() -> Iterator[Sequence]:
    """Of equal light: only the colour changes."""
    for fps, hz in product(RATES, (2.5, 4, 5, 8, 12)):
        yield alternating("red-green", fps, hz, solid(RED), solid(GREEN_AS_LIGHT_AS_RED))


def red_pulses() -> Iterator[Sequence]:
    others = {"black": BLACK, "grey": grey(127), "blue": BLUE, "white": WHITE}
    for (name, other), hz, fps in product(others.items(), (4, 8), (25, 30, 60)):
        yield alternating(f"red-{name}", fps, hz, solid(other), solid(RED))
    for hz, fps in product((4, 8), (25, 30, 60)):
        yield alternating("dark-red-black", fps, hz, solid(BLACK), solid((100, 0, 0)))


def other_colours() -> Iterator[Sequence]:
    """Of equal light, and none of them red: no flashes at any rate."""
    for hz, fps in product((5, 10), (30, 60)):
        frames = partial(film, fps, SHORT, between(solid(BLUE), solid(GREEN_AS_LIGHT_AS_BLUE), hz))
        yield Sequence(f"blue-green-{hz}hz-{fps}fps", PASS, frames)


def cuts() -> Iterator[Sequence]:
    """From a dark scene to a bright one and back, never the same twice: half a flash each. Too often below 1/7 s, too
    long up to 0.25 s.
    """
    for interval, fps in product((0.1, 0.125, 0.2, 0.25, 0.3, 0.4, 0.5, 0.7, 1, 1.5, 2), (24, 30, 60)):
        verdict = FAIL if interval < 1 / 7 else EXTENDED if interval <= 0.25 else PASS
        seconds = SHORT if verdict is FAIL else LONG
        yield Sequence(f"cuts-{interval:g}s-{fps}fps", verdict, partial(film, fps, seconds, _Scenes(interval)))


class _Scenes:
    def __init__(self, interval: float) -> None:
        self._interval = interval

    def __call__(self, time: float) -> Frame:
        number = int(phase(1 / self._interval, time))
        return texture(number, 0, 70) if number % 2 else texture(number, 170, 250)


def restarts() -> Iterator[Sequence]:
    """A picture that is black for a moment, every `period` seconds: a flash each."""
    for period, dark, fps in product((0.2, 0.25, 0.4, 0.5, 1, 2), (0.05, 0.1), (30, 60)):
        verdict = square_verdict(1 / period)
        picture = partial(_restarted, texture(1, 150, 250), period, dark)
        frames = partial(film, fps, square_seconds(1 / period), picture)
        yield Sequence(f"restart-{period:g}s-black-{dark:g}s-{fps}fps", verdict, frames)


def _restarted(picture: Frame, period: float, dark: float, time: float) -> Frame:
    return solid(BLACK) if phase(1 / period, time) % 1 * period < dark else picture


def faulty() -> Iterator[Sequence]:
    """Strobes of which frames are dropped, doubled or late."""
    faults = {
        "dropped": partial(_dropped, 0.1),
        "often-dropped": partial(_dropped, 0.3),
        "doubled": _doubled,
        "late": _late,
    }
    for (name, fault), hz, fps in product(faults.items(), (5, 8, 10), (30, 50, 60)):
        strobe = partial(film, fps, 2 * SHORT, between(solid(BLACK), solid(WHITE), hz))
        yield Sequence(f"{name}-{hz}hz-{fps}fps", FAIL, partial(_with, fault, strobe))


def _with(fault: Callable[[Film], Film], frames: Callable[[], Film]) -> Film:
    return fault(frames())


def _dropped(share: float, frames: Film) -> Film:
    chance = np.random.default_rng(3)
    return (one for one in frames if chance.random() >= share)


def _doubled(frames: Film) -> Film:
    """Every other one is shown in the place of the next as well."""
    for frame, time in frames:
        yield frame, time
        following = next(frames, None)
        if following is not None:
            yield frame, following[1]


def _late(frames: Film) -> Film:
    chance = np.random.default_rng(4)
    return ((frame, time + 0.012 * chance.random()) for frame, time in frames)


def scale_changes() -> Iterator[Sequence]:
    """Frames that change their size four times a second: of strobes, and of a picture that stands still."""
    bright, dark = texture(5, 160, 250), texture(6, 0, 60)
    for hz, fps in product((4, 5, 8), (25, 30, 60)):
        frames = partial(film, fps, SHORT, partial(_rescaled, between(dark, bright, hz)))
        yield Sequence(f"scale-{hz}hz-{fps}fps", FAIL, frames)
    for fps in (30, 60):
        yield Sequence(
            f"scale-still-{fps}fps", PASS, partial(film, fps, SHORT, partial(_rescaled, lambda time: bright))
        )


def _rescaled(picture: Picture, time: float) -> Frame:
    return scaled(picture(time), (1, 0.5, 0.75, 2)[int(phase(4, time)) % 4])


def waves() -> Iterator[Sequence]:
    """Sines and ramps in linear light: from 0.1 to 0.9, and from 0.4 to 0.6."""
    shapes = {"sine": lambda cycles: 0.5 + 0.5 * np.sin(2 * np.pi * cycles), "ramp": lambda cycles: cycles % 1}
    for (name, shape), (low, high), hz, fps in product(
        shapes.items(), ((0.1, 0.9), (0.4, 0.6)), (1, 2.5, 4, 5, 6, 8, 10), (30, 60)
    ):
        picture = partial(_wave, shape, low, high, hz)
        frames = partial(film, fps, square_seconds(hz), picture)
        yield Sequence(f"{name}-{low:g}-{high:g}-{hz:g}hz-{fps}fps", square_verdict(hz), frames)


def _wave(shape: Callable[[float], float], low: float, high: float, hz: float, time: float) -> Frame:
    level = encoded(low + (high - low) * shape(phase(hz, time)))
    return of_levels(np.full((HEIGHT, WIDTH), level))


def noise_bursts() -> Iterator[Sequence]:
    """In a grey picture, from 20 frames within a second on."""
    for block, length, fps in product((1, 3, 9), (0.8, 1.2), (25, 30, 60)):
        yield Sequence(f"noise-{block}-{length:g}s-{fps}fps", FAIL, partial(_burst, block, length, fps))


def _burst(block: int, length: float, fps: float) -> Film:
    chance, rest = np.random.default_rng(7), solid(grey(127))
    return film(fps, length + 0.4, lambda time: noise(chance, block) if 0.2 <= time < length + 0.2 else rest)


def irregular() -> Iterator[Sequence]:
    """Changes after 1 to 4 frames of 1/30 s, by chance."""
    for seed, fps in product(range(8), (30, 60)):
        yield Sequence(f"irregular-{seed}-{fps}fps", FAIL, partial(film, fps, 2 * SHORT, _Irregular(seed)))


class _Irregular:
    def __init__(self, seed: int) -> None:
        self._changes = np.cumsum(np.random.default_rng(seed).integers(1, 5, 200)) / 30

    def __call__(self, time: float) -> Frame:
        return solid(WHITE if np.count_nonzero(self._changes <= time + 1e-6) % 2 else BLACK)


def single_frames() -> Iterator[Sequence]:
    """White for one frame, so many times a second."""
    for fps, hz in product(RATES, (2.5, 4, 6, 10)):
        picture = partial(_blink, fps, hz)
        frames = partial(film, fps, square_seconds(hz), picture)
        yield Sequence(f"one-frame-{hz:g}hz-{fps:g}fps", square_verdict(hz), frames)


def _blink(fps: float, hz: float, time: float) -> Frame:
    return solid(WHITE if phase(hz, time) // 1 > phase(hz, time - 1 / fps) // 1 else BLACK)


def patches() -> Iterator[Sequence]:
    """A part of the picture, smaller or larger than what may flash: 0.25 of a field of 32×24 pixels."""
    places = {"corner": (0, 0), "middle": (40, 20), "edge": (WIDTH - 16, 10)}
    for (name, (left, top)), (height, verdict), fps in product(places.items(), ((11, PASS), (13, FAIL)), (30, 60)):
        rows, columns = across("rows"), across("columns")
        patch = (rows >= top) & (rows < top + height) & (columns >= left) & (columns < left + 16)
        frames = partial(film, fps, SHORT, between(solid(BLACK), painted(patch), 5))
        yield Sequence(f"patch-{name}-{height}-{fps}fps", verdict, frames)


def in_turn() -> Iterator[Sequence]:
    """Two parts, each 2.5 times a second, one after the other: together 5 times."""
    parts = {"columns": half("columns"), "rows": half("rows"), "stripes": across("columns") // 4 % 2 == 0}
    for (name, part), fps in product(parts.items(), (30, 60)):
        yield Sequence(f"in-turn-{name}-{fps}fps", FAIL, partial(film, fps, 2 * SHORT, partial(_turn, part)))


def _turn(part: np.ndarray, time: float) -> Frame:
    quarter = int(phase(10, time)) % 4
    return painted(part) if quarter == 0 else painted(~part) if quarter == 2 else solid(BLACK)


def trains() -> Iterator[Sequence]:
    """A few flashes of 8 Hz, then dark: three may be."""
    for count, fps in product((1, 3, 4, 5), (24, 30, 60)):
        strobe = partial(_train, count)
        yield Sequence(f"train-{count}-{fps}fps", PASS if count <= 3 else FAIL, partial(film, fps, 2 * SHORT, strobe))


def _train(count: int, time: float) -> Frame:
    return solid(WHITE if lit(8, time) and phase(8, time) < count else BLACK)


def calm() -> Iterator[Sequence]:
    picture = texture(8, 20, 220)
    films: dict[str, Picture] = {
        "still": lambda time: picture,
        "fade": lambda time: of_levels(np.full((HEIGHT, WIDTH), 255 * time / LONG)),
        "breath": partial(_wave, lambda cycles: 0.5 - 0.5 * np.cos(2 * np.pi * cycles), 0.05, 0.8, 0.5),
        "pan": lambda time: np.roll(picture, round(10 * time), axis=1),
        "crossfade": lambda time: np.round(picture * (1 - time / LONG) + picture[::-1] * time / LONG).astype(np.uint8),
        "one-cut": lambda time: picture if time < 3 else picture[::-1],
    }
    for (name, shown), fps in product(films.items(), (25, 60)):
        yield Sequence(f"{name}-{fps}fps", PASS, partial(film, fps, LONG, shown))


MAKERS: tuple[Callable[[], Iterable[Sequence]], ...] = (
    strobes, contrasts, antiphase, checkerboards, moving_bars, red_and_green, red_pulses, other_colours, cuts, restarts,
    faulty, scale_changes, waves, noise_bursts, irregular, single_frames, patches, in_turn, trains, calm,
)  # fmt: skip
FAMILIES: dict[str, tuple[Sequence, ...]] = {make.__name__: tuple(make()) for make in MAKERS}
ALL = tuple(sequence for family in FAMILIES.values() for sequence in family)


def _two_of(family: tuple[Sequence, ...]) -> tuple[Sequence, Sequence]:
    """One that does harm, if there is one, and another."""
    harmful = [sequence for sequence in family if sequence.verdict is not PASS] or family
    first = harmful[len(harmful) // 3]
    others = [sequence for sequence in family if sequence is not first]
    return first, others[len(others) * 2 // 3]


SELECTED = tuple(sequence for family in FAMILIES.values() for sequence in _two_of(family))  # 40
