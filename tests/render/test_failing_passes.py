"""A pass that fails is disabled, tried again when it is edited, and may be left out or replaced from the start."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import moderngl
import numpy as np
import pytest
from PIL import Image
from structlog.testing import capture_logs

from engine.errors import ReverieError
from engine.params import Value
from engine.render.chain import PassChain, PassRequest, pass_names
from engine.render.context import GLContext
from engine.render.draw import Surface
from engine.render.passes import Moment, ShaderPass
from engine.render.precautions import NONE, Precautions
from engine.render.renderer import Renderer
from tests.render.drawing import IMAGE, Pixels, flat, pixels, write_isf
from tests.render.test_pass_chain import edit

ADD = "void main() { gl_FragColor = vec4(IMG_THIS_PIXEL(inputImage).rgb + 0.25, 1.0); }"
COUNT = "void main() { gl_FragColor = vec4(IMG_THIS_PIXEL(kept).rgb + 0.125, 1.0); }"
KEPT = [{"TARGET": "kept", "PERSISTENT": True}]
SIZE = (8, 4)

Build = Callable[..., PassChain]


@pytest.fixture
def build(gl: GLContext, tmp_path: Path) -> Iterator[Build]:
    made = []
    for name in ("first", "own", "last"):
        write_isf(tmp_path / f"{name}.fs", ADD)

    def chain(*shaders: str, precautions: Precautions = NONE) -> PassChain:
        made.append(PassChain(gl.ctx, [PassRequest(s) for s in shaders], SIZE, tmp_path, precautions))
        return made[-1]

    yield chain
    for each in made:
        each.close()


def draw(gl: GLContext, chain: PassChain, index: int = 0, changed: Mapping[str, Value] | None = None) -> Pixels:
    values = {p.address: p.default for p in chain.parameters()} | dict(changed or {})
    return pixels(chain.render(flat(gl, (0.125, 0.125, 0.125), SIZE), values.__getitem__, index / 10, 0.1, index))


def level(gl: GLContext, chain: PassChain, index: int = 0) -> float:
    return float(draw(gl, chain, index)[0, 0, 0])


def failing(monkeypatch: pytest.MonkeyPatch, error: Exception, name: str = "own") -> list[str]:
    """Have that shader fail after it has drawn, once the chain stands; the calls that came."""
    whole, calls = ShaderPass.render, []

    def render(
        self: ShaderPass, image: moderngl.Texture, target: Surface, values: Mapping[str, Value], moment: Moment
    ) -> moderngl.Texture:
        result = whole(self, image, target, values, moment)
        if self.shader.path.stem == name:
            calls.append(name)
            raise error
        return result

    monkeypatch.setattr(ShaderPass, "render", render)
    return calls


ERRORS = [
    (moderngl.Error("the framebuffer is not complete"), "Error: the framebuffer is not complete"),
    (ValueError("odd"), "ValueError: odd"),
    (MemoryError(), "out of memory"),
    (ReverieError("a sentence"), "a sentence"),
]


@pytest.mark.parametrize(("error", "said"), ERRORS)
def test_a_pass_that_raises_is_disabled_and_the_others_go_on(
    gl: GLContext, build: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, said: str
) -> None:
    chain = build("first.fs", "own.fs", "last.fs")
    assert level(gl, chain) == pytest.approx(0.875)
    with monkeypatch.context() as failure, capture_logs() as logs:
        calls = failing(failure, error)
        for index in range(3):
            assert level(gl, chain, index) == pytest.approx(0.625)
        assert calls == ["own"], "not tried again"
    path = tmp_path / "own.fs"
    assert chain.errors == {"own": f"{path}: disabled: {said}; edit the file and it is tried again"}
    assert [line["event"] for line in logs] == ["shader_disabled"]
    assert "/passes/own/mix" in [p.address for p in chain.parameters()]
    assert chain.texts("own") is None
    assert chain.reload_changed() == []
    edit(path, path.read_text() + "\n")
    assert chain.reload_changed() == ["own"]
    assert chain.errors == {}
    assert level(gl, chain) == pytest.approx(0.875)


def test_an_edit_of_a_disabled_pass_that_is_broken_leaves_it_disabled(
    gl: GLContext, build: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain = build("own.fs")
    with monkeypatch.context() as failure:
        failing(failure, ValueError("odd"))
        draw(gl, chain)
    edit(tmp_path / "own.fs", "nothing")
    assert chain.reload_changed() == []
    assert "no ISF header" in chain.errors["own"]
    assert level(gl, chain) == pytest.approx(0.125)


def test_what_only_the_driver_notes_disables_too_and_is_cleared(
    gl: GLContext, build: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = ShaderPass._draw_all

    def draw_all(self: ShaderPass, *arguments: object) -> moderngl.Texture:
        gl.ctx.texture((1 << 20, 1), 4).release()  # larger than any texture may be
        return whole(self, *arguments)  # type: ignore[arg-type]

    write_isf(tmp_path / "count.fs", COUNT, PASSES=KEPT)
    monkeypatch.setattr(ShaderPass, "_draw_all", draw_all)
    chain = build("count.fs")
    assert "disabled: Error: the graphics driver says GL_INVALID_VALUE" in chain.errors["count"]
    assert gl.ctx.error == "GL_NO_ERROR"


def test_a_target_the_gpu_has_no_room_for_disables_the_pass(
    gl: GLContext, build: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_isf(tmp_path / "count.fs", COUNT, PASSES=KEPT)
    chain = build("first.fs", "count.fs", "last.fs")
    assert level(gl, chain) == pytest.approx(0.375)
    wide = (1 << 20, 4)
    monkeypatch.setattr(
        "engine.render.passes.fitting_sizes", lambda shader, *given: dict.fromkeys(shader.targets, wide)
    )
    for index in range(2):
        assert level(gl, chain, index) == pytest.approx(0.625)
    assert "disabled: Error: the framebuffer is not complete" in chain.errors["count"]
    assert gl.ctx.error == "GL_NO_ERROR"


def test_targets_that_a_slider_drives_beyond_all_bounds_are_scaled_down(
    gl: GLContext, build: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    budget = 1 << 20
    monkeypatch.setattr("engine.render.sizes.TARGET_BYTES", budget)
    inputs = [IMAGE, {"NAME": "scale", "TYPE": "float", "DEFAULT": 1, "MIN": 0, "MAX": 1e6}]
    targets = [
        {"TARGET": f"t{n}", "FLOAT": True, "WIDTH": "$WIDTH*$scale", "HEIGHT": "$HEIGHT*$scale", "PERSISTENT": True}
        for n in range(8)
    ]
    body = """void main() {
        if (PASSINDEX < 8) gl_FragColor = IMG_THIS_PIXEL(inputImage) + 0.25;
        else gl_FragColor = IMG_THIS_PIXEL(t7);
    }"""
    write_isf(tmp_path / "big.fs", body, inputs, PASSES=[*targets, {}])
    chain = build("big.fs", "last.fs")
    for index, scale in enumerate((1.0, 1e6, 3.0, 0.0, 1e6)):
        drawn = draw(gl, chain, index, {"/passes/big/scale": scale})
        assert drawn[0, 0, 0] == pytest.approx(0.625)
    assert chain.errors == {}


def test_a_size_that_is_a_power_of_large_numbers_is_answered(build: Build, tmp_path: Path) -> None:
    write_isf(tmp_path / "p.fs", ADD, PASSES=[{"TARGET": "a", "WIDTH": "pow(floor(9999999),floor(9999999))"}])
    with pytest.raises(ReverieError, match="cannot be computed"):
        build("p.fs")


def test_what_the_gpu_refuses_at_the_start_disables_the_pass(
    gl: GLContext, build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as failure:
        failing(failure, moderngl.Error("no memory"))
        chain = build("first.fs", "own.fs", "last.fs")
    assert "disabled: Error: no memory" in chain.errors["own"]
    assert level(gl, chain) == pytest.approx(0.625)


def test_an_edit_whose_first_picture_fails_is_refused(
    gl: GLContext, build: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain = build("own.fs")
    whole = chain.texts("own")
    edit(tmp_path / "own.fs", (tmp_path / "own.fs").read_text().replace("0.25", "0.5"))
    with monkeypatch.context() as failure:
        failing(failure, moderngl.Error("no memory"))
        assert chain.reload_changed() == []
    assert chain.errors == {"own": "Error: no memory"}
    assert chain.texts("own") == whole
    assert level(gl, chain) == pytest.approx(0.375)


def test_the_picture_drawn_for_trial_leaves_nothing_behind(gl: GLContext, build: Build, tmp_path: Path) -> None:
    write_isf(tmp_path / "count.fs", COUNT, PASSES=KEPT)
    assert level(gl, build("count.fs")) == pytest.approx(0.125)


def test_every_pass_is_marked_while_it_is_new(gl: GLContext, build: Build, tmp_path: Path) -> None:
    marks: list[str] = []
    chain = build("first.fs", "first.fs", precautions=Precautions(mark=marks.append))
    assert marks == ["first", "", "first-2", ""]
    draw(gl, chain)
    assert len(marks) == 4
    edit(tmp_path / "first.fs", (tmp_path / "first.fs").read_text() + "\n")
    chain.reload_changed()
    assert marks[4:] == ["first", "", "first-2", ""]
    edit(tmp_path / "first.fs", "nothing")
    chain.reload_changed()
    assert marks[-1] == ""


def test_a_shader_that_does_not_compile_is_no_longer_marked(build: Build, tmp_path: Path) -> None:
    marks: list[str] = []
    write_isf(tmp_path / "own.fs", "void main() { gl_FragColor = vec5(1.0); }")
    with pytest.raises(ReverieError, match="vec5"):
        build("own.fs", precautions=Precautions(mark=marks.append))
    assert marks == ["own", ""]


def test_a_careful_chain_marks_every_frame(gl: GLContext, build: Build) -> None:
    marks: list[str] = []
    chain = build("first.fs", "last.fs", precautions=Precautions(mark=marks.append, careful=True))
    marks.clear()
    draw(gl, chain)
    draw(gl, chain, 1)
    assert marks == ["first", "", "last", ""] * 2
    marks.clear()
    draw(gl, chain, 2, {"/passes/first/mix": 0.0})
    assert marks == ["last", ""], "what is not drawn is not marked"


def test_a_pass_left_out_has_parameters_and_costs_nothing_until_it_is_edited(
    gl: GLContext, build: Build, tmp_path: Path
) -> None:
    marks: list[str] = []
    write_isf(tmp_path / "own.fs", "void main() { this hangs }", [IMAGE, {"NAME": "amount", "TYPE": "float"}])
    chain = build("first.fs", "own.fs", precautions=Precautions({"own": "it hung the GPU"}, mark=marks.append))
    assert marks == ["first", ""]
    assert chain.errors == {"own": "it hung the GPU"}
    assert "/passes/own/amount" in [p.address for p in chain.parameters()]
    assert level(gl, chain) == pytest.approx(0.375)
    assert chain.reload_changed() == []
    header = (tmp_path / "own.fs").read_text().rpartition("*/")[0]
    edit(tmp_path / "own.fs", f"{header}*/\n{ADD}")
    assert chain.reload_changed() == ["own"]
    assert chain.errors == {}
    assert level(gl, chain) == pytest.approx(0.625)


def test_a_text_used_instead_of_the_file_runs_until_the_file_is_edited(
    gl: GLContext, build: Build, tmp_path: Path
) -> None:
    good = ((tmp_path / "own.fs").read_text(), None)
    edit(tmp_path / "own.fs", "this broke it")
    chain = build("own.fs", precautions=Precautions(instead={"own": good}))
    assert chain.errors == {
        "own": f"{tmp_path / 'own.fs'}: the version before it runs; edit the file and it is tried again"
    }
    assert chain.texts("own") == good
    assert level(gl, chain) == pytest.approx(0.375)
    assert chain.reload_changed() == []
    edit(tmp_path / "own.fs", good[0].replace("0.25", "0.5"))
    assert chain.reload_changed() == ["own"]
    assert chain.errors == {}
    assert level(gl, chain) == pytest.approx(0.625)


def test_a_vertex_shader_used_instead_is_used(gl: GLContext, build: Build, tmp_path: Path) -> None:
    text = (tmp_path / "own.fs").read_text()
    half = "void main() { isf_vertShaderInit(); gl_Position.x = gl_Position.x * 0.5 - 0.5; }"
    chain = build("own.fs", precautions=Precautions(instead={"own": (text, half)}))
    assert chain.texts("own") == (text, half)
    drawn = draw(gl, chain)
    assert drawn[0, 0, 0] == pytest.approx(0.375)
    assert drawn[0, -1, 0] != pytest.approx(0.375)


def test_pictures_are_counted_together_and_only_known_formats_are_opened(
    build: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = np.zeros((100, 100, 3), np.uint8)
    for name in ("a.png", "b.png", "c.ppm"):
        Image.fromarray(rows).save(tmp_path / name)
    imported = {"a": {"PATH": "a.png"}, "b": {"PATH": "b.png"}}
    write_isf(tmp_path / "own.fs", ADD, IMPORTED=imported)
    assert build("own.fs").errors == {}
    monkeypatch.setattr("engine.render.pictures.PICTURE_PIXELS", 15_000)
    with pytest.raises(ReverieError, match=r"b.png: 100×100 pixels are more"):
        build("own.fs")
    write_isf(tmp_path / "own.fs", ADD, IMPORTED={"c": {"PATH": "c.ppm"}})
    with pytest.raises(ReverieError, match=r"c.ppm: no picture that can be read"):
        build("own.fs")


def test_names_are_known_before_anything_is_built() -> None:
    assert pass_names([Path("a/x.fs"), Path("b/x.fs"), Path("y z.fs")]) == ["x", "x-2", "y-z"]


def test_a_renderer_hands_the_precautions_on(gl: GLContext, tmp_path: Path) -> None:
    write_isf(tmp_path / "own.fs", ADD)
    precautions = Precautions({"own": "it hung the GPU"})
    renderer = Renderer(gl, (64, 36), 30, [PassRequest("own.fs")], tmp_path, precautions=precautions)
    assert renderer.errors == {"own": "it hung the GPU"}
    assert renderer.texts("own") is None
    renderer.close()
