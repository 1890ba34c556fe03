"""Everything between a generated frame and the presented texture."""

import gc
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from itertools import pairwise

import numpy as np
import pytest

from engine.params import ParameterTree
from engine.render.chain import PassRequest
from engine.render.context import GLContext
from engine.render.renderer import Renderer
from tests.render.drawing import Pixels, painting, pixels

CANVAS = (96, 54)
FPS = 30.0
PASSES = ("flow", "grade", "vignette", "grain")

Build = Callable[..., "Show"]


class Show:
    """A renderer with its parameter tree, played frame by frame."""

    def __init__(self, gl: GLContext, *passes: str, adaptive: bool = False) -> None:
        self.renderer = Renderer(gl, CANVAS, FPS, [PassRequest(name) for name in passes], adaptive=adaptive)
        self.tree = ParameterTree(self.renderer.parameters())
        self.index = 0

    def frame(self, delta: float = 1 / FPS) -> Pixels:
        now = self.index / FPS
        texture = self.renderer.frame(now, delta if self.index else 0.0, self.index, self.tree.effective, now)
        assert texture.size == self.renderer.size
        self.index += 1
        return pixels(texture)

    def frames(self, count: int) -> list[Pixels]:
        return [self.frame() for _ in range(count)]


@pytest.fixture
def show(gl: GLContext) -> Iterator[Build]:
    made = []

    def build(*passes: str, adaptive: bool = False) -> Show:
        made.append(Show(gl, *passes, adaptive=adaptive))
        return made[-1]

    yield build
    for each in made:
        each.renderer.close()


def test_a_show_comes_up_from_black_within_a_second(show: Build) -> None:
    means = [frame[..., :3].mean() for frame in show(*PASSES).frames(30)]
    assert means[0] == 0
    assert max(b - a for a, b in pairwise(means)) < 0.1
    assert means[-1] > 0.1


def test_a_generated_frame_is_seen_and_alive(show: Build) -> None:
    playing = show(*PASSES)
    playing.frame()
    playing.renderer.push(painting(64), 0.0)
    frames = playing.frames(90)
    assert np.isfinite(frames).all()
    steps = [float(np.abs(a - b).mean()) for a, b in pairwise(frames)]
    assert min(steps) > 0, "always moving"
    assert max(steps) < 0.05, "never jumping"


def test_without_passes_it_is_the_generators_picture(show: Build) -> None:
    plain = show()
    plain.tree.set("/picture/softness", 0.0)
    plain.renderer.push(painting(96), 0.0)
    drawn = [plain.frame() for _ in range(60)][-1]
    cut = painting(96)[21:75].astype(np.float32) / 255
    assert drawn[..., :3] == pytest.approx(cut[..., :3], abs=0.02)


def test_the_same_show_is_the_same_picture(show: Build) -> None:
    played = []
    for _ in range(2):
        playing = show(*PASSES)
        playing.renderer.push(painting(64), 0.0)
        first = playing.frames(10)
        playing.renderer.push(painting(64, seed=3), 10 / FPS)
        played.append(np.array(first + playing.frames(10)))
    assert np.array_equal(*played)


def test_its_parameters_move_the_picture(show: Build) -> None:
    playing = show("grade")
    playing.renderer.push(painting(64), 0.0)
    before = playing.frames(60)[-1]
    playing.tree.set("/passes/grade/exposure", 1.0)
    assert playing.frame().mean() > before.mean() + 0.03


def test_every_parameter_has_a_label_and_help(show: Build) -> None:
    for parameter in show(*PASSES).renderer.parameters():
        assert parameter.label, parameter.address
        assert parameter.help, parameter.address


def test_the_artists_scale_is_obeyed_and_nothing_turns_black(show: Build) -> None:
    playing = show(*PASSES)
    playing.renderer.push(painting(64), 0.0)
    before = playing.frames(60)[-1]
    for scale, size in ((0.5, (48, 28)), (0.25, (24, 16)), (1.0, CANVAS)):
        playing.tree.set("/render/scale", scale)
        drawn = playing.frame()
        assert playing.renderer.size == size
        assert drawn[..., :3].mean((0, 1)) == pytest.approx(before[..., :3].mean((0, 1)), abs=0.03)
        corners = drawn[[0, 0, -1, -1], [0, -1, 0, -1], :3], before[[0, 0, -1, -1], [0, -1, 0, -1], :3]
        assert corners[0] == pytest.approx(corners[1], abs=0.15)


@pytest.mark.parametrize(("adaptive", "quality"), [(False, 0.6), (True, 0.6), (True, 1.0)])
def test_the_artists_quality_is_obeyed(show: Build, adaptive: bool, quality: float) -> None:
    playing = show("strokes", adaptive=adaptive)
    playing.tree.set("/render/quality", quality)
    playing.frame()
    assert playing.renderer.quality == quality  # with time to spare, and a canvas that even software draws whole


def test_an_adaptive_show_renders_smaller_when_frames_are_late(show: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    playing = show("grade", adaptive=True)
    assert playing.tree.value("/render/adaptive") is True
    monkeypatch.setattr(playing.renderer._timer, "work", 0.2)
    monkeypatch.setattr(type(playing.renderer._timer), "measure", _unmeasured)
    for _ in range(120):
        playing.frame(delta=0.2)
    assert playing.renderer.scale < 0.5
    playing.tree.set("/render/adaptive", False)
    playing.frame()
    assert playing.renderer.scale == 1.0


def _unmeasured(timer: object) -> object:
    return nullcontext()


def test_work_is_measured(show: Build) -> None:
    playing = show("grade")
    playing.frames(2)
    assert 0 < playing.renderer.work < 10


def test_nothing_is_left_on_the_gpu(gl: GLContext) -> None:
    gc.collect()
    gl.ctx.gc_mode = "context_gc"  # moderngl then keeps what was dropped without being released, and counts it
    try:
        playing = Show(gl, *PASSES)
        playing.renderer.push(painting(16), 0.0)
        playing.frames(2)
        playing.renderer.push(painting(32), 0.1)
        playing.tree.set("/render/scale", 0.5)
        playing.tree.set("/passes/grade/mix", 0.5)
        playing.frames(2)
        playing.renderer.close()
        del playing
        gc.collect()
        left = [thing for thing in gl.ctx.objects if type(thing).__name__ != "InvalidObject"]
        assert left == []
    finally:
        gl.ctx.gc_mode = None
        gl.ctx.objects.clear()
