"""A pass that takes seconds for one picture: a live wall does without it, a recording has the time."""

from pathlib import Path

import pytest

from engine.render.chain import PassChain, PassRequest
from engine.render.context import GLContext
from engine.render.precautions import Precautions

SHADER = """/*{"ISFVSN": "2", "INPUTS": [{"NAME": "inputImage", "TYPE": "image"}]}*/
void main() { gl_FragColor = IMG_THIS_PIXEL(inputImage); }
"""
ANY = Precautions(slowest=0.0)  # what draws at all is slower


@pytest.fixture
def shader(tmp_path: Path) -> Path:
    path = tmp_path / "own.fs"
    path.write_text(SHADER)
    return path


def test_it_is_disabled_at_the_start(gl: GLContext, shader: Path) -> None:
    chain = PassChain(gl.ctx, [PassRequest("own.fs")], (16, 9), shader.parent, ANY)
    assert chain.errors["own"].startswith(f"{shader}: disabled: takes ")
    assert chain.errors["own"].endswith("make it lighter; edit the file and it is tried again")
    chain.close()


def test_an_edit_that_makes_it_so_is_refused(gl: GLContext, shader: Path) -> None:
    chain = PassChain(gl.ctx, [PassRequest("own.fs")], (16, 9), shader.parent)
    chain._precautions = ANY
    shader.write_text(SHADER + "\n\n")
    assert chain.reload_changed() == []
    assert chain.errors["own"].startswith(f"{shader}: takes ")
    assert chain.texts("own") == (SHADER, None)
    chain.close()
