"""One network's pictures becoming another's."""

from collections.abc import Iterator

import numpy as np
import pytest

from engine.render.context import GLContext
from engine.render.crossfade import Crossfade
from tests.render.drawing import painting, pixels

FPS = 30.0


def plain(red: int, green: int, size: tuple[int, int] = (8, 8)) -> np.ndarray:
    return np.full((*size, 4), (red, green, 0, 255), np.uint8)


def colour(crossfade: Crossfade, now: float) -> tuple[float, float]:
    """Red and green of the first pixel, 0 to 1."""
    red, green = pixels(crossfade.render(now))[0, 0, :2]
    return float(red), float(green)


@pytest.fixture
def crossfade(gl: GLContext) -> Iterator[Crossfade]:
    made = Crossfade(gl.ctx)
    yield made
    made.close()


@pytest.fixture
def red(crossfade: Crossfade) -> Crossfade:
    """One that shows plain red, and has done so for a while, at 0 s."""
    for now in (-3.0, -2.0, -1.0):
        crossfade.push(plain(255, 0), now)
    assert colour(crossfade, 0.0) == pytest.approx((1, 0), abs=0.01)
    return crossfade


def test_before_the_first_frame_there_is_dusk_and_nothing_of_the_rehearsal(crossfade: Crossfade) -> None:
    dusk = pixels(crossfade.render(0.0))[..., :3]
    assert dusk.min() > 0.05
    assert dusk.max() < 0.8


def test_without_a_turn_it_is_an_interpolator(crossfade: Crossfade) -> None:
    frame = painting(16)
    crossfade.push(frame, 0.0)
    assert pixels(crossfade.render(10.0)) * 255 == pytest.approx(frame, abs=1.0)


def test_a_turn_is_slow_at_both_ends_and_never_jumps(red: Crossfade) -> None:
    red.turn(plain(0, 255), 0.0, 4.0)
    steps = [colour(red, i / FPS) for i in range(int(4.5 * FPS))]
    assert steps[0] == pytest.approx((1, 0), abs=0.01)
    assert steps[-1] == pytest.approx((0, 1), abs=0.01)
    reds, greens = np.array(steps).T
    assert (np.diff(reds) <= 1e-3).all()
    assert (np.diff(greens) >= -1e-3).all()
    assert np.abs(np.diff(greens)).max() < 0.08
    assert greens[int(4 * FPS) - 4] > 0.95


def test_both_networks_move_while_a_turn_lasts(red: Crossfade) -> None:
    red.turn(plain(0, 255), 0.0, 4.0)
    quarter = colour(red, 1.0)
    red.push_leaving(plain(0, 0), 1.0)
    dark = colour(red, 3.0)
    assert dark[0] < quarter[0] - 0.3
    red.push(plain(0, 0), 3.0)
    assert colour(red, 30.0) == pytest.approx((0, 0), abs=0.01)


def test_what_leaves_is_not_seen_after_the_turn(red: Crossfade) -> None:
    red.turn(plain(0, 255), 0.0, 1.0)
    assert colour(red, 1.5) == pytest.approx((0, 1), abs=0.01)
    red.push_leaving(plain(255, 0), 1.6)
    assert colour(red, 5.0) == pytest.approx((0, 1), abs=0.01)


def test_the_next_may_be_larger_and_turns_may_follow_turns(red: Crossfade) -> None:
    red.turn(plain(0, 255, (16, 16)), 0.0, 1.0)
    assert red.render(0.5).size == (16, 16)
    assert red.render(2.0).size == (16, 16)
    red.turn(plain(255, 255, (8, 8)), 2.0, 1.0)
    assert red.render(2.5).size == (16, 16)
    assert colour(red, 4.0) == pytest.approx((1, 1), abs=0.01)
    assert red.render(4.0).size == (8, 8)


def test_a_turn_in_no_time_is_a_cut(red: Crossfade) -> None:
    red.turn(plain(0, 255), 0.0, 0.0)
    assert colour(red, 0.0) == pytest.approx((0, 1), abs=0.01)
