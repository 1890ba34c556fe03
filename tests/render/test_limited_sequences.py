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

WIDE, NEAREST = 4.0, 2.0  # metres
NITS = (200.0, 500.0)  # where the two rules agree, and where BT.1702 is the stricter one


def by_name(sequence: Sequence) -> str:
    return sequence.name


def limited(gl: GLContext, frames: Film, nits: float) -> Iterator[tuple[object, float]]:
    stage = Stage(gl, Wall(WIDE, NEAREST, nits), (WIDTH, HEIGHT))
    for frame, time in frames:
        yield stage.show(frame / 255.0, time), time
    stage.close()


def check(gl: GLContext, sequence: Sequence, nits: float) -> None:
    report = judge(limited(gl, sequence.frames(), nits), of_wall(WIDE, WIDE * HEIGHT / WIDTH, NEAREST, nits))
    assert report.verdict is Verdict.PASS, report.most


@pytest.mark.parametrize("sequence", SELECTED, ids=by_name)
def test_a_selected_sequence_is_limited(gl: GLContext, sequence: Sequence) -> None:
    check(gl, sequence, NITS[-1])


@pytest.mark.safety
@pytest.mark.parametrize("nits", NITS)
@pytest.mark.parametrize("sequence", ALL, ids=by_name)
def test_every_sequence_is_limited(gl: GLContext, sequence: Sequence, nits: float) -> None:
    check(gl, sequence, nits)
