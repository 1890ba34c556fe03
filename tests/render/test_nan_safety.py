"""Nothing but numbers from 0 to 1 is ever presented."""

from collections.abc import Iterator
from pathlib import Path

import moderngl
import numpy as np
import pytest

from engine.render.context import GLContext
from engine.render.safety import Safety
from engine.render.wall import Wall
from tests.render.drawing import IMAGE, Running, flat, painting, pixels, texture_of, write_isf

SIZE = (8, 4)
FPS = 30
UP = 60  # frames in which a picture comes up from black


class Presenting:
    """The stage at a steady rate."""

    def __init__(self, gl: GLContext) -> None:
        self.stage = Safety(gl.ctx, SIZE, SIZE, Wall())
        self._index = 0

    def render(self, image: moderngl.Texture, frames: int = 1) -> moderngl.Texture:
        for _ in range(frames):
            presented = self.stage.render(image, self._index / FPS)
            self._index += 1
        return presented


@pytest.fixture
def safety(gl: GLContext) -> Iterator[Presenting]:
    made = Presenting(gl)
    yield made
    made.stage.close()


def test_a_good_picture_passes_unchanged(gl: GLContext, safety: Presenting) -> None:
    frame = painting(8)[:4]
    presented = safety.render(texture_of(gl, frame.astype(np.float32) / 255), UP)
    assert presented.dtype == "f1"
    assert np.array_equal((pixels(presented) * 255).round(), frame)


def test_what_is_out_of_range_is_clamped(gl: GLContext, safety: Presenting) -> None:
    rows = np.zeros((4, 8, 3), np.float32)
    rows[0], rows[1], rows[2] = -3.0, 1e30, 0.5
    drawn = pixels(safety.render(texture_of(gl, rows), UP))
    assert [float(drawn[y, 0, 0]) for y in range(3)] == pytest.approx([0, 1, 0.5], abs=0.002)
    assert (drawn[..., 3] == 1).all()


@pytest.mark.parametrize("bad", [np.nan, -np.nan, np.inf, -np.inf])
def test_a_pixel_that_is_no_number_shows_what_it_showed_before(gl: GLContext, safety: Presenting, bad: float) -> None:
    safety.render(flat(gl, (0.2, 0.4, 0.6)), UP)
    rows = np.full((4, 8, 3), 0.8, np.float32)
    rows[1, 3, 2] = bad  # one channel is enough
    for _ in range(2):
        drawn = pixels(safety.render(texture_of(gl, rows)))
        assert drawn[1, 3, :3] == pytest.approx([0.2, 0.4, 0.6], abs=0.003)
        rest = np.delete(drawn.reshape(-1, 4), 8 + 3, axis=0)
        assert rest[:, :3] == pytest.approx(np.full((31, 3), 0.8), abs=0.003)


@pytest.mark.parametrize("make", ["zero / zero", "sqrt(zero - 1.0)", "1.0 / zero", "log(zero)", "pow(zero - 1.0, 0.5)"])
def test_a_shader_that_really_makes_them(gl: GLContext, safety: Presenting, tmp_path: Path, make: str) -> None:
    safety.render(flat(gl, (0.5, 0.5, 0.5)), UP)
    body = f"void main() {{ gl_FragColor = vec4({make}); if (gl_FragCoord.x > 4.0) gl_FragColor = vec4(1.0); }}"
    path = write_isf(tmp_path / "bad.fs", body, [IMAGE, {"NAME": "zero", "TYPE": "float", "DEFAULT": 0.0}])
    made = Running(gl, path).draw(flat(gl, (0, 0, 0)))
    assert not np.isfinite(made[:, :4]).any(), "the test is no test otherwise"
    drawn = pixels(safety.render(texture_of(gl, made)))
    assert drawn[:, :4, :3] == pytest.approx(np.full((4, 4, 3), 0.5), abs=0.003)
    assert (drawn[:, 4:] == 1).all()


def test_another_size_keeps_the_frame_before(gl: GLContext, safety: Presenting) -> None:
    safety.render(flat(gl, (0.2, 0.4, 0.6)), UP)
    drawn = pixels(safety.render(texture_of(gl, np.full((8, 16, 3), np.nan, np.float32))))
    assert drawn.shape == (8, 16, 4)
    assert drawn[..., :3] == pytest.approx(np.broadcast_to((0.2, 0.4, 0.6), (8, 16, 3)), abs=0.003)
