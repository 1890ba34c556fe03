"""A square picture meets the canvas: aspect, zoom, and no pixel seen."""

from collections.abc import Iterator

import moderngl
import numpy as np
import pytest

from engine.render import camera
from engine.render import fit as fit_module
from engine.render.camera import Camera, View
from engine.render.context import GLContext
from engine.render.draw import Size
from engine.render.fit import Fit
from tests.render.drawing import Pixels, flat, painting, pixels, texture_of

WIDE: Size = (64, 36)


@pytest.fixture
def fit(gl: GLContext) -> Iterator[Fit]:
    made = Fit(gl.ctx, WIDE)
    yield made
    made.close()


def fitted(
    fit: Fit, image: moderngl.Texture, how: str = "cover", softness: float = 0.0, edges: float = 0.0, **where: float
) -> Pixels:
    return pixels(fit.render(image, View(how, **where), softness, edges))[..., :3]


def ramp(gl: GLContext, size: int = 32) -> moderngl.Texture:
    """Red rises to the right, green upwards."""
    x, y = np.meshgrid(np.linspace(0, 1, size), np.linspace(1, 0, size))
    return texture_of(gl, np.dstack([x, y, np.full_like(x, 0.5)]).astype(np.float32))


@pytest.mark.parametrize("how", ["cover", "contain", "mirror"])
@pytest.mark.parametrize("size", [4, 32, 100, 256])
@pytest.mark.parametrize("softness", [0.0, 0.6, 1.0])
def test_one_colour_stays_that_colour(gl: GLContext, fit: Fit, how: str, size: int, softness: float) -> None:
    drawn = fitted(fit, flat(gl, (0.25, 0.5, 0.75), (size, size)), how, softness)
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


def test_the_canvas_looks_where_it_is_told(gl: GLContext, fit: Fit) -> None:
    """Of a square picture a wide canvas sees 36/64 of the height, and at zoom 2 half of that and of the width."""
    image = ramp(gl)
    for place, lowest in ((-1.0, 0.0), (0.0, 0.5 - 9 / 64), (1.0, 1 - 18 / 64)):
        drawn = fitted(fit, image, zoom=2.0, y=place)
        assert drawn[-1, 32, 1] == pytest.approx(lowest, abs=0.04)
        assert drawn[0, 32, 1] == pytest.approx(lowest + 18 / 64, abs=0.04)
    assert fitted(fit, image, x=1.0) == pytest.approx(fitted(fit, image), abs=1e-3), "all of its width is seen already"
    assert fitted(fit, image, zoom=2.0, x=1.0)[18, -1, 0] > 0.97
    assert fitted(fit, image, zoom=2.0, x=-1.0)[18, 0, 0] < 0.03


def test_edges_are_drawn_together_without_halo(gl: GLContext) -> None:
    large = Fit(gl.ctx, (640, 360))
    step = np.where(np.arange(32) < 16, 0.2, 0.8)
    image = texture_of(gl, np.dstack([np.broadcast_to(step, (32, 32))] * 3).astype(np.float32))
    soft, held = (fitted(large, image, softness=0.6, edges=edges)[180, :, 0] for edges in (0.0, 1.0))
    width = [np.count_nonzero((line > 0.26) & (line < 0.74)) for line in (soft, held)]
    assert width[1] < 0.7 * width[0]
    assert held.min() > soft.min() - 1e-3
    assert held.max() < soft.max() + 1e-3
    assert np.abs(held - soft)[:200].max() < 2e-3, "flat parts stay"
    large.close()


def test_a_picture_that_is_not_enlarged_has_no_edges_to_hold(gl: GLContext, fit: Fit) -> None:
    image = texture_of(gl, painting(256)[..., :3].astype(np.float32) / 255)
    assert np.array_equal(fitted(fit, image, edges=1.0), fitted(fit, image))


def test_edges_set_in_smoothly_where_a_camera_comes_closer_than_one_to_one(gl: GLContext, fit: Fit) -> None:
    image = texture_of(gl, painting(64)[..., :3].astype(np.float32) / 255)
    plain, held = (fitted(fit, image, edges=edges, zoom=1.01) for edges in (0.0, 1.0))
    near = fitted(fit, image, edges=1.0, zoom=2.0) - fitted(fit, image, zoom=2.0)
    assert 0 < np.abs(held - plain).mean() < 0.1 * np.abs(near).mean()


ADDRESSES = {p.address: p.default for p in (*camera.PARAMETERS, *fit_module.PARAMETERS)}


def seen(moves: Camera, seconds: float, step: float = 0.1, **values: float) -> list[View]:
    now = ADDRESSES | {f"/picture/{name}": value for name, value in values.items()}
    return [moves.advance(step, now.__getitem__) for _ in range(round(seconds / step))]


def test_the_camera_rests_unless_it_is_to_roam() -> None:
    assert set(seen(Camera(), 60)) == {View()}
    assert set(seen(Camera(), 10, x=0.5, y=-0.25, zoom=1.5)) == {View("cover", 1.5, 0.5, -0.25)}


def test_the_camera_roams_slowly_within_the_picture() -> None:
    views = seen(Camera(), 900, roam=1.0, roam_time=60.0)
    for values in ([v.x for v in views], [v.y for v in views]):
        assert min(values) < -0.95
        assert max(values) > 0.95
        assert np.abs(np.diff(values)).max() <= 0.1 * np.pi / 30 + 1e-6
    assert min(v.zoom for v in views) >= 1.0
    assert max(v.zoom for v in views) == pytest.approx(1.25, abs=0.01)


def test_another_place_is_no_jump_and_is_reached() -> None:
    moves = Camera()
    seen(moves, 0.1, x=-1.0, roam=0.0, roam_time=10.0)
    views = seen(moves, 3.0, step=1 / 30, x=1.0, y=0.5)
    assert np.abs(np.diff([-1.0, *(v.x for v in views)])).max() < 0.2
    assert (views[-1].x, views[-1].y) == (pytest.approx(1.0, abs=1e-3), pytest.approx(0.5, abs=1e-3))


def test_another_pace_is_no_jump() -> None:
    moves = Camera()
    before = seen(moves, 33.0, roam=1.0, roam_time=60.0)[-1]
    after = seen(moves, 0.1, roam=1.0, roam_time=400.0)[0]
    assert abs(after.x - before.x) < 0.02


def test_its_parameters_are_declared() -> None:
    declared = (*camera.PARAMETERS, *fit_module.PARAMETERS)
    assert {p.address for p in declared} == {
        f"/picture/{name}" for name in ("fit", "zoom", "x", "y", "roam", "roam_time", "softness", "edges")
    }
    assert all(p.label and p.help for p in declared)
