"""Every shader in shaders/ keeps the contract of a pass, and ours do what their names say."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from engine.render.chain import PassChain, PassRequest
from engine.render.context import GLContext
from engine.render.header import load
from engine.render.library import SHADERS, shader_names
from tests.render.drawing import Pixels, Running, flat, painting, pixels, texture_of

NAMES = shader_names()
SIZE = (64, 36)


def picture() -> Pixels:
    return painting(64)[14:50, :, :3].astype(np.float32) / 255


def running(gl: GLContext, name: str, **initial: object) -> Running:
    return Running(gl, SHADERS / f"{name}.fs", SIZE, **initial)


@pytest.mark.parametrize("name", NAMES)
def test_it_describes_itself_and_its_inputs(name: str) -> None:
    path: Path = SHADERS / f"{name}.fs"
    header = json.loads(re.match(r"/\*(.*?)\*/", path.read_text(), re.DOTALL)[1])  # type: ignore[index]
    assert header["ISFVSN"] == "2"
    assert header["DESCRIPTION"]
    assert any(entry["NAME"] == "inputImage" for entry in header["INPUTS"])
    for entry in header["INPUTS"]:
        wanted = {"image": set(), "bool": {"DEFAULT"}, "event": set(), "long": {"DEFAULT", "VALUES", "LABELS"}}
        assert wanted.get(entry["TYPE"], {"DEFAULT", "MIN", "MAX"}) <= set(entry)
        assert entry["TYPE"] == "image" or (entry["LABEL"] and entry["HELP"])


@pytest.mark.parametrize("name", NAMES)
def test_it_is_finite_at_its_defaults_and_at_the_ends_of_its_ranges(gl: GLContext, name: str) -> None:
    image = texture_of(gl, picture())
    shader = running(gl, name)
    declared = [p for p in shader.parameters if p.type == "float"]
    for end in ({}, {p.address[4:]: p.minimum for p in declared}, {p.address[4:]: p.maximum for p in declared}):
        for _ in range(3):
            drawn = shader.draw(image, **end)  # type: ignore[arg-type]
            assert np.isfinite(drawn).all()
            assert drawn[..., 3] == pytest.approx(1.0)


@pytest.mark.parametrize("name", NAMES)
def test_it_leaves_a_picture_visible_and_alive_at_its_defaults(gl: GLContext, name: str) -> None:
    shader, image = running(gl, name), texture_of(gl, picture())
    for _ in range(5):
        drawn = shader.draw(image)[..., :3]
    assert not np.array_equal(drawn, picture())
    assert abs(drawn.mean() - picture().mean()) < 0.12
    assert np.corrcoef(drawn.ravel(), picture().ravel())[0, 1] > 0.9


@pytest.mark.parametrize("name", NAMES)
def test_mix_at_zero_is_the_picture_itself(gl: GLContext, name: str) -> None:
    chain = PassChain(gl.ctx, [PassRequest(name)], SIZE)
    values = {p.address: p.default for p in chain.parameters()} | {f"/passes/{name}/mix": 0.0}
    image = texture_of(gl, picture())
    assert chain.render(image, values.__getitem__, 0.0, 0.0, 0) is image
    chain.close()


@pytest.mark.parametrize("name", NAMES)
def test_the_same_moment_is_the_same_picture(gl: GLContext, name: str) -> None:
    image = texture_of(gl, picture())
    first, second = running(gl, name), running(gl, name)
    for _ in range(3):
        assert np.array_equal(first.draw(image), second.draw(image))


def test_every_neutral_value_of_the_grade_leaves_colours_alone(gl: GLContext) -> None:
    neutral = {i.name: i for i in load(SHADERS / "grade.fs").inputs}
    assert set(neutral) >= {"exposure", "warmth", "contrast", "saturation", "film", "lift"}
    values = {"exposure": 0.0, "warmth": 0.0, "contrast": 1.0, "saturation": 1.0, "film": 0.0, "lift": 0.0}
    drawn = running(gl, "grade", **values).draw(texture_of(gl, picture()))
    assert drawn[..., :3] == pytest.approx(picture(), abs=2e-3)


def test_the_grade_moves_the_right_way(gl: GLContext) -> None:
    grade, image = running(gl, "grade"), texture_of(gl, picture())
    plain = grade.draw(image).mean((0, 1))
    warm, bright, grey = (
        grade.draw(image, **{k: v}) for k, v in (("warmth", 1.0), ("exposure", 1.0), ("saturation", 0.0))
    )
    assert warm.mean((0, 1))[0] / warm.mean((0, 1))[2] > 1.2 * plain[0] / plain[2]
    assert bright[..., :3].mean() > plain[:3].mean() + 0.1
    assert np.ptp(grade.draw(image, saturation=0.0, warmth=0.0, lift=0.0)[..., :3], axis=2).max() < 0.01
    assert np.ptp(grey[..., :3], axis=2).mean() < 0.06
    levels = [float(grade.draw(flat(gl, (x, x, x), SIZE), warmth=0.0)[0, 0, 1]) for x in np.linspace(0, 1, 21)]
    assert levels == sorted(levels), "lighter stays lighter"


def test_grain_is_fine_fair_and_none_at_zero(gl: GLContext) -> None:
    grain, grey = running(gl, "grain"), flat(gl, (0.5, 0.5, 0.5), SIZE)
    first, second = grain.draw(grey)[..., :3], grain.draw(grey)[..., :3]
    assert abs(first.mean() - 0.5) < 0.003
    assert 0.005 < first.std() < 0.03
    assert abs(np.corrcoef(first.ravel(), second.ravel())[0, 1]) < 0.1, "new grain at another moment"
    neighbours = first[:, 1:, 1].ravel(), first[:, :-1, 1].ravel()
    assert abs(np.corrcoef(*neighbours)[0, 1]) < 0.1, "no pattern"
    assert grain.draw(grey, amount=0.0)[..., :3] == pytest.approx(np.full((36, 64, 3), 0.5), abs=1e-3)


def test_the_vignette_darkens_edges_breathes_and_leaves_the_middle(gl: GLContext) -> None:
    vignette, white = running(gl, "vignette"), flat(gl, (1, 1, 1), SIZE)
    frames = [vignette.draw(white, delta=2.0) for _ in range(4)]
    for frame in frames:
        assert frame[18, 32, 0] > 0.97
        assert frame[0, 0, 0] < 0.75
    assert len({float(frame[4, 8, 0]) for frame in frames}) == 4


def test_the_flow_begins_with_the_picture_and_then_moves_it(gl: GLContext) -> None:
    image = texture_of(gl, picture())
    flow = running(gl, "flow", warp=0.0, bristle=0.0)
    assert flow.draw(image)[..., :3] == pytest.approx(picture(), abs=5e-3), "no black first frame"
    later = [flow.draw(image)[..., :3] for _ in range(8)]
    assert np.abs(later[-1] - picture()).max() > 0.01
    still = running(gl, "flow", warp=0.0, bristle=0.0, strength=0.0)
    for _ in range(5):
        drawn = still.draw(image)[..., :3]
    assert drawn == pytest.approx(picture(), abs=5e-3)


def test_the_flow_lives_on_while_nothing_new_is_dreamt(gl: GLContext) -> None:
    flow, image = running(gl, "flow"), texture_of(gl, picture())
    for _ in range(30):
        before = flow.draw(image, delta=0.2)
    after = flow.draw(image, delta=0.2)
    assert 1e-4 < np.abs(after - before).mean() < 0.05


def test_a_chain_of_all_of_them_is_finite(gl: GLContext) -> None:
    chain = PassChain(gl.ctx, [PassRequest(name) for name in NAMES], SIZE)
    values = {p.address: p.default for p in chain.parameters()}
    image = texture_of(gl, picture())
    for i in range(4):
        drawn = pixels(chain.render(image, values.__getitem__, i / 30, 1 / 30, i))
        assert np.isfinite(drawn).all()
    chain.close()
