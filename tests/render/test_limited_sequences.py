"""What tries to flash, played through the safety stage: the analyser, which shares nothing with it, finds no harm."""

from collections.abc import Iterator

import pytest

from engine.flashes.analyser import judge
from engine.flashes.geometry import of_wall
from engine.flashes.report import Verdict
from engine.render.context import GLContext
from engine.render.wall import Wall
from tests.flashes.patterns import HEIGHT, WIDTH
from tests.flashes.sequences import ALL, SELECTED, Film, Sequence
from tests.render.flashing import Stage

WALL = Wall(4.0, 2.0, 200.0)
SEEN_AS = of_wall(4.0, 4.0 * HEIGHT / WIDTH, 2.0, 200.0)


def by_name(sequence: Sequence) -> str:
    return sequence.name


def limited(gl: GLContext, frames: Film) -> Iterator[tuple[object, float]]:
    stage = Stage(gl, WALL, (WIDTH, HEIGHT))
    for frame, time in frames:
        yield stage.show(frame / 255.0, time), time
    stage.close()


def check(gl: GLContext, sequence: Sequence) -> None:
    report = judge(limited(gl, sequence.frames()), SEEN_AS)
    assert report.verdict is Verdict.PASS, report.most


@pytest.mark.parametrize("sequence", SELECTED, ids=by_name)
def test_a_selected_sequence_is_limited(gl: GLContext, sequence: Sequence) -> None:
    check(gl, sequence)


@pytest.mark.safety
@pytest.mark.parametrize("sequence", ALL, ids=by_name)
def test_every_sequence_is_limited(gl: GLContext, sequence: Sequence) -> None:
    check(gl, sequence)
