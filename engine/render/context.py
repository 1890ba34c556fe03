"""The one GL context of a show: its window's, or an offscreen one through EGL where there is no display."""

from dataclasses import dataclass
from typing import Any

import moderngl

from engine.errors import ReverieError
from engine.render.display import why_no_display
from engine.render.monitors import connected, find, missing
from engine.render.software import is_software
from engine.render.window import Window, WindowRequest

__all__ = ["GLContext", "WindowRequest", "check_monitor", "display_available", "list_monitors", "open_context"]

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
        return is_software(self.ctx)

    @property
    def lost(self) -> bool:
        """Whether the window's display server went away. The show ends then, for a new process to begin again."""
        return self.window is not None and self.window.lost

    def close(self) -> None:
        """Release the context, and the window with it."""
        if not self.lost:  # else there is no server left to release it
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
    """Whether a window could be opened here. Main thread only."""
    return not why_no_display()


def list_monitors() -> list[str]:
    """The monitors of this machine by index, as `HDMI-1 1920×1080`; none without a display."""
    return [str(monitor) for monitor in connected()] if display_available() else []


def check_monitor(request: WindowRequest) -> str:
    """The sentence for a window whose monitor is not there; empty where it is, or no display can tell."""
    if not display_available():
        return ""
    there = connected()
    return "" if find(request.monitor, there) else missing(request.monitor, there)


def _offscreen() -> moderngl.Context:
    try:
        settings: dict[str, Any] = {"backend": "egl"}
        return moderngl.create_context(standalone=True, **settings)
    except Exception as error:  # glcontext raises nothing narrower
        raise ReverieError(NO_EGL.format(str(error) or type(error).__name__)) from error
