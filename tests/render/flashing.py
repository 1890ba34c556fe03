"""Sequences that flash, played through the safety stage, and a plain count of what is left of it."""

from collections.abc import Callable, Sequence

import moderngl
import numpy as np
from numpy.typing import NDArray

from engine.render.context import GLContext
from engine.render.draw import Size
from engine.render.flicker import Flicker
from engine.render.safety import Safety
from engine.render.wall import Wall

SIZE = (96, 54)
WALL = Wall(4.0, 2.0, 500.0)
FROM_WHITE = Wall(4.0, 2.0, 200.0)  # a wall where the rules agree on a tenth of full scale

Picture = NDArray[np.float64]
Colour = tuple[float, float, float]
Light = Callable[[float], Picture]
"""What is wanted at a time in seconds: [H, W, 3], sRGB from 0 to 1."""


class Stage:
    """The safety stage, fed with pictures at times of one's choice."""

    def __init__(self, gl: GLContext, wall: Wall = WALL, canvas: Size = SIZE) -> None:
        self._gl, self._wall, self._canvas = gl, wall, canvas
        self._safety = Safety(gl.ctx, canvas, canvas, wall)

    @property
    def flicker(self) -> Flicker:
        """What counts in it."""
        return self._safety._flicker

    def restart(self) -> None:
        """Begin anew, as another engine does."""
        self._safety.close()
        self._safety = Safety(self._gl.ctx, self._canvas, self._canvas, self._wall)

    def show(self, picture: Picture, now: float, strictness: float = 1.0) -> NDArray[np.uint8]:
        """What is presented, uint8 [H, W, 3]."""
        height, width = picture.shape[:2]
        texture = self._gl.ctx.texture((width, height), 4, _half(picture).tobytes(), dtype="f2")
        texture.filter = (moderngl.NEAREST, moderngl.NEAREST)
        shown = self._safety.render(texture, now, strictness)
        levels = np.frombuffer(shown.read(), np.uint8).reshape(height, width, 4)[..., :3].copy()
        texture.release()
        return levels

    def close(self) -> None:
        self._safety.close()


def _half(picture: Picture) -> NDArray[np.float16]:
    whole = np.ones((*picture.shape[:2], 4), np.float16)
    whole[..., :3] = picture
    return whole


def times(fps: float, seconds: float, rng: np.random.Generator | None = None) -> NDArray[np.float64]:
    """When frames are shown: evenly, or with some late, some dropped and some twice."""
    even = np.arange(round(seconds * fps)) / fps
    if rng is None:
        return even
    kept = even[rng.random(len(even)) > 0.15]
    return np.sort(kept + rng.random(len(kept)) * 0.9 / fps)


def places(size: Size = SIZE) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The middles of all pixels: x, y, each [H, W]."""
    x, y = np.meshgrid(np.arange(size[0]) + 0.5, np.arange(size[1]) + 0.5)
    return x, y


def luminance(levels: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Relative luminance of sRGB levels, [..., 3]."""
    return linear(levels) @ np.array([0.2126, 0.7152, 0.0722])


