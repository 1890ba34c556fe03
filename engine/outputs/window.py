"""`type: window`: a window on a monitor, or all of it. It adopts the window the GL context was opened with."""

from typing import Literal

import moderngl
import structlog
from pydantic import Field

from engine.outputs.base import Canvas, Output, OutputConfig, OutputError
from engine.render.context import GLContext
from engine.render.draw import Draw
from engine.render.window import Window

SHOW = """
#version 330
in vec2 uv;
out vec4 colour;
uniform sampler2D image;
void main() { colour = vec4(texture(image, uv).rgb, 1.0); }
"""

log = structlog.get_logger(__name__)


class WindowConfig(OutputConfig):
    """`{type: window, monitor: 0, fullscreen: true}`"""

    type: Literal["window"] = "window"
    monitor: int | str | None = Field(None, description="index or name of the monitor; left out: the primary one")
    fullscreen: bool = Field(False, description="cover the whole monitor")


class WindowOutput(Output):
    """Shows each frame as large as the window allows, the canvas's aspect kept. Esc or closing it ends the show."""

    Config = WindowConfig

    def __init__(self, config: WindowConfig) -> None:
        self._config = config
        self._window: Window | None = None
        self._draw: Draw | None = None
        self._told = ""

    def open(self, gl: GLContext, canvas: Canvas) -> None:
        if gl.window is None:
            raise OutputError("window: this show's picture is rendered offscreen; start it where a display is")
        self._gl, self._window = gl, gl.window
        self._aspect = canvas.width / canvas.height
        self._draw = Draw(gl.ctx, SHOW)

    def present(self, texture: moderngl.Texture, frame_index: int, time: float) -> None:
        assert self._window is not None
        if not self._window.hidden:
            self._show(texture, self._window.size)
        self._window.swap()
        self._tell(self._window)

    def _show(self, texture: moderngl.Texture, size: tuple[int, int]) -> None:
        assert self._draw is not None
        screen = self._gl.ctx.screen
        screen.use()
        screen.viewport = (0, 0, *size)
        screen.clear()
        screen.viewport = letterbox(size, self._aspect)
        self._draw.onto(screen, image=texture)

    def _tell(self, window: Window) -> None:
        """One line when the window is not where it belongs, one when it is again."""
        if window.problem and not self._told:
            log.warning("the window is not where it belongs", why=window.problem)
        elif self._told and not window.problem:
            log.info("the window is back", where=window.where)
        self._told = window.problem

    def close(self) -> None:
        if self._draw is not None:
            self._draw.release()
        self._draw = self._window = None

    @property
    def closed_by_user(self) -> bool:
        return self._window is not None and self._window.wants_to_close

    @property
    def problem(self) -> str:
        return self._window.problem if self._window is not None else ""

    def describe(self) -> str:
        if self._window is not None:
            return self._window.where
        where = "the primary monitor" if self._config.monitor is None else f"monitor {self._config.monitor}"
        return f"{'full screen' if self._config.fullscreen else 'a window'} on {where}"


def letterbox(size: tuple[int, int], aspect: float) -> tuple[int, int, int, int]:
    """The largest rectangle of that aspect in the middle of `size`: x, y, width, height in pixels."""
    width = min(size[0], round(size[1] * aspect))
    height = min(size[1], round(width / aspect))
    return (size[0] - width) // 2, (size[1] - height) // 2, width, height
