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
    flow = running(gl, "flow", warp=0.0)
    assert flow.draw(image)[..., :3] == pytest.approx(picture(), abs=5e-3), "no black first frame"
    later = [flow.draw(image)[..., :3] for _ in range(8)]
    assert np.abs(later[-1] - picture()).max() > 0.01
    still = running(gl, "flow", warp=0.0, strength=0.0)
    for _ in range(5):
        drawn = still.draw(image)[..., :3]
    assert drawn == pytest.approx(picture(), abs=5e-3)


def test_the_flow_lives_on_while_nothing_new_is_dreamt(gl: GLContext) -> None:
    flow, image = running(gl, "flow"), texture_of(gl, picture())
    for _ in range(30):
        before = flow.draw(image, delta=0.2)
    after = flow.draw(image, delta=0.2)
    assert 1e-4 < np.abs(after - before).mean() < 0.05


def test_what_the_flow_carries_stays_sharp_unless_quality_is_low(gl: GLContext) -> None:
    """Half a minute of being carried about, with nothing fresh mixed in."""
    fine = np.random.default_rng(3).random((36, 64, 1), np.float32).repeat(3, axis=2)
    image = texture_of(gl, 0.25 + 0.5 * fine)
    contrast = {}
    for quality in (0.0, 1.0):
        flow = running(gl, "flow", warp=0.0, memory=10.0, strength=1.0, quality=quality)
        flow.draw(image)
        grey = flat(gl, (0.5, 0.5, 0.5), SIZE)
        drawn = [flow.draw(grey, delta=1 / 30) for _ in range(60)][-1]
        assert drawn.min() > 0.2
        assert drawn.max() <= 1.0
        contrast[quality] = drawn[..., :3].std()
    assert contrast[1.0] > 1.4 * contrast[0.0]


def portrait() -> Pixels:
    """A light disc on a dark ground, out of focus, 180 by 320."""
    y, x = np.mgrid[0:180, 0:320] / 180
    disc = 1 / (1 + np.exp(30 * (np.hypot(x - 8 / 9, y - 0.5) - 0.3)))[..., None]
    return (disc * (0.8, 0.7, 0.5) + (1 - disc) * (0.2, 0.25, 0.35)).astype(np.float32)


def fine_energy(picture: Pixels) -> float:
    """The share of the energy of lightness beyond 16 cycles per picture height."""
    light = picture[..., :3].mean(axis=2)
    spectrum = np.abs(np.fft.fft2(light - light.mean())) ** 2
    up = np.fft.fftfreq(light.shape[0], 1 / light.shape[0])[:, None]
    across = np.fft.fftfreq(light.shape[1], 1 / light.shape[0])
    return float(spectrum[np.hypot(up, across) > 16].sum() / spectrum.sum())


def strokes(gl: GLContext, **initial: object) -> Running:
    return Running(gl, SHADERS / "strokes.fs", (320, 180), **initial)


def test_strokes_paint_the_picture_with_detail_of_their_own(gl: GLContext) -> None:
    drawn = strokes(gl)
    image = texture_of(gl, portrait())
    frames = [drawn.draw(image, delta=1 / 15) for _ in range(60)]
    assert fine_energy(frames[-1]) > 3 * fine_energy(portrait())
    middle, corner = frames[-1][80:100, 150:170, :3].mean((0, 1)), frames[-1][:20, :20, :3].mean((0, 1))
    assert middle == pytest.approx((0.8, 0.7, 0.5), abs=0.12), "colours are the picture's"
    assert corner == pytest.approx((0.2, 0.25, 0.35), abs=0.12)


def test_paint_rests_until_it_is_painted_over(gl: GLContext) -> None:
    """From frame to frame most of the canvas is not touched, and after a life all of it follows the picture."""
    drawn = strokes(gl, life=2.0)
    image = texture_of(gl, portrait())
    frames = [drawn.draw(image, delta=1 / 15) for _ in range(60)]
    moved = np.abs(frames[-1] - frames[-2])[..., :3].max(axis=2)
    assert np.count_nonzero(moved < 0.02) > 0.7 * moved.size
    black = flat(gl, (0.02, 0.02, 0.02), (320, 180))
    for _ in range(90):
        after = drawn.draw(black, delta=1 / 15)
    assert after[..., :3].max() < 0.15


@pytest.mark.parametrize("ways", [((15, 1.0), (60, 1.0)), ((30, 0.0), (30, 0.5), (30, 1.0))])
def test_strokes_paint_alike_at_every_frame_rate_and_quality(
    gl: GLContext, ways: tuple[tuple[int, float], ...]
) -> None:
    energies = []
    for fps, quality in ways:
        drawn = strokes(gl, quality=quality)
        image = texture_of(gl, portrait())
        energies.append(fine_energy([drawn.draw(image, delta=1 / fps) for _ in range(4 * fps)][-1]))
    assert energies == pytest.approx([energies[0]] * len(energies), rel=0.08)


