"""What tries to flash, played through the safety stage: the analyser, which shares nothing with it, finds no harm."""

from collections.abc import Iterator

import numpy as np
import pytest

from engine.flashes.analyser import judge
from engine.flashes.geometry import of_wall
from engine.flashes.report import Verdict
from engine.render.context import GLContext
from engine.render.wall import Wall
from tests.flashes.patterns import HEIGHT, WIDTH, grey, solid
from tests.flashes.sequences import ALL, SELECTED, Film, Sequence
from tests.render.flashing import Stage

# Where the two rules agree; where BT.1702 is the stricter one; from far away, where pixels are as fine as patterns get.
CALM = 3.0  # seconds
WALLS = Wall(4.0, 2.0, 200.0), Wall(4.0, 2.0, 500.0), Wall(4.0, 10.0, 500.0)


def by_name(sequence: Sequence) -> str:
    return sequence.name


def limited(gl: GLContext, frames: Film, wall: Wall) -> Iterator[tuple[object, float]]:
    """After a calm beginning, or the limiter would not have let go yet."""
    stage = Stage(gl, wall, (WIDTH, HEIGHT))
    for time in np.arange(0.0, CALM, 0.1):
        yield stage.show(solid(grey(170)) / 255.0, time), time
    for frame, time in frames:
        yield stage.show(frame / 255.0, CALM + time), CALM + time
    stage.close()


def check(gl: GLContext, sequence: Sequence, wall: Wall) -> None:
    geometry = of_wall(wall.width_m, wall.width_m * HEIGHT / WIDTH, wall.nearest_viewer_m, wall.peak_nits)
    report = judge(limited(gl, sequence.frames(), wall), geometry)
    assert report.verdict is Verdict.PASS, report.most


@pytest.mark.parametrize("sequence", SELECTED, ids=by_name)
def test_a_selected_sequence_is_limited(gl: GLContext, sequence: Sequence) -> None:
    check(gl, sequence, WALLS[1])


@pytest.mark.safety
@pytest.mark.parametrize("wall", WALLS, ids=str)
@pytest.mark.parametrize("sequence", ALL, ids=by_name)
def test_every_sequence_is_limited(gl: GLContext, sequence: Sequence, wall: Wall) -> None:
    check(gl, sequence, wall)
