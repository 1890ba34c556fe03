"""One pass: inputs as uniforms, PASSES with buffers, audio, imported pictures."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.errors import ReverieError
from engine.render.context import GLContext
from engine.render.header import load
from engine.render.isf import IsfError
from tests.render.drawing import IMAGE, Running, flat, write_isf

KEEP = [{"TARGET": "kept", "PERSISTENT": True}]


def test_every_kind_of_input_reaches_the_shader(gl: GLContext, tmp_path: Path) -> None:
    inputs = [
        IMAGE,
        {"NAME": "amount", "TYPE": "float", "DEFAULT": 0.25},
        {"NAME": "on", "TYPE": "bool", "DEFAULT": True},
        {"NAME": "hit", "TYPE": "event"},
        {"NAME": "mode", "TYPE": "long", "VALUES": [5, 7], "LABELS": ["five", "seven"], "DEFAULT": 7},
        {"NAME": "tint", "TYPE": "color", "DEFAULT": [0.1, 0.2, 0.3, 0.4]},
        {"NAME": "centre", "TYPE": "point2D", "DEFAULT": [0.5, 0.75]},
    ]
    body = """void main() {
        gl_FragColor = vec4(amount + float(on) + 10.0 * float(hit), float(mode), tint.z, centre.y);
    }"""
    running = Running(gl, write_isf(tmp_path / "all.fs", body, inputs))
    black = flat(gl, (0, 0, 0))
    assert running.draw(black)[0, 0] == pytest.approx([1.25, 7, 0.3, 0.75], abs=1e-3)
    changed = running.draw(black, amount=0.5, on=False, hit=True, mode="five", centre=(0.0, 0.25))
    assert changed[0, 0] == pytest.approx([10.5, 5, 0.3, 0.25], abs=1e-3)


def test_built_ins_tell_time_and_never_the_date(gl: GLContext, tmp_path: Path) -> None:
    body = "void main() { gl_FragColor = vec4(TIME, TIMEDELTA, float(FRAMEINDEX), DATE.w); }"
    running = Running(gl, write_isf(tmp_path / "time.fs", body))
    black = flat(gl, (0, 0, 0))
    assert running.draw(black, delta=0.5)[0, 0] == pytest.approx([0, 0, 0, 0])
    assert running.draw(black, delta=0.5)[0, 0] == pytest.approx([0.5, 0.5, 1, 0.5])


def test_a_persistent_buffer_remembers(gl: GLContext, tmp_path: Path) -> None:
    body = "void main() { gl_FragColor = IMG_THIS_PIXEL(kept) + 0.25; }"
    running = Running(gl, write_isf(tmp_path / "count.fs", body, PASSES=KEEP))
    black = flat(gl, (0, 0, 0))
    assert [float(running.draw(black)[0, 0, 0]) for _ in range(4)] == [0.25, 0.5, 0.75, 1.0]


def test_passes_run_in_order_at_their_own_sizes(gl: GLContext, tmp_path: Path) -> None:
    passes = [{"TARGET": "small", "WIDTH": "floor($WIDTH/$cut)", "HEIGHT": "1"}, {}]
    body = """void main() {
        if (PASSINDEX == 0) gl_FragColor = vec4(RENDERSIZE, 0.0, 1.0);
        else gl_FragColor = vec4(IMG_NORM_PIXEL(small, vec2(0.5)).xy, IMG_SIZE(small).x, RENDERSIZE.x);
    }"""
    inputs = [IMAGE, {"NAME": "cut", "TYPE": "float", "MIN": 0, "MAX": 4, "DEFAULT": 2}]
    running = Running(gl, write_isf(tmp_path / "sizes.fs", body, inputs, PASSES=passes))
    black = flat(gl, (0, 0, 0))
    assert running.draw(black)[0, 0] == pytest.approx([4, 1, 4, 8])
    assert running.draw(black, cut=4.0)[0, 0] == pytest.approx([2, 1, 2, 8])
    assert running.draw(black, cut=0.0)[0, 0] == pytest.approx([8, 4, 8, 8]), "undefined: as large as the picture"


def test_a_float_target_holds_more_than_half_floats(gl: GLContext, tmp_path: Path) -> None:
    body = """void main() {
        if (PASSINDEX == 0) gl_FragColor = vec4(70000.0, 1.0001, 0.0, 1.0);
        else gl_FragColor = (IMG_THIS_PIXEL(exact) - vec4(69999.0, 1.0, 0.0, 0.0)) * vec4(1.0, 10000.0, 1.0, 1.0);
    }"""
    path = write_isf(tmp_path / "float.fs", body, PASSES=[{"TARGET": "exact", "FLOAT": True}, {}])
    assert Running(gl, path).draw(flat(gl, (0, 0, 0)))[0, 0, :2] == pytest.approx([1, 1], abs=0.01)


def test_a_pass_may_read_what_a_later_one_drew_last(gl: GLContext, tmp_path: Path) -> None:
    body = """void main() {
        if (PASSINDEX == 0) gl_FragColor = IMG_THIS_PIXEL(later) + 1.0;
        else gl_FragColor = IMG_THIS_PIXEL(first);
    }"""
    passes = [{"TARGET": "first"}, {"TARGET": "later", "PERSISTENT": True}]
    running = Running(gl, write_isf(tmp_path / "later.fs", body, PASSES=passes))
    white = flat(gl, (9, 9, 9))
    assert [float(running.draw(white)[0, 0, 0]) for _ in range(3)] == [1, 2, 3]


def test_no_nan_settles_in_a_buffer_that_feeds_itself(gl: GLContext, tmp_path: Path) -> None:
    body = """void main() {
        vec4 before = IMG_THIS_PIXEL(kept);
        gl_FragColor = mix(before, IMG_THIS_PIXEL(inputImage), 0.5) / divisor;
    }"""
    inputs = [IMAGE, {"NAME": "divisor", "TYPE": "float", "DEFAULT": 1.0}]
    running = Running(gl, write_isf(tmp_path / "nan.fs", body, inputs, PASSES=KEEP))
    grey = flat(gl, (0.5, 0.5, 0.5))
    poisoned = running.draw(flat(gl, (0, 0, 0)), divisor=0.0)
    assert np.isfinite(poisoned).all()
    for _ in range(12):
        healed = running.draw(grey)
    assert healed[..., :3] == pytest.approx(np.full((4, 8, 3), 0.5), abs=0.01)


def test_audio_inputs_are_there_and_silent(gl: GLContext, tmp_path: Path) -> None:
    inputs = [IMAGE, {"NAME": "wave", "TYPE": "audio"}, {"NAME": "bands", "TYPE": "audioFFT", "MAX": 8}]
    body = """void main() {
        gl_FragColor = vec4(IMG_NORM_PIXEL(wave, vec2(0.5)).r, IMG_PIXEL(bands, gl_FragCoord.xy).r, IMG_SIZE(bands));
    }"""
    running = Running(gl, write_isf(tmp_path / "audio.fs", body, inputs))
    black = flat(gl, (0, 0, 0))
    assert running.draw(black)[0] == pytest.approx(np.tile([0, 0, 8, 1], (8, 1)))


def test_an_imported_picture_stands_upright(gl: GLContext, tmp_path: Path) -> None:
    rows = np.zeros((4, 8, 3), np.uint8)
    rows[0] = (255, 0, 0)
    Image.fromarray(rows).save(tmp_path / "paper.png")
    body = "void main() { gl_FragColor = IMG_THIS_PIXEL(paper); }"
    path = write_isf(tmp_path / "import.fs", body, IMPORTED={"paper": {"PATH": "paper.png"}})
    drawn = Running(gl, path).draw(flat(gl, (0, 0, 0)))
    assert drawn[..., :3] == pytest.approx(rows / 255, abs=1e-3)
    (tmp_path / "paper.png").write_bytes(b"\x89PNG broken")
    with pytest.raises(IsfError, match=r"paper.png: no picture that can be read"):
        Running(gl, path)


def test_the_show_files_values_are_defaults_and_must_fit(gl: GLContext, tmp_path: Path) -> None:
    inputs = [IMAGE, {"NAME": "amount", "TYPE": "float", "DEFAULT": 0.25}]
    path = write_isf(tmp_path / "a.fs", "void main() { gl_FragColor = vec4(amount); }", inputs)
    assert Running(gl, path, amount=0.75).draw(flat(gl, (0, 0, 0)))[0, 0, 0] == 0.75
    with pytest.raises(ReverieError, match=r"pass it has no input 'amonut'; a.fs has amount"):
        Running(gl, path, amonut=1)
    with pytest.raises(ReverieError, match=r"/it/amount: 3 is not a number from 0 to 1"):
        Running(gl, path, amount=3)


def test_a_size_that_names_no_input_is_refused(tmp_path: Path) -> None:
    path = write_isf(tmp_path / "s.fs", "void main() { }", PASSES=[{"TARGET": "a", "WIDTH": "$amonut"}])
    with pytest.raises(IsfError, match=r"s.fs:2: the size of pass target a: '\$amonut' names 'amonut'"):
        load(path)
