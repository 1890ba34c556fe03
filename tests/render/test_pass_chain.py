"""The chain: order, names, mix, resizing, and editing shaders while they run."""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from structlog.testing import capture_logs

from engine.errors import ReverieError
from engine.params import Value
from engine.render.chain import PassChain, PassRequest
from engine.render.context import GLContext
from engine.render.draw import Size
from engine.render.library import SHADERS, find_shader, shader_names
from tests.render.drawing import IMAGE, Pixels, flat, pixels, write_isf

ADD = "void main() { gl_FragColor = vec4(IMG_THIS_PIXEL(inputImage).rgb + amount, 1.0); }"
AMOUNT = [IMAGE, {"NAME": "amount", "TYPE": "float", "DEFAULT": 0.25, "MIN": -1, "MAX": 1}]
COUNT = "void main() { gl_FragColor = vec4(IMG_THIS_PIXEL(kept).rgb + 0.125, 1.0); }"
SIZE: Size = (8, 4)

Build = Callable[..., PassChain]


@pytest.fixture
def build(gl: GLContext, tmp_path: Path) -> Iterator[Build]:
    made = []
    write_isf(tmp_path / "add.fs", ADD, AMOUNT)
    write_isf(tmp_path / "count.fs", COUNT, PASSES=[{"TARGET": "kept", "PERSISTENT": True}])

    def chain(*shaders: str | tuple[str, dict[str, object]], size: Size = SIZE) -> PassChain:
        requests = [PassRequest(s) if isinstance(s, str) else PassRequest(*s) for s in shaders]
        made.append(PassChain(gl.ctx, requests, size, tmp_path))
        return made[-1]

    yield chain
    for each in made:
        each.close()


def render(gl: GLContext, chain: PassChain, index: int = 0, **changed: Value) -> Pixels:
    values = {p.address: p.default for p in chain.parameters()}
    values |= {"/passes/" + address.replace("__", "/"): value for address, value in changed.items()}
    return pixels(chain.render(flat(gl, (0.5, 0.5, 0.5), SIZE), values.__getitem__, index / 10, 0.1, index))


def edit(path: Path, text: str) -> None:
    """Write a file as an editor does, at a moment that is surely later."""
    later = path.stat().st_mtime_ns + 1_000_000 if path.exists() else 1
    path.write_text(text)
    os.utime(path, ns=(later, later))


def test_an_empty_chain_hands_the_picture_on(gl: GLContext, build: Build) -> None:
    picture = flat(gl, (0.1, 0.2, 0.3))
    assert build().render(picture, {}.__getitem__, 0, 0, 0) is picture


def test_passes_run_in_order_with_their_own_parameters(gl: GLContext, build: Build) -> None:
    chain = build("add.fs", ("add.fs", {"amount": 0.125}))
    assert chain.names == ["add", "add-2"]
    assert [p.address for p in chain.parameters()] == [
        "/passes/add/amount", "/passes/add/mix", "/passes/add-2/amount", "/passes/add-2/mix",
    ]  # fmt: skip
    assert render(gl, chain)[0, 0, 0] == pytest.approx(0.875)
    assert render(gl, chain, add__amount=-0.5)[0, 0, 0] == pytest.approx(0.125)


def test_no_two_passes_share_a_name(gl: GLContext, build: Build, tmp_path: Path) -> None:
    write_isf(tmp_path / "add-2.fs", ADD, AMOUNT)
    assert build("add.fs", "add-2.fs", "add.fs", "add.fs").names == ["add", "add-2", "add-3", "add-4"]


def test_a_file_name_of_any_kind_makes_an_address(gl: GLContext, build: Build, tmp_path: Path) -> None:
    write_isf(tmp_path / "Wet Paint 2.0 (é).fs", ADD, AMOUNT)
    chain = build("Wet Paint 2.0 (é).fs")
    assert chain.parameters()[0].address == "/passes/Wet-Paint-2-0-/amount"
    assert render(gl, chain)[0, 0, 0] == pytest.approx(0.75)


def test_mix_shows_a_share_of_a_pass_and_at_zero_skips_it(gl: GLContext, build: Build) -> None:
    chain = build("add.fs")
    assert render(gl, chain, add__mix=0.5)[0, 0, 0] == pytest.approx(0.625)
    picture = flat(gl, (0.5, 0.5, 0.5))
    values = {"/passes/add/mix": 0.0}  # its inputs are not even looked up
    assert chain.render(picture, values.__getitem__, 0, 0, 0) is picture