def test_the_clock_of_the_strokes_counts_the_shortest_step_for_ever(gl: GLContext) -> None:
    """It goes round before a float32 would lose what a frame adds, also at 240 frames a second and the longest life."""
    drawn = strokes(gl, life=30.0)
    image = flat(gl, (0.5, 0.5, 0.5), (320, 180))
    drawn.draw(image)
    buffer = drawn.shader_pass._buffers["clock"]
    buffer.front.texture.write(np.array([8.9995, 1.0, 65535.0, 1.0], np.float32).tobytes())
    for _ in range(4):
        drawn.draw(image, delta=1 / 240)
    turns, _, generation, _ = pixels(buffer.front.texture)[0, 0]
    assert turns == pytest.approx(8.9995 + 4 * 9 / 30 / 240 - 9, abs=1e-5)
    assert generation == 0.0


def test_a_push_is_seen_in_the_same_frame_and_gone_with_it(gl: GLContext) -> None:
    drawn, quiet = strokes(gl), strokes(gl)
    image = texture_of(gl, portrait())
    for _ in range(30):
        drawn.draw(image, delta=1 / 30)
        quiet.draw(image, delta=1 / 30)
    plain = quiet.draw(image, delta=1 / 30)
    assert np.abs(drawn.draw(image, delta=1 / 30, push=1.0) - plain).mean() > 0.015
    assert np.array_equal(drawn.draw(image, delta=1 / 30), quiet.draw(image, delta=1 / 30))


def test_a_changed_life_or_a_long_pause_is_no_flash(gl: GLContext) -> None:
    drawn = strokes(gl)
    image = texture_of(gl, portrait())
    before = [drawn.draw(image, delta=1 / 15) for _ in range(45)][-1]
    for change in ({"life": 0.5}, {"life": 30.0}, {"delta": 0.1}):
        after = drawn.draw(image, **({"delta": 1 / 15} | change))
        assert np.abs(after - before).mean() < 0.02
        before = after


def exposed(gl: GLContext, level: float, seconds: float = 20.0, **values: float) -> float:
    """The mean lightness of a picture of such a mean after a while."""
    exposure = running(gl, "exposure", **values)
    picture_now = texture_of(gl, np.clip(picture() - picture().mean() + level, 0, 1))
    drawn = [exposure.draw(picture_now, delta=0.5) for _ in range(round(2 * seconds))][-1]
    return float((drawn[..., :3] @ [0.2126, 0.7152, 0.0722]).mean())


def test_exposure_holds_the_mean_within_its_band(gl: GLContext) -> None:
    for level in (0.2, 0.4, 0.6):
        assert exposed(gl, level, room=0.5, low=0.3, high=0.5, play=0.03) == pytest.approx(0.4, abs=0.05)
    dark, bright = (exposed(gl, 0.4, room=room, low=0.3, high=0.5, play=0.0) for room in (0.0, 1.0))
    assert dark == pytest.approx(0.3, abs=0.03)
    assert bright == pytest.approx(0.5, abs=0.03)
    kept = exposed(gl, 0.42, room=0.5, low=0.3, high=0.5, play=0.1)
    assert kept == pytest.approx(exposed(gl, 0.42, room=0.5, low=0.3, high=0.5, play=0.5), abs=0.01), "within its play"


def test_exposure_is_slow_and_right_from_the_first_frame(gl: GLContext) -> None:
    exposure = running(gl, "exposure", pace=4.0, play=0.0, low=0.4, high=0.4)
    grey, light = flat(gl, (0.3, 0.3, 0.3), SIZE), flat(gl, (0.6, 0.6, 0.6), SIZE)
    assert exposure.draw(grey)[..., :3].mean() == pytest.approx(0.4, abs=0.02)
    levels = [float(exposure.draw(light, delta=0.1)[..., :3].mean()) for _ in range(200)]
    assert levels[0] > 0.6
    assert max(-np.diff(levels)) < 0.03
    assert levels[-1] == pytest.approx(0.4, abs=0.03)


def test_a_chain_of_all_of_them_is_finite(gl: GLContext) -> None:
    chain = PassChain(gl.ctx, [PassRequest(name) for name in NAMES], SIZE)
    values = {p.address: p.default for p in chain.parameters()}
    image = texture_of(gl, picture())
    for i in range(4):
        drawn = pixels(chain.render(image, values.__getitem__, i / 30, 1 / 30, i))
        assert np.isfinite(drawn).all()
    chain.close()
