"""What a shader file may ask for is bounded, and judged in time that grows with the file and no faster."""

import json
from pathlib import Path

import pytest

from engine.render import glsl
from engine.render.budgets import LARGEST_FILE, LARGEST_SIDE, TARGET_BYTES
from engine.render.header import load, parse_shader
from engine.render.isf import IsfError, Shader, Sources
from engine.render.sizes import budget, bytes_of, fitting_sizes
from tests.render.drawing import write_isf

PATH = Path("mine/veil.fs")
BODY = "void main() { gl_FragColor = vec4(1.0); }"
MANY = LARGEST_FILE // 4


def read(header: str) -> Shader:
    return parse_shader(f"/*\n{header}\n*/\n{BODY}", PATH)


def floats(count: int, **more: object) -> str:
    return json.dumps({"INPUTS": [{"NAME": f"i{n}", "TYPE": "float", **more} for n in range(count)]})


def targets(count: int, **more: object) -> str:
    return json.dumps({"PASSES": [{"TARGET": f"t{n}", **more} for n in range(count)]})


def one(**entry: object) -> str:
    return json.dumps({"INPUTS": [{"NAME": "it", **entry}]})


TOO_MUCH = [
    (floats(129), "INPUTS has 129 entries; a shader may have 128"),
    (floats(12_000), "INPUTS has 12000 entries"),
    (json.dumps({"PASSES": [{}] * 33}), "PASSES has 33 entries; a shader may have 32"),
    (targets(17), "PASSES has 17 different TARGETs; a shader may have 16"),
    (targets(8, FLOAT=True, WIDTH=8000, HEIGHT=8000), "the pass targets take 15625 MiB in a picture of 640×360; 512"),
    (json.dumps({"IMPORTED": {f"p{n}": {"PATH": "a.png"} for n in range(17)}}), "IMPORTED has 17 pictures"),
    (one(TYPE="audio", MAX=1e9), "input it: MAX asks for 1e+09 columns; 16384 are the most"),
    (one(TYPE="audioFFT", MAX=1e200), "input it: MAX is no number a shader can hold"),
    (one(TYPE="float", LABEL="x" * 201), "input it: LABEL has 201 characters; 200 are the most"),
    (one(TYPE="float", HELP="x" * 10_001), "input it: HELP has 10001 characters"),
    (one(TYPE="long", VALUES=list(range(257))), "input it: 257 VALUES; 256 are the most"),
    (one(TYPE="long", VALUES=[1], LABELS=["x" * 201]), "input it: one of LABELS has more than 200"),
    (one(TYPE="x" * MANY), "input it has TYPE 'xxx"),
    (one(TYPE="color", DEFAULT={"x": "y" * MANY}), "input it: DEFAULT {'x': 'yyy"),
    (json.dumps({"INPUTS": [{"NAME": "x" * MANY, "TYPE": "float"}]}), "cannot be the name of an input"),
    (json.dumps({"DESCRIPTION": "x" * MANY}), "DESCRIPTION has 262144 characters; 10000 are the most"),
    (json.dumps({"PASSES": [{"TARGET": "a", "WIDTH": "1+" * MANY}]}), "WIDTH: a size expression of 524288 characters"),
    (json.dumps({"PASSES": [{"TARGET": "a", "WIDTH": [1] * MANY}]}), "WIDTH: a size expression of"),
    ('{"DESCRIPTION": ' + "[" * 500 + "]" * 500 + "}", "nested too deeply; 16 levels are the most"),
    (json.dumps({"IMPORTED": {"x": {"PATH": "a\0.png"}}}), "cannot be read: embedded null byte"),
    (json.dumps({"IMPORTED": {"x": {"PATH": ["a.png"] * 6}}}), "IMPORTED has the PATH ['a.png', 'a.png', "),
    (json.dumps({"IMPORTED": [{"NAME": ["x"], "PATH": "a.png"}]}), "cannot be the name of an imported picture"),
]


@pytest.mark.parametrize(("header", "expected"), TOO_MUCH, ids=[expected for _, expected in TOO_MUCH])
def test_what_asks_for_too_much_is_refused_in_one_short_sentence_with_its_line(header: str, expected: str) -> None:
    with pytest.raises(IsfError) as caught:
        read(header)
    assert expected in str(caught.value)
    assert str(caught.value).startswith("mine/veil.fs:2: ")
    assert len(str(caught.value)) < 500
    assert "\n" not in str(caught.value)