def test_a_shader_with_a_mix_of_its_own_keeps_it(gl: GLContext, build: Build, tmp_path: Path) -> None:
    inputs = [IMAGE, {"NAME": "mix", "TYPE": "float", "DEFAULT": 0.75}]
    write_isf(tmp_path / "own.fs", "void main() { gl_FragColor = vec4(mix); }", inputs)
    chain = build("own.fs")
    assert [p.address for p in chain.parameters()] == ["/passes/own/mix"]
    assert render(gl, chain)[0, 0, 0] == 0.75


def test_resizing_keeps_what_buffers_hold(gl: GLContext, build: Build) -> None:
    chain = build("count.fs")
    render(gl, chain)
    render(gl, chain, 1)
    chain.resize((16, 8))
    grown = render(gl, chain, 2)
    assert grown.shape == (8, 16, 4)
    assert grown[..., 0] == pytest.approx(np.full((8, 16), 0.375))


def test_an_edited_shader_is_taken_up_and_keeps_its_buffers(gl: GLContext, build: Build, tmp_path: Path) -> None:
    chain = build("count.fs", "add.fs")
    render(gl, chain)
    assert chain.reload_changed() == []
    count = tmp_path / "count.fs"
    edit(count, count.read_text().replace("+ 0.125", "+ 0.25"))
    assert chain.reload_changed() == ["count"]
    assert render(gl, chain, 1)[0, 0, 0] == pytest.approx(0.125 + 0.25 + 0.25)


@pytest.mark.parametrize(
    ("damage", "expected"),
    [
        (lambda text: text.replace("amount, 1.0", "amuont, 1.0"), r"add.fs:4: .*amuont"),
        (lambda text: text.replace('"TYPE"', '"TYPE', 1), r"add.fs:2: the ISF header is not valid JSON"),
        (lambda text: "", r"add.fs:1: no ISF header"),
    ],
)
def test_a_broken_edit_leaves_the_running_shader(
    gl: GLContext, build: Build, tmp_path: Path, damage: Callable[[str], str], expected: str
) -> None:
    chain, path = build("add.fs"), tmp_path / "add.fs"
    whole = path.read_text()
    edit(path, damage(whole))
    with capture_logs() as logs:
        assert chain.reload_changed() == []
        assert chain.reload_changed() == []
    assert len(logs) == 1, "told once"
    (error,) = chain.errors.values()
    assert re.search(expected, error)
    assert render(gl, chain)[0, 0, 0] == pytest.approx(0.75)
    edit(path, whole)
    assert chain.reload_changed() == ["add"]
    assert chain.errors == {}


def test_a_vanished_shader_runs_on(gl: GLContext, build: Build, tmp_path: Path) -> None:
    chain = build("add.fs")
    (tmp_path / "add.fs").unlink()
    assert chain.reload_changed() == []
    assert "cannot be read" in chain.errors["add"]
    assert render(gl, chain)[0, 0, 0] == pytest.approx(0.75)


def test_an_edit_that_drops_an_input_the_show_sets_is_refused(gl: GLContext, build: Build, tmp_path: Path) -> None:
    chain = build(("add.fs", {"amount": 0.5}))
    path = tmp_path / "add.fs"
    edit(path, path.read_text().replace('"amount"', '"degree"').replace("rgb + amount", "rgb + degree"))
    assert chain.reload_changed() == []
    assert "no input 'amount'" in chain.errors["add"]
    assert render(gl, chain)[0, 0, 0] == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("flwo", rf"there is no shader 'flwo' in .*shaders; there are {', '.join(shader_names())}"),
        ("../secret.fs", r"'../secret.fs' lies outside"),
        ("/etc/passwd.fs", r"lies outside"),
        ("gone.fs", r"'gone.fs' is not in"),
        ("add.txt", r"'add.txt' names no shader"),
    ],
)
def test_shaders_that_are_not_there(build: Build, name: str, expected: str) -> None:
    with pytest.raises(ReverieError, match=expected):
        build(name)


def test_a_link_out_of_the_shows_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "link.fs").symlink_to(SHADERS / "grade.fs")
    with pytest.raises(ReverieError, match="lies outside"):
        find_shader("link.fs", tmp_path)


def test_a_shader_that_does_not_compile_stops_the_start(build: Build, tmp_path: Path) -> None:
    write_isf(tmp_path / "bad.fs", "void main() {\n  gl_FragColor = vec5(1.0);\n}")
    with pytest.raises(ReverieError, match=r"bad.fs:5: .*vec5"):
        build("add.fs", "bad.fs")
