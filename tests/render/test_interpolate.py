"""Generated frames become motion: no jump, no wait, never black."""

from collections.abc import Iterator

import numpy as np
import pytest

from engine.render.context import GLContext
from engine.render.interpolate import LONGEST, Interpolator
from tests.render.drawing import Pixels, painting, pixels

FPS = 30.0


@pytest.fixture
def interpolator(gl: GLContext) -> Iterator[Interpolator]:
    made = Interpolator(gl.ctx)
    yield made
    made.close()


def grey(level: int, size: int = 8) -> np.ndarray:
    frame = np.full((size, size, 4), level, np.uint8)
    frame[..., 3] = 255
    return frame


def shown(interpolator: Interpolator, now: float) -> Pixels:
    return pixels(interpolator.render(now))


def level(interpolator: Interpolator, now: float) -> float:
    return float(shown(interpolator, now)[0, 0, 0])


def test_before_the_first_frame_there_is_dusk(interpolator: Interpolator) -> None:
    dusk = shown(interpolator, 0.0)[..., :3]
    assert dusk.min() > 0.05
    assert dusk.max() < 0.8
    assert dusk[0].mean() < dusk[-1].mean(), "dark above, a glow below"
    assert not np.array_equal(dusk, shown(interpolator, 5.0)[..., :3])


def test_a_frame_arrives_upright_and_exact_and_is_held(interpolator: Interpolator) -> None:
    frame = painting(16)
    interpolator.push(frame, 0.0)
    for now in (10.0, 3600.0):
        assert shown(interpolator, now) * 255 == pytest.approx(frame, abs=1.0)


def test_the_first_frame_fades_in_from_dusk(interpolator: Interpolator) -> None:
    dusk = shown(interpolator, 1.0).mean()
    interpolator.push(grey(250), 1.0)
    levels = [float(shown(interpolator, 1.0 + i / FPS)[..., :3].mean()) for i in range(60)]
    assert levels[0] == pytest.approx(dusk, abs=0.2)
    assert levels == sorted(levels)
    assert levels[-1] == pytest.approx(250 / 255, abs=0.01)


@pytest.mark.parametrize("arrivals", [(0.33,) * 6, (0.33, 0.1, 0.5, 0.02, 0.4, 0.33, 0.9), (0.0, 0.0, 0.3, 1e-6, 0.3)])
def test_no_frame_makes_the_picture_jump_whenever_it_arrives(
    interpolator: Interpolator, arrivals: tuple[float, ...]
) -> None:
    now, bright = 0.0, False
    for gap in (0.33, 0.33, 0.33, *arrivals):
        interpolator.push(grey(200 if bright else 60), now)
        bright = not bright
        before = level(interpolator, now)
        steps = max(1, round(gap * FPS))
        for i in range(steps):
            now += gap / steps
            after = level(interpolator, now)
            slowest_fade = 1.25 * (interpolator.interval or 0.33)
            assert abs(after - before) < 0.02 + 1.6 * (140 / 255) * (gap / steps) / slowest_fade, i
            before = after
        interpolator.push(grey(200 if bright else 60), now)
        assert level(interpolator, now) == pytest.approx(before, abs=0.005), "a push alone changes nothing"


def test_motion_does_not_pause_between_steady_frames(interpolator: Interpolator) -> None:
    levels = []
    for k in range(12):
        interpolator.push(grey(40 + 15 * k), k / 3)
        levels += [level(interpolator, k / 3 + i / FPS) for i in range(10)]
    speeds = np.diff(levels[60:])
    assert speeds.min() > 0.4 * speeds.mean()
    assert speeds.max() < 1.8 * speeds.mean()


def test_the_interval_is_measured_smoothed_and_bounded(interpolator: Interpolator) -> None:
    assert interpolator.interval is None
    now = 0.0
    for _ in range(20):
        interpolator.push(grey(99), now)
        now += 0.25
    assert interpolator.interval == pytest.approx(0.25)
    interpolator.push(grey(99), now + 1e5)
    assert interpolator.interval is not None
    assert interpolator.interval < 0.5, "one outage is no new pace"
    for k in range(60):
        interpolator.push(grey(99), now + 1e5 + 30 * (k + 1))
    assert interpolator.interval <= LONGEST


def test_halfway_between_two_colours_is_halfway_to_the_eye(interpolator: Interpolator) -> None:
    interpolator.push(grey(0), 0.0)
    interpolator.push(grey(0), 10.0)
    interpolator.render(30.0)
    interpolator.push(grey(255), 100.0)
    assert interpolator.interval is not None
    planned = 1.25 * interpolator.interval
    middle = level(interpolator, 100.0 + 0.45 * planned)  # ease(0.45) is a half
    assert middle == pytest.approx(0.39, abs=0.02)  # OKLab lightness 0.5 is sRGB 0.389


def test_a_generator_of_another_size_takes_over_without_a_jump(interpolator: Interpolator) -> None:
    interpolator.push(painting(16), 0.0)
    before = shown(interpolator, 20.0)
    interpolator.push(painting(32), 20.0)
    swapped = shown(interpolator, 20.0)
    assert swapped.shape == (32, 32, 4)
    assert swapped[::2, ::2].mean((0, 1)) == pytest.approx(before.mean((0, 1)), abs=0.02)
    interpolator.push(painting(16, seed=2), 20.1)
    assert shown(interpolator, 60.0) * 255 == pytest.approx(painting(16, seed=2), abs=1.0)
