"""An analyser of others finds less flicker in what the limiter shows than in a slow fade."""

import subprocess
from collections.abc import Iterable

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.render.context import GLContext
from engine.render.wall import Wall
from tests.flashes.patterns import HEIGHT, WIDTH, grey, solid
from tests.flashes.sequences import SELECTED, film
from tests.render.flashing import Stage

FPS = 30
FILTER = "photosensitivity=bypass=1,metadata=print:file=-"
NAMES = ("contrast-0-100-10hz-30fps", "red-grey-8hz-30fps", "cuts-0.125s-30fps", "doubled-10hz-30fps")


def badness(frames: Iterable[NDArray[np.uint8]]) -> float:
    """The worst that FFmpeg's filter says of any frame: an order, not a verdict."""
    given = ("-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{WIDTH}x{HEIGHT}", "-r", str(FPS), "-i", "-")
    command = ("ffmpeg", "-v", "error", *given, "-vf", FILTER, "-f", "null", "-")
    done = subprocess.run(command, input=b"".join(frame.tobytes() for frame in frames), capture_output=True, check=True)
    said = [line.split("=")[1] for line in done.stdout.decode().splitlines() if "badness=" in line]
    return max(float(value) for value in said)


def slow_fade() -> list[NDArray[np.uint8]]:
    """From black to white and back in two seconds."""
    return [frame for frame, _ in film(FPS, 4.0, lambda time: solid(grey(round(127.5 - 127.5 * np.cos(np.pi * time)))))]


@pytest.mark.parametrize("name", NAMES)
def test_what_is_left_of_a_strobe_is_less_than_a_slow_fade(gl: GLContext, name: str) -> None:
    frames = list(next(sequence for sequence in SELECTED if sequence.name == name).frames())
    stage = Stage(gl, Wall(4.0, 2.0, 200.0), (WIDTH, HEIGHT))
    limited = [stage.show(frame / 255.0, time) for frame, time in frames]
    stage.close()
    fade = badness(slow_fade())
    assert badness(frame for frame, _ in frames) > 1.5 * fade
    assert badness(limited) < fade
