"""`reverie bench safety`: what the limiter costs, whether it delays, and what it does to a picture that is calm."""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from statistics import median
from time import perf_counter, process_time
from typing import Any

import moderngl
import numpy as np
from numpy.typing import NDArray

from engine.render.context import GLContext, open_context
from engine.render.draw import Draw, Surface
from engine.render.safety import CHECK, Safety
from engine.render.wall import Wall
from engine.startup import busy
from engine.stopping import STOP
from models.benchmark.machine import cpu_name

SIZE, CANVAS = (640, 360), (1280, 720)
FPS = 30.0
SETTLING = 90  # frames, in which a picture comes up from black
FRAMES = 240
PICTURES = 24  # of the calm sequence, which goes there and back
Texture = moderngl.Texture


def measure() -> dict[str, Any]:
    """The limiter's figures at 640 × 360 on this machine. Raises ReverieError, StoppedError."""
    with ExitStack() as stack, busy("measuring the limiter"):
        gl = open_context()
        stack.callback(gl.close)
        calm = [_texture(gl, picture) for picture in _calm()]
        strobe = [_texture(gl, np.full((SIZE[1], SIZE[0], 3), light)) for light in (1.0, 0.0)]
        for texture in (*calm, *strobe):
            stack.callback(texture.release)
        return {
            "size": "×".join(map(str, SIZE)),
            "frame_ms": round(1000 / FPS, 2),
            "calm": _cost(gl, calm),
            "strobe": _cost(gl, strobe),
            "added_latency_frames": _latency(gl),
            "largest_difference_calm_levels": _difference(gl, calm),
            "machine": {"cpu": cpu_name(), "cores": os.cpu_count(), "gl": gl.renderer},
        }


class _Run:
    """One stage at a steady rate."""

    def __init__(self, gl: GLContext) -> None:
        self._stage = Safety(gl.ctx, SIZE, CANVAS, Wall())
        self._index = 0

    def show(self, image: Texture) -> Texture:
        """The next frame."""
        STOP.check()
        self._index += 1
        return self._stage.render(image, self._index / FPS)

    def close(self) -> None:
        """Release everything on the GPU."""
        self._stage.close()


def _cost(gl: GLContext, images: list[Texture]) -> dict[str, float]:
    """Medians in milliseconds, with the limiter and with the check of numbers and the dither alone, turn by turn."""
    run, plain, target = _Run(gl), Draw(gl.ctx, CHECK), Surface(gl.ctx, SIZE, "f1")
    wall: dict[bool, list[float]] = {True: [], False: []}
    cpu: dict[bool, list[float]] = {True: [], False: []}
    for index in range(SETTLING + FRAMES):
        image = images[_back_and_forth(index, len(images))]
        for limited in (True, False):
            gl.ctx.finish()
            began, worked = perf_counter(), process_time()
            if limited:
                run.show(image)
            else:
                plain(target, image=image)
            gl.ctx.finish()
            wall[limited].append(1000 * (perf_counter() - began))
            cpu[limited].append(1000 * (process_time() - worked))
    for thing in (plain, target):
        thing.release()
    run.close()
    took = {limited: median(times[SETTLING:]) for limited, times in wall.items()}
    worked_for = {limited: median(times[SETTLING:]) for limited, times in cpu.items()}
    return {
        "with_limiter_ms": round(took[True], 2),
        "without_ms": round(took[False], 2),
        "share_of_frame_percent": round(100 * (took[True] - took[False]) * FPS / 1000, 1),
        "processor_ms": round(worked_for[True] - worked_for[False], 2),
    }


def _latency(gl: GLContext) -> int:
    """Frames after which a single cut is seen in full."""
    dark, bright = (_texture(gl, np.full((SIZE[1], SIZE[0], 3), light)) for light in (0.2, 0.8))
    run = _Run(gl)
    for _ in range(SETTLING):
        run.show(dark)
    late = next((n for n in range(SETTLING) if _levels(run.show(bright)).min() >= 203), SETTLING)
    run.close()
    for texture in (dark, bright):
        texture.release()
    return late


def _difference(gl: GLContext, images: list[Texture]) -> float:
    """The largest difference from what is wanted, in levels of 8 bits."""
    run = _Run(gl)
    worst = 0.0
    for index in range(SETTLING + FRAMES):
        image = images[_back_and_forth(index, len(images))]
        shown = run.show(image)
        if index >= SETTLING and index % 8 == 0:
            wanted = np.frombuffer(image.read(), np.float16).reshape(SIZE[1], SIZE[0], 4)[..., :3]
            worst = max(worst, float(np.abs(_levels(shown) - 255 * wanted.astype(np.float32)).max()))
    run.close()
    return round(worst, 2)


def _calm() -> Iterator[NDArray[np.float64]]:
    """Clouds that drift: [H, W, 3], sRGB."""
    x, y = np.meshgrid(np.arange(SIZE[0]), np.arange(SIZE[1]))
    for time in np.arange(PICTURES) / FPS:
        clouds = np.sin(0.021 * x + 0.8 * time) * np.cos(0.027 * y - 0.5 * time) + 0.2 * np.sin(0.3 * x + 0.2 * y)
        yield np.dstack([base + 0.2 * clouds for base in (0.5, 0.4, 0.3)])


def _back_and_forth(index: int, count: int) -> int:
    """0, 1, … count - 1, … 1, 0, 1, …"""
    around = index % max(2 * count - 2, 1)
    return min(around, 2 * count - 2 - around)


def _texture(gl: GLContext, picture: NDArray[np.float64]) -> Texture:
    whole = np.ones((*picture.shape[:2], 4), np.float16)
    whole[..., :3] = picture
    return gl.ctx.texture(SIZE, 4, whole.tobytes(), dtype="f2")


def _levels(texture: Texture) -> NDArray[np.uint8]:
    return np.frombuffer(texture.read(), np.uint8).reshape(SIZE[1], SIZE[0], 4)[..., :3]
