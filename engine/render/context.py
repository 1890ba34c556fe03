"""The one GL context of a show: its window's, or an offscreen one through EGL where there is no display."""

import os
from dataclasses import dataclass
from typing import Any

import glfw
import moderngl

from engine.errors import ReverieError
from engine.render.window import Window, WindowRequest, describe_monitors

__all__ = ["GLContext", "WindowRequest", "display_available", "list_monitors", "open_context"]

SOFTWARE_RENDERERS = ("llvmpipe", "softpipe", "swrast", "software rasterizer", "swiftshader")
NO_EGL = "no OpenGL without a display: {}; on Debian run: sudo apt-get install libegl1 libgl1 libgl1-mesa-dri"


@dataclass(slots=True)
class GLContext:
    """A current GL context. It belongs to the thread that opened it; GL calls from others do nothing."""

    ctx: moderngl.Context
    window: Window | None = None

    @property
    def renderer(self) -> str:
        """What draws, in the driver's words."""
        return str(self.ctx.info["GL_RENDERER"])

    @property
    def software(self) -> bool:
        """Whether the processor draws, not a GPU."""
        return any(name in self.renderer.lower() for name in SOFTWARE_RENDERERS)

    def close(self) -> None:
        """Release the context, and the window with it."""
        self.ctx.release()
        if self.window is not None:
            self.window.close()
            self.window = None


def open_context(window: WindowRequest | None = None) -> GLContext:
    """Open a window and its context, or without a request an offscreen one. Main thread. Raises ReverieError."""
    if window is None:
        return GLContext(_offscreen())
    opened = Window(window)
    try:
        return GLContext(opened.context(), opened)
    except ReverieError:
        opened.close()
        raise


def display_available() -> bool:
    """Whether a window could be opened here."""
    if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return False
    glfw.ERROR_REPORTING = "ignore"
    return bool(glfw.init())


def list_monitors() -> list[str]:
    """The monitors of this machine by index, as `HDMI-1 1920×1080`; none without a display."""
    return describe_monitors() if display_available() else []


def _offscreen() -> moderngl.Context:
    try:
        settings: dict[str, Any] = {"backend": "egl"}
        return moderngl.create_context(standalone=True, **settings)
    except Exception as error:  # glcontext raises nothing narrower
        raise ReverieError(NO_EGL.format(str(error) or type(error).__name__)) from error
