"""ISF headers: what they say becomes typed data, and everything wrong is one sentence with file and line."""

import json
import random
from contextlib import suppress
from pathlib import Path

import pytest

from engine.render.header import LARGEST_FILE, load, parse_shader
from engine.render.isf import Input, IsfError, Shader
from engine.render.library import SHADERS

PATH = Path("mine/veil.fs")
BODY = "void main() { gl_FragColor = vec4(1.0); }"


def read(header: dict[str, object]) -> Shader:
    return parse_shader(f"/*{json.dumps(header)}*/\n{BODY}", PATH)


def read_input(**entry: object) -> Input:
    return read({"INPUTS": [{"NAME": "it", **entry}]}).inputs[0]


def test_inputs_become_parameters() -> None:
    strength = read_input(TYPE="float", LABEL="Strength", HELP="How much", MIN=0.5, MAX=4, DEFAULT=2).parameter("/p")
    assert (strength.address, strength.type, strength.label, strength.help) == (
        "/p/it",
        "float",
        "Strength",
        "How much",
    )
    assert (strength.minimum, strength.maximum, strength.default) == (0.5, 4.0, 2.0)
    assert read_input(TYPE="bool", DEFAULT=1).parameter("/p").default is True
    assert read_input(TYPE="event").parameter("/p").type == "trigger"
    assert read_input(TYPE="color", DEFAULT=[1, 0, 0]).parameter("/p").default == (1.0, 0.0, 0.0, 1.0)
    assert read_input(TYPE="point2D", MAX=[1, 2], DEFAULT=[0.5, 2]).parameter("/p").maximum == 2.0
    assert read_input(TYPE="point2D", DEFAULT=[640, 360]).parameter("/p").default == (640.0, 360.0)


def test_a_long_with_labels_is_a_choice_and_the_shader_gets_its_number() -> None:
    item = read_input(TYPE="long", VALUES=[0, 10, 20], LABELS=["low", "middle", "high"], DEFAULT=10)
    assert item.parameter("/p").choices == ("low", "middle", "high")
    assert item.parameter("/p").default == "middle"
    assert item.uniform("high") == 20
    assert read_input(TYPE="long", VALUES=[3, 4]).parameter("/p").choices == ("3", "4")
    assert read_input(TYPE="long", MIN=2, MAX=9, DEFAULT=5).parameter("/p").type == "int"


def test_defaults_outside_their_range_and_reversed_ranges_are_put_right() -> None:
    item = read_input(TYPE="float", MIN=1, MAX=0.05, DEFAULT=3)
    assert (item.minimum, item.maximum, item.default) == (0.05, 1.0, 1.0)


def test_version_1_names_its_buffers_apart() -> None:
    passes = [{"TARGET": "last"}, {}]
    kept = read({"PERSISTENT_BUFFERS": ["last"], "PASSES": passes}).passes
    assert [p.persistent for p in kept] == [True, False]
    sized = read({"PERSISTENT_BUFFERS": {"last": {"WIDTH": "$WIDTH/2", "FLOAT": True}}, "PASSES": passes}).passes[0]
    assert sized.float32
    assert sized.width is not None
    assert sized.width({"WIDTH": 64.0}) == 32


def test_a_shader_without_passes_has_one() -> None:
    assert len(read({}).passes) == 1


HEADERS = [
    ('{"INPUTS": [', ":3: the ISF header is not valid JSON"),
    ("[1, 2]", ":2: the ISF header must be a JSON object"),
    ('{"INPUTS": {}, "x": 1, "y": NaN}', ":2: NaN"),
    ('{\n"INPUTS": {"NAME": "a"}}', ":3: INPUTS must be a list"),
    ('{"INPUTS": [\n{"NAME": "a", "TYPE": "float"},\n{"NAME": "b", "TYPE": "flaot"}]}', ":4: input b has TYPE 'flaot'"),
    ('{"INPUTS": [{"NAME": "a b", "TYPE": "float"}]}', "'a b' cannot be the name of an input"),
    ('{"INPUTS": [{"NAME": "TIME", "TYPE": "float"}]}', "'TIME' cannot be the name"),
    ('{"INPUTS": [{"NAME": "a", "TYPE": "float", "MAX": "big"}]}', "input a: MAX is no number a shader can hold"),
    ('{"INPUTS": [{"NAME": "a", "TYPE": "color", "DEFAULT": 3}]}', "input a: DEFAULT 3 is no list"),
    ('{"INPUTS": [{"NAME": "a", "TYPE": "long", "VALUES": [1], "LABELS": ["x", "y"]}]}', "LABELS must be"),
    ('{"INPUTS": [{"NAME": "a", "TYPE": "float"}], "PASSES": [{"TARGET": "a"}]}', "'a' is used twice"),
    ('{"PASSES": [{"TARGET": "b", "WIDTH": "import os"}]}', "WIDTH: 'import os'"),
    ('{"PERSISTENT_BUFFERS": 3}', "PERSISTENT_BUFFERS must be"),
    ('{"IMPORTED": {"x": {"PATH": "../../etc/passwd"}}}', "is no file in the shader's folder"),
    ("[" * 100_000, "nested too deeply"),
]


@pytest.mark.parametrize(("header", "expected"), HEADERS)
def test_every_mistake_is_one_sentence_with_its_line(header: str, expected: str) -> None:
    with pytest.raises(IsfError) as caught:
        parse_shader(f"\n/*{header}\n*/\n{BODY}", PATH)
    assert expected in str(caught.value)
    assert str(caught.value).startswith("mine/veil.fs:")
    assert "\n" not in str(caught.value)


def test_a_file_without_header_missing_or_too_large(tmp_path: Path) -> None:
    with pytest.raises(IsfError, match=r"veil.fs:1: no ISF header"):
        parse_shader(BODY, PATH)
    with pytest.raises(IsfError, match=r"cannot be read: No such file"):
        load(tmp_path / "gone.fs")
    (tmp_path / "big.fs").write_text(" " * (LARGEST_FILE + 1))
    with pytest.raises(IsfError, match=r"bytes are more than"):
        load(tmp_path / "big.fs")


DAMAGE = ('"', "{", "]", "\0", "-", "1e999", "null", "é", "")


def test_damaged_headers_raise_nothing_else() -> None:
    """A thousand files, each a shader of ours with a few bytes changed, cut or doubled."""
    chance = random.Random(7)
    originals = [path.read_text() for path in sorted(SHADERS.glob("*.fs"))]
    for _ in range(1000):
        text = list(chance.choice(originals)[:2500])
        for _ in range(chance.randint(1, 6)):
            at = chance.randrange(len(text))
            text[at : at + chance.choice((0, 1, 1, 40))] = chance.choice(DAMAGE)
        with suppress(IsfError):
            for item in parse_shader("".join(text), PATH).inputs:
                if not item.is_image:
                    item.parameter("/p")
