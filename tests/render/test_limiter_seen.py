"""A shader that strobes, in a chain of passes: harmless on the wall, and somebody is told."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from structlog.testing import capture_logs

from engine.params import ParameterTree
from engine.render.chain import PassRequest
from engine.render.context import GLContext
from engine.render.flash_log import FlashLog
from engine.render.limit_meter import Limits
from engine.render.renderer import Renderer
from tests.render.drawing import IMAGE, painting, pixels, write_isf
from tests.render.flashing import general, per_second

CANVAS = (96, 54)
FPS = 30.0
STROBE = """\
void main() {
    vec3 picture = IMG_THIS_PIXEL(inputImage).rgb, strobe = vec3(float(mod(10.0 * TIME, 1.0) < 0.5));
    gl_FragColor = vec4(mix(picture, strobe, depth), 1.0);
}
"""


@pytest.fixture
def renderer(gl: GLContext, tmp_path: Path) -> Iterator[Renderer]:
    inputs = [IMAGE, {"NAME": "depth", "TYPE": "float", "DEFAULT": 0.0, "MIN": 0.0, "MAX": 1.0}]
    path = write_isf(tmp_path / "strobe.fs", STROBE, inputs)
    made = Renderer(gl, CANVAS, FPS, [PassRequest(str(path))], tmp_path, adaptive=False)
    made.push(painting(64), 0.0)
    yield made
    made.close()


def test_a_strobing_pass_is_harmless_and_told_of(renderer: Renderer) -> None:
    tree = ParameterTree(renderer.parameters())
    log = FlashLog(renderer.limits)
    frames, states = [], {}
    with capture_logs() as lines:
        for index in range(300):
            now = index / FPS
            tree.set("/passes/strobe/depth", 1.0 if 3.0 <= now < 6.0 else 0.0)
            texture = renderer.frame(now, 1 / FPS, index, tree.effective, now)
            frames.append((pixels(texture)[..., :3] * 255).round().astype(np.uint8))
            log.look(now)
            states[index] = log.report()
    assert per_second(general(np.array(frames)), np.arange(300) / FPS).max() <= 6
    assert states[80]["limited_tiles"] == 0
    assert states[160]["limited_tiles"] == states[160]["tiles"] > 50
    assert 14 < states[160]["transitions_per_s"] < 24
    assert states[299] == {**states[80], "engagements": 1}
    assert [line["event"] for line in lines] == ["flashes are limited", "no flashes to limit any more"]
    assert 2.5 < lines[1]["seconds"] < 6


def test_engagements_are_counted_and_looks_are_rare() -> None:
    answers = iter([Limits(0, 9), Limits(3, 9, 8.0), Limits(9, 9, 4.0), Limits(0, 9), Limits(1, 9, 5.0)])
    log = FlashLog(lambda: next(answers))
    with capture_logs() as lines:
        for now in (0.0, 0.1, 0.2, 0.5, 1.0, 1.5, 2.0):
            log.look(now)
    assert log.report() == {"limited_tiles": 1, "tiles": 9, "transitions_per_s": 5.0, "engagements": 2}
    assert [line["event"] for line in lines] == [
        "flashes are limited",
        "no flashes to limit any more",
        "flashes are limited",
    ]
    assert (lines[1]["tiles"], lines[1]["seconds"]) == ("9 of 9", 1.0)


def test_the_last_look_sees_what_nobody_has_looked_at_yet() -> None:
    answers = iter([Limits(0, 9), Limits(0, 9), Limits(3, 9, 8.0)])
    log = FlashLog(lambda: next(answers))
    with capture_logs() as lines:
        log.look(0.0)
        log.finish(0.3)
    assert [line["event"] for line in lines] == ["flashes are limited", "no flashes to limit any more"]
    assert log.report()["engagements"] == 1


def test_a_show_cannot_loosen_it(renderer: Renderer) -> None:
    tree = ParameterTree(renderer.parameters())
    tree.set("/safety/strictness", 0.1)
    assert tree.value("/safety/strictness") == 1.0
    tree.modulate({"/safety/strictness": -5.0})
    assert tree.effective("/safety/strictness") == 1.0
