"""ISF's GLSL compiles as 3.30, and a mistake in it is told at its place in the artist's file."""

from pathlib import Path

import numpy as np
import pytest

from engine.render.context import GLContext
from engine.render.glsl import compile_shader, explain
from engine.render.header import load
from engine.render.isf import IsfError
from tests.render.drawing import IMAGE, Running, flat, texture_of, write_isf

RAMP = np.linspace(0, 1, 4 * 8 * 3, dtype=np.float32).reshape(4, 8, 3)


def run(gl: GLContext, path: Path) -> np.ndarray:
    return Running(gl, path).draw(texture_of(gl, RAMP))[..., :3]


@pytest.mark.parametrize(
    "read",
    [
        "IMG_THIS_PIXEL(inputImage)",
        "IMG_THIS_NORM_PIXEL(inputImage)",
        "IMG_PIXEL(inputImage, gl_FragCoord.xy)",
        "IMG_NORM_PIXEL(inputImage, isf_FragNormCoord)",
        "IMG_NORM_PIXEL(inputImage, vv_FragNormCoord)",
        "texture2D(inputImage, gl_FragCoord.xy / RENDERSIZE)",
        "texture2DRect(inputImage, gl_FragCoord.xy)",
        "IMG_PIXEL(inputImage, isf_FragNormCoord * IMG_SIZE(inputImage))",
        "IMG_PIXEL(inputImage, isf_FragNormCoord * _inputImage_imgSize + _inputImage_imgRect.xy)",
    ],
)
def test_every_way_to_read_the_picture_reads_this_pixel(gl: GLContext, tmp_path: Path, read: str) -> None:
    path = write_isf(tmp_path / "read.fs", f"void main() {{ gl_FragColor = {read}; }}")
    assert run(gl, path) == pytest.approx(RAMP, abs=1e-3)


def test_names_that_later_versions_took_are_free(gl: GLContext, tmp_path: Path) -> None:
    body = """
    vec4 texture(vec4 half) { return half * 0.5; }
    float round(float sample) { return sample; }
    void main() {
        vec4 input = IMG_THIS_PIXEL(inputImage);
        float smooth = round(filter), flat = 1.0;
        vec4 output = texture(input) * 2.0 * smooth * flat;
        gl_FragColor = output; // a texture in a comment
    }"""
    inputs = [IMAGE, {"NAME": "filter", "TYPE": "float", "DEFAULT": 1.0}]
    assert run(gl, write_isf(tmp_path / "names.fs", body, inputs)) == pytest.approx(RAMP, abs=1e-3)


def test_newer_glsl_is_left_alone(gl: GLContext, tmp_path: Path) -> None:
    body = """
    #version 150
    #extension GL_ARB_shader_texture_lod : enable
    float hash(uint x) { switch (x % 2u) { case 0u: return 0.0; default: return 1.0; } }
    void main() { gl_FragColor = texture(inputImage, isf_FragNormCoord) + round(0.2) + hash(4u); }"""
    assert run(gl, write_isf(tmp_path / "newer.fs", body)) == pytest.approx(RAMP, abs=1e-3)


def test_a_vertex_shader_hands_over_varyings(gl: GLContext, tmp_path: Path) -> None:
    path = write_isf(
        tmp_path / "v.fs", "varying vec2 flipped;\nvoid main() { gl_FragColor = IMG_NORM_PIXEL(inputImage, flipped); }"
    )
    path.with_suffix(".vs").write_text(
        "varying vec2 flipped;\nvoid main() {\n isf_vertShaderInit();\n flipped = 1.0 - isf_FragNormCoord;\n}\n"
    )
    assert run(gl, path) == pytest.approx(RAMP[::-1, ::-1], abs=1e-3)


def test_implicit_conversions_of_glsl_4_are_accepted(gl: GLContext, tmp_path: Path) -> None:
    body = "uint twice(uint x) { return x * 2u; }\nvoid main() { int n = 3; gl_FragColor = vec4(float(twice(n))); }"
    assert (Running(gl, write_isf(tmp_path / "c.fs", body)).draw(flat(gl, (0, 0, 0))) == 6.0).all()


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("void main() {\n    gl_FragColor = vec4(nothing);\n}", r"bad.fs:5: .*nothing"),
        ("/* one\n two */\nvoid main() {\n    vec3 sample = vec4(1.0);\n}", r"bad.fs:7: .*vec4"),
        ("void main() {", r"bad.fs:\d+: .*syntax"),
        ("float f() { return 1.0; }", r"bad.fs: has no main\(\) function"),
    ],
)
def test_a_mistake_is_told_by_file_and_line(gl: GLContext, tmp_path: Path, body: str, expected: str) -> None:
    with pytest.raises(IsfError, match=expected) as caught:
        compile_shader(gl.ctx, load(write_isf(tmp_path / "bad.fs", body)))
    assert "\n" not in str(caught.value)
    assert "_isf" not in str(caught.value)


def test_a_mistake_in_the_vertex_shader_names_that_file(gl: GLContext, tmp_path: Path) -> None:
    path = write_isf(tmp_path / "good.fs", "void main() { gl_FragColor = vec4(1.0); }")
    path.with_suffix(".vs").write_text("void main() {\n    isf_vertShaderInit();\n    wrong = 1.0;\n}\n")
    with pytest.raises(IsfError, match=r"good.vs:3: .*wrong"):
        compile_shader(gl.ctx, load(path))


@pytest.mark.parametrize(
    ("log", "expected"),
    [
        ("fragment_shader\n===\n0:12(3): warning: x\n0:14(7): error: `foo' undeclared\n", ":14: `foo' undeclared"),
        ('fragment_shader\n===\n0(14) : error C1008: undefined variable "foo"\n', ':14: undefined variable "foo"'),
        ("fragment_shader\n===\nERROR: 0:14: 'foo' : undeclared identifier\n", ":14: 'foo' : undeclared identifier"),
        ("GLSL Linker failed\n\nsomething else", ": does not compile: GLSL Linker failed something else"),
    ],
)
def test_logs_of_mesa_nvidia_and_amd_are_understood(tmp_path: Path, log: str, expected: str) -> None:
    shader = load(write_isf(tmp_path / "a.fs", "void main() { }"))
    assert explain(shader, log).endswith("a.fs" + expected)
