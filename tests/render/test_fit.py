"""A square picture meets the canvas: aspect, zoom, and no pixel seen."""

from collections.abc import Iterator

import moderngl
import numpy as np
import pytest

from engine.render.context import GLContext
from engine.render.draw import Size
from engine.render.fit import PARAMETERS, Fit
from tests.render.drawing import Pixels, flat, painting, pixels, texture_of

WIDE: Size = (64, 36)


@pytest.fixture
def fit(gl: GLContext) -> Iterator[Fit]:
    made = Fit(gl.ctx, WIDE)
    yield made
    made.close()


def fitted(fit: Fit, image: moderngl.Texture, how: str = "cover", zoom: float = 1.0, softness: float = 0.0) -> Pixels:
    return pixels(fit.render(image, how, zoom, softness))[..., :3]


def ramp(gl: GLContext, size: int = 32) -> moderngl.Texture:
    """Red rises to the right, green upwards."""
    x, y = np.meshgrid(np.linspace(0, 1, size), np.linspace(1, 0, size))
    return texture_of(gl, np.dstack([x, y, np.full_like(x, 0.5)]).astype(np.float32))


@pytest.mark.parametrize("how", ["cover", "contain", "mirror"])
@pytest.mark.parametrize("size", [4, 32, 100, 256])
@pytest.mark.parametrize("softness", [0.0, 0.6, 1.0])
def test_one_colour_stays_that_colour(gl: GLContext, fit: Fit, how: str, size: int, softness: float) -> None:
    drawn = fitted(fit, flat(gl, (0.25, 0.5, 0.75), (size, size)), how, 1.0, softness)
    inside = drawn[:, 15:49] if how == "contain" else drawn
    assert inside == pytest.approx(np.broadcast_to((0.25, 0.5, 0.75), inside.shape), abs=2e-3)


def test_cover_fills_the_canvas_and_loses_top_and_bottom(gl: GLContext, fit: Fit) -> None:
    drawn = fitted(fit, ramp(gl))
    assert drawn[18, 0, 0] < 0.03
    assert drawn[18, -1, 0] > 0.97
    assert drawn[0, 32, 1] == pytest.approx(0.5 + 0.5 * 36 / 64, abs=0.03)
    assert drawn[-1, 32, 1] == pytest.approx(0.5 - 0.5 * 36 / 64, abs=0.03)


def test_contain_shows_all_of_it_and_lets_the_sides_fall_dark(gl: GLContext, fit: Fit) -> None:
    drawn = fitted(fit, ramp(gl), "contain")
    assert drawn[0, 32, 1] > 0.95
    assert drawn[-1, 32, 1] < 0.05
    assert drawn[18, 14, 0] < 0.05
    assert drawn[18, 49, 0] > 0.9
    assert drawn[18, 63, 2] < 0.1


def test_mirror_continues_the_picture_outwards(gl: GLContext, fit: Fit) -> None:
    drawn = fitted(fit, ramp(gl), "mirror")
    assert drawn[:, 14:32, 0][:, ::-1].max() < 0.55
    left = drawn[:, :14]
    assert left == pytest.approx(drawn[:, 14:28][:, ::-1], abs=0.03)
    assert drawn[:, 50:] == pytest.approx(drawn[:, 36:50][:, ::-1], abs=0.03)


def test_zoom_enlarges_the_middle(gl: GLContext, fit: Fit) -> None:
    drawn = fitted(fit, ramp(gl), zoom=2.0)
    assert drawn[18, 0, 0] == pytest.approx(0.25, abs=0.03)
    assert drawn[18, -1, 0] == pytest.approx(0.75, abs=0.03)


def test_a_small_picture_is_smooth_at_any_size_and_softer_where_asked(gl: GLContext) -> None:
    large = Fit(gl.ctx, (640, 360))
    dots = np.random.default_rng(1).random((16, 16, 3), np.float32)
    image = texture_of(gl, dots)
    crisp, soft = (fitted(large, image, softness=s) for s in (0.0, 1.0))
    assert np.abs(np.diff(soft, axis=1)).max() < 0.03, "no edge of a pixel: 40 pixels make one"
    assert np.abs(np.diff(crisp, axis=1)).max() < 0.08
    assert soft.std() < 0.8 * crisp.std()
    large.close()


def test_a_large_picture_is_averaged_not_picked(gl: GLContext, fit: Fit) -> None:
    checks = np.indices((256, 256)).sum(0) % 2
    drawn = fitted(fit, texture_of(gl, np.dstack([checks] * 3).astype(np.float32)))
    assert drawn == pytest.approx(np.full(drawn.shape, 0.5), abs=0.03)


def test_a_portrait_canvas(gl: GLContext) -> None:
    tall = Fit(gl.ctx, (36, 64))
    drawn = fitted(tall, ramp(gl))
    assert drawn[0, 18, 1] > 0.97
    assert drawn[32, 0, 0] == pytest.approx(0.5 - 0.5 * 36 / 64, abs=0.03)
    tall.close()


def test_resizing_takes_effect(gl: GLContext, fit: Fit) -> None:
    image = texture_of(gl, painting(32)[..., :3].astype(np.float32) / 255)
    before = fitted(fit, image)
    fit.resize((128, 72))
    after = fitted(fit, image)
    assert after.shape == (72, 128, 3)
    assert after.mean((0, 1)) == pytest.approx(before.mean((0, 1)), abs=0.01)


def test_its_parameters_are_declared() -> None:
    assert [p.address for p in PARAMETERS] == ["/picture/fit", "/picture/zoom", "/picture/softness"]
    assert all(p.label and p.help for p in PARAMETERS)