def test_what_is_within_the_budgets_is_read() -> None:
    assert len(read(floats(128, LABEL="x" * 200, HELP="x" * 3000)).inputs) == 128
    assert len(read(targets(16, WIDTH=1024, HEIGHT=1024)).targets) == 16
    assert read(one(TYPE="audio", MAX=16_384)).inputs[0].maximum == 16_384


def test_the_texts_of_both_files_are_kept(tmp_path: Path) -> None:
    path = write_isf(tmp_path / "a.fs", BODY)
    (tmp_path / "a.vs").write_text("void main() { isf_vertShaderInit(); }")
    sources: Sources = load(path).sources
    assert sources == (path.read_text(), "void main() { isf_vertShaderInit(); }")


@pytest.mark.parametrize(
    "text",
    [
        "/*" * MANY, "/**/" * MANY, "/ " * MANY, "# " * MANY, " \t" * MANY, "float" + " " * LARGEST_FILE,
        "float noise " * (MANY // 3), ("noise" + " " * 50) * (MANY // 14), "main" * MANY, "main " * (MANY // 2),
    ],
    ids=range(10),
)  # fmt: skip
def test_a_megabyte_of_anything_is_translated_without_going_over_it_again_and_again(text: str) -> None:
    """With one such pattern this takes hours."""
    with pytest.raises(IsfError, match=r"has no main\(\) function|never ends"):
        glsl._sources(parse_shader("/*{}*/" + text, PATH), 0, 330)


@pytest.mark.parametrize("log", ["0:1: error" + " " * LARGEST_FILE + "x", "ERROR: " * MANY, "0:1(2): error C1" * MANY])
def test_a_compiler_that_says_a_megabyte_is_told_in_a_sentence(log: str) -> None:
    assert len(glsl.explain(read("{}"), log)) < 500


def test_a_comment_without_an_end_and_an_include_are_told_with_their_line() -> None:
    with pytest.raises(IsfError, match=r"veil.fs:3: a comment begins here and never ends"):
        glsl._sources(parse_shader(f"/*{{}}*/\n{BODY}\n/* and so on\n", PATH), 0, 330)
    with pytest.raises(IsfError, match=r"veil.fs:2: #include is not known"):
        glsl._sources(parse_shader(f'/*{{}}*/\n#include "noise.glsl"\n{BODY}', PATH), 0, 330)


FEEDBACK = {"WIDTH": "$WIDTH*$scale", "HEIGHT": "$HEIGHT*$scale"}
SCALE = {"NAME": "scale", "TYPE": "float", "DEFAULT": 1, "MIN": 0, "MAX": 1000}


def scaled(count: int, **more: object) -> Shader:
    passes = [{"TARGET": f"t{n}", **FEEDBACK, **more} for n in range(count)]
    return read(json.dumps({"INPUTS": [SCALE], "PASSES": passes}))


@pytest.mark.parametrize("scale", [0.0, 1.0, 3.0, 10.0, 1000.0])
def test_sizes_that_a_slider_drives_stay_within_the_budget_and_keep_their_shape(scale: float) -> None:
    shader = scaled(8, FLOAT=True)
    sizes = fitting_sizes(shader, (640, 360), {"scale": scale})
    assert bytes_of(shader, sizes) <= TARGET_BYTES
    if 0 < scale <= 10:
        assert all(w / h == pytest.approx(640 / 360, rel=0.01) for w, h in sizes.values())
    if scale == 1.0:
        assert set(sizes.values()) == {(640, 360)}


def test_a_side_is_never_longer_than_a_texture_may_be() -> None:
    assert fitting_sizes(scaled(1), (640, 4), {"scale": 100.0}) == {"t0": (LARGEST_SIDE, 400)}
    assert fitting_sizes(scaled(1), (640, 4), {"scale": 100.0}, most=2048) == {"t0": (2048, 400)}


def test_a_feedback_buffer_as_large_as_a_large_wall_stays_sharp() -> None:
    wall = (15_360, 8640)
    shader = read(targets(2, FLOAT=True, PERSISTENT=True))
    assert set(fitting_sizes(shader, wall, {}).values()) == {wall}
    assert bytes_of(shader, {"t0": wall, "t1": wall}) == budget(wall)


def test_a_target_drawn_by_two_passes_is_counted_once() -> None:
    shader = read(json.dumps({"PASSES": [{"TARGET": "a"}, {"TARGET": "a", "FLOAT": True}]}))
    assert bytes_of(shader, fitting_sizes(shader, (10, 10), {})) == 2 * 16 * 100
