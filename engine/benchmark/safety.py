"""`reverie bench safety`: what the limiter costs, whether it delays, and what it does to a picture that is calm."""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from statistics import median
from time import perf_counter, process_time
from typing import Any

import moderngl
import numpy as np
from numpy.typing import NDArray

from engine.render.context import GLContext, open_context
from engine.render.draw import Draw, Size, Surface
from engine.render.safety import CHECK, Safety
from engine.render.wall import Wall
from engine.startup import busy
from engine.stopping import STOP
from models.benchmark.machine import cpu_name

Texture = moderngl.Texture
Picture = NDArray[np.float64]

SIZE = (640, 360)
FPS = 30.0
SETTLING = 60  # frames, in which a picture comes up from black
FRAMES = 240
PICTURES = 24  # of the calm sequence, which goes there and back


def measure(size: Size = SIZE, frames: int = FRAMES) -> dict[str, Any]:
    """The limiter's figures on this machine, over so many frames. Raises ReverieError, StoppedError."""
    with ExitStack() as stack, busy("measuring the limiter"):
        gl = open_context()
        stack.callback(gl.close)
        bench = Bench(gl, size, frames, stack)
        calm, strobe = bench.textures(clouds(size)), bench.textures(flat(size, light) for light in (1.0, 0.0))
        return {
            "size": "×".join(map(str, size)),
            "frame_ms": round(1000 / FPS, 2),
            "calm": bench.cost(calm),
            "strobe": bench.cost(strobe),
            "added_latency_frames": bench.latency(),
            "largest_difference_calm_levels": bench.difference(calm),
            "machine": {"cpu": cpu_name(), "cores": os.cpu_count(), "gl": gl.renderer},
        }


class Bench:
    """Plays pictures through the safety stage at a steady rate. What it makes is released by `stack`."""

    def __init__(self, gl: GLContext, size: Size, frames: int, stack: ExitStack) -> None:
        self._gl, self._size, self._frames, self._stack = gl, size, frames, stack
        self._plain, self._target = Draw(gl.ctx, CHECK), Surface(gl.ctx, size, "f1")
        for thing in (self._plain, self._target):
            stack.callback(thing.release)

    def textures(self, pictures: Iterable[Picture]) -> list[Texture]:
        """Pictures, [H, W, 3], as passes hand them on."""
        return [self._texture(picture) for picture in pictures]

    def cost(self, images: list[Texture]) -> dict[str, float]:
        """Medians in milliseconds, with the limiter and with the check of numbers and the dither alone, in turns."""
        show = self._stage()
        limited, plain = Times(self._gl), Times(self._gl)
        for index in range(SETTLING + self._frames):
            image = images[_back_and_forth(index, len(images))]
            with limited.measured():
                show(image)
            with plain.measured():
                self._plain(self._target, image=image)
        wall, processor = (a - b for a, b in zip(limited.medians(), plain.medians(), strict=True))
        return {
            "with_limiter_ms": round(limited.medians()[0], 2),
            "without_ms": round(plain.medians()[0], 2),
            "share_of_frame_percent": round(wall * FPS / 10, 1),
            "processor_ms": round(processor, 2),
            "share_of_two_cores_percent": round(processor * FPS / 20, 1),
        }

    def latency(self) -> int:
        """Frames after which a single cut is seen in full."""
        show = self._stage()
        dark, bright = self.textures(flat(self._size, light) for light in (0.2, 0.8))
        for _ in range(SETTLING):
            show(dark)
        return next((n for n in range(SETTLING) if self._levels(show(bright)).min() >= 203), SETTLING)

    def difference(self, images: list[Texture]) -> float:
        """The largest difference from what is wanted, in levels of 8 bits."""
        show = self._stage()
        worst = 0.0
        for index in range(SETTLING + self._frames):
            image = images[_back_and_forth(index, len(images))]
            shown = show(image)
            if index >= SETTLING and index % 8 == 0:
                wanted = 255 * self._pixels(image, np.float16).astype(np.float32)
                worst = max(worst, float(np.abs(self._levels(shown) - wanted).max()))
        return round(worst, 2)

    def _stage(self) -> Callable[[Texture], Texture]:
        """A fresh stage; each call shows the next frame."""
        stage, times = Safety(self._gl.ctx, self._size, self._size, Wall()), count(0.0, 1 / FPS)
        self._stack.callback(stage.close)

        def show(image: Texture) -> Texture:
            STOP.check()
            return stage.render(image, next(times))

        return show

    def _texture(self, picture: Picture) -> Texture:
        whole = np.ones((*picture.shape[:2], 4), np.float16)
        whole[..., :3] = picture
        texture = self._gl.ctx.texture(self._size, 4, whole.tobytes(), dtype="f2")
        self._stack.callback(texture.release)
        return texture

    def _levels(self, texture: Texture) -> NDArray[np.uint8]:
        return self._pixels(texture, np.uint8)

    def _pixels(self, texture: Texture, kind: type[Any]) -> NDArray[Any]:
        return np.frombuffer(texture.read(), kind).reshape(self._size[1], self._size[0], 4)[..., :3]


class Times:
    """Milliseconds on the wall and of all processors together, of drawing that is waited for."""

    def __init__(self, gl: GLContext) -> None:
        self._gl = gl
        self._taken: list[tuple[float, float]] = []

    @contextmanager
    def measured(self) -> Iterator[None]:
        """Measure what the block draws."""
        self._gl.ctx.finish()
        began, worked = perf_counter(), process_time()
        yield
        self._gl.ctx.finish()
        self._taken.append((1000 * (perf_counter() - began), 1000 * (process_time() - worked)))

    def medians(self) -> tuple[float, float]:
        """On the wall and of the processors, once all is settled."""
        wall, processor = zip(*self._taken[SETTLING:], strict=True)
        return median(wall), median(processor)


def clouds(size: Size) -> Iterator[Picture]:
    """A picture that drifts, sRGB."""
    x, y = np.meshgrid(np.arange(size[0]), np.arange(size[1]))
    for time in np.arange(PICTURES) / FPS:
        light = np.sin(0.021 * x + 0.8 * time) * np.cos(0.027 * y - 0.5 * time) + 0.2 * np.sin(0.3 * x + 0.2 * y)
        yield np.dstack([base + 0.2 * light for base in (0.5, 0.4, 0.3)])


def flat(size: Size, light: float) -> Picture:
    """One grey."""
    return np.full((size[1], size[0], 3), light)


def _back_and_forth(index: int, length: int) -> int:
    """0, 1, … length - 1, … 1, 0, 1, …"""
    around = index % max(2 * length - 2, 1)
    return min(around, 2 * length - 2 - around)