def linear(levels: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Linear light of sRGB levels."""
    table = np.arange(256) / 255
    table = np.where(table <= 0.04045, table / 12.92, ((table + 0.055) / 1.055) ** 2.4)
    return table[levels]


def general(frames: NDArray[np.uint8], wall: Wall = WALL) -> NDArray[np.bool_]:
    """Where a pixel completes an opposing change of luminance by WCAG 2.3.1 or BT.1702, [T, H, W].

    Extrema are followed as somebody with a pencil would: a change counts when it is large enough in one go, both ways.
    """
    light = luminance(frames)
    low, high = light[0].copy(), light[0].copy()
    turns = np.zeros(light.shape, bool)
    way = np.zeros(light.shape[1:], np.int8)  # of the last change that counted: 1 up, -1 down
    for t, now in enumerate(light):
        low, high = np.minimum(low, now), np.maximum(high, now)
        up = (way <= 0) & _counts(low, now, wall)
        down = (way >= 0) & _counts(now, high, wall)
        turns[t] = up | down
        way = np.where(up, 1, np.where(down, -1, way)).astype(np.int8)
        low, high = (
            np.where(up | (way > 0) & (now >= high), now, low),
            np.where(down | (way < 0) & (now <= low), now, high),
        )
    return turns


def _counts(dark: NDArray[np.float64], bright: NDArray[np.float64], wall: Wall) -> NDArray[np.bool_]:
    change = bright - dark
    wcag = (change >= 0.1) & (dark < 0.8)
    broadcast = (change >= 20 / wall.peak_nits) & (dark < 160 / wall.peak_nits)
    return wcag | broadcast


def red(frames: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Where a pixel goes into or out of saturated red, with a change above 0.2 in the CIE 1976 diagram, [T, H, W].

    Black counts as white, which is what a dark room makes of it.
    """
    light = linear(frames)
    total = light.sum(-1)
    saturated = (light[..., 0] >= 0.8 * total) & (total > 0.01)
    xyz = light @ np.array([[0.4124, 0.2126, 0.0193], [0.3576, 0.7152, 0.1192], [0.1805, 0.0722, 0.9505]])
    weight = xyz @ np.array([1.0, 15.0, 3.0])
    dark = weight < 1e-4
    uv = np.where(dark[..., None], (0.1978, 0.4683), xyz[..., :2] * (4, 9) / np.where(dark, 1, weight)[..., None])
    turns = np.zeros(total.shape, bool)
    for t in range(1, len(frames)):
        apart = np.linalg.norm(uv[t] - uv[t - 1], axis=-1)
        turns[t] = (saturated[t] != saturated[t - 1]) & (apart > 0.2)
    return turns


def per_second(turns: NDArray[np.bool_], shown_at: NDArray[np.float64], window: float = 1.0) -> NDArray[np.int64]:
    """The most transitions of each pixel in any such time, [H, W]."""
    summed = np.concatenate([np.zeros((1, *turns.shape[1:]), int), np.cumsum(turns, 0)])
    first = np.searchsorted(shown_at, shown_at - window - 1e-6)
    return np.max([summed[t + 1] - summed[begin] for t, begin in enumerate(first)], axis=0)


def play(
    stage: Stage,
    light: Light,
    shown_at: NDArray[np.float64],
    drawn_at: Sequence[float | None] | NDArray[np.float64] | None = None,
) -> NDArray[np.uint8]:
    """What is presented at those times, [T, H, W, 3]. What is wanted then may be of other times, or, None, one grey."""
    drawn = shown_at if drawn_at is None else drawn_at
    grey = rgb(np.full((SIZE[1], SIZE[0]), 0.4))
    pairs = zip(shown_at, drawn, strict=True)
    return np.array([stage.show(grey if wanted is None else light(wanted), t) for t, wanted in pairs])


def rgb(grey: NDArray[np.float64]) -> Picture:
    """A grey picture of [H, W]."""
    return np.repeat(grey[..., None], 3, axis=2)


def is_on(t: float, frequency: float) -> bool:
    """Whether a strobe is in its bright half."""
    return (t * frequency + 1e-6) % 1 < 0.5


def strobe(frequency: float, low: float = 0.0, high: float = 1.0) -> Light:
    """The whole wall, on and off."""
    return lambda t: rgb(np.full((SIZE[1], SIZE[0]), high if is_on(t, frequency) else low))


def sine(frequency: float) -> Light:
    """The whole wall, up and down."""
    return lambda t: rgb(np.full((SIZE[1], SIZE[0]), 0.5 + 0.5 * np.sin(2 * np.pi * frequency * t)))


def checkers(frequency: float, side: int) -> Light:
    """Squares in antiphase; of half the wall's width, two halves."""
    x, y = places()
    odd = (x // side + (y // side if side < SIZE[0] // 2 else 0)) % 2 > 0
    return lambda t: rgb((odd == is_on(t, frequency)).astype(float))


def bars(frequency: float) -> Light:
    """Bars of six pixels that move."""
    x, _ = places()
    return lambda t: rgb(((x / 12 + frequency * t) % 1 < 0.5).astype(float))


def cuts(every: float) -> Light:
    """Another flat colour every so many seconds."""
    return lambda t: np.ones((SIZE[1], SIZE[0], 3)) * np.random.default_rng(int(t / every + 1e-6)).random(3)


def noise(side: int) -> Light:
    """Blocks of any light, new ones with each frame."""

    def light(t: float) -> Picture:
        rows, columns = -(-SIZE[1] // side), -(-SIZE[0] // side)
        blocks = np.random.default_rng(int(t * 1e4)).random((rows, columns))
        return rgb(np.kron(blocks, np.ones((side, side)))[: SIZE[1], : SIZE[0]])

    return light


def pulses(frequency: float, one: Colour, other: Colour) -> Light:
    """The whole wall, two colours in turn."""
    return lambda t: np.ones((SIZE[1], SIZE[0], 3)) * (one if is_on(t, frequency) else other)
