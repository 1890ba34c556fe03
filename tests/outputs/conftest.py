"""One GL context and a picture to present."""

from collections.abc import Iterator

import moderngl
import numpy as np
import pytest

from engine.outputs import offscreen, recording
from engine.outputs.base import Canvas
from engine.render.context import GLContext, open_context
from tests.running import PATIENCE

CANVAS = Canvas(64, 36, 10)


@pytest.fixture(scope="module")
def gl() -> Iterator[GLContext]:
    context = open_context()
    yield context
    context.close()


@pytest.fixture(autouse=True)
def slow_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test fails because the machine is busy: what has a limit may take longer than on a wall."""
    monkeypatch.setattr(recording, "START", PATIENCE)
    monkeypatch.setattr(offscreen, "FAREWELL", PATIENCE)


@pytest.fixture
def picture(gl: GLContext) -> Iterator[moderngl.Texture]:
    """64×36: red on top, blue below."""
    rows = np.zeros((36, 64, 4), np.uint8)
    rows[:18] = (0, 0, 255, 255)  # row 0 of a texture is at the bottom
    rows[18:] = (255, 0, 0, 255)
    texture = gl.ctx.texture((64, 36), 4, rows.tobytes())
    yield texture
    texture.release()
