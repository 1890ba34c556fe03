"""A glfw window whose context a show renders with. The window output adopts it, `placing.py` keeps it in its place."""

import time
from dataclasses import dataclass
from typing import Any

import glfw
import moderngl

from engine.errors import ReverieError
from engine.render.connection import Connection
from engine.render.placing import Placing


@dataclass(frozen=True, slots=True)
class WindowRequest:
    """The window a show wants. `monitor` is an index or a name, None the primary one; sizes in pixels."""

    title: str = "Reverie"
    monitor: int | str | None = None
    fullscreen: bool = False
    width: int = 1280
    height: int = 720


class Window:
    """An open window with a current GL 3.3 core context. Main thread only. Raises ReverieError.

    One whose monitor is not there is hidden until it is: `hidden` and `problem` say so.
    """

    def __init__(self, request: WindowRequest) -> None:
        glfw.ERROR_REPORTING = "ignore"  # errors are asked for where they matter, and told in a sentence
        if not glfw.init():
            raise ReverieError(f"no window: {_last_error()}; run with --offscreen, or start a display")
        self._connection = Connection()
        _hint(request)
        self._handle: Any = glfw.create_window(request.width, request.height, request.title, None, None)
        if not self._handle:  # a null pointer is false, but not None
            raise ReverieError(f"no window: {_last_error()}; OpenGL 3.3 is needed, or run with --offscreen")
        glfw.make_context_current(self._handle)
        glfw.swap_interval(_swap_interval())
        if request.fullscreen:
            glfw.set_input_mode(self._handle, glfw.CURSOR, glfw.CURSOR_HIDDEN)
        self._fullscreen = request.fullscreen
        self._placing = Placing(self._handle, request.monitor, request.fullscreen)
        self._placing.settle()

    def context(self) -> moderngl.Context:
        """The window's context for moderngl, through glfw's own loader: the same for X11 and Wayland."""
        try:
            settings: dict[str, Any] = {"context": _Loader()}
            return moderngl.create_context(require=330, **settings)
        except Exception as error:  # moderngl raises nothing narrower
            raise ReverieError(f"no OpenGL 3.3 in the window: {error}; run with --offscreen") from error

    @property
    def size(self) -> tuple[int, int]:
        """What can be drawn on, in pixels."""
        width, height = glfw.get_framebuffer_size(self._handle)
        return max(width, 1), max(height, 1)

    @property
    def hidden(self) -> bool:
        """Whether it waits for its monitor, and nothing drawn would be seen."""
        return self.lost or self._placing.hidden

    @property
    def lost(self) -> bool:
        """Whether the display server went away: this window is no more, and only a new process gets another."""
        return self._connection.lost

    @property
    def problem(self) -> str:
        """Why it is not where it belongs, in a sentence; empty where all is well."""
        return "the display server went away" if self.lost else self._placing.problem

    @property
    def where(self) -> str:
        """Where it really is."""
        kind = "full screen" if self._fullscreen else "a window"
        if self.hidden:
            return f"{kind}, hidden: {self.problem or 'it is about to be shown'}"
        monitor = self._placing.actual
        note = f" ({self.problem})" if self.problem else ""
        return f"{kind} on {monitor or 'no monitor'}{note}"

    @property
    def wants_to_close(self) -> bool:
        """Whether somebody closed it or pressed Esc."""
        escape = glfw.get_key(self._handle, glfw.KEY_ESCAPE) == glfw.PRESS
        return not self.lost and bool(escape or glfw.window_should_close(self._handle))

    def swap(self) -> None:
        """Take what keyboard and window manager had to say, see that it stays in its place, and show what was drawn.

        In this order: a swap that waits for a monitor that has just gone off might wait for ever.
        """
        glfw.poll_events()
        if not self.lost:
            self._placing.keep(time.monotonic())
        if not self.hidden:
            glfw.swap_buffers(self._handle)

    def close(self) -> None:
        """Destroy the window."""
        if self.lost:  # nobody is there to be told
            self._handle = None
            return
        if self._handle:
            glfw.destroy_window(self._handle)
            self._handle = None
        glfw.terminate()


class _Loader:
    """What moderngl asks of a context that someone else made."""

    def load_opengl_function(self, name: str) -> Any:
        return glfw.get_proc_address(name) or 0

    def __enter__(self) -> None: ...

    def __exit__(self, *exception: object) -> None: ...

    def release(self) -> None: ...


def _hint(request: WindowRequest) -> None:
    glfw.default_window_hints()
    glfw.window_hint(glfw.CONTEXT_VERSION_MAJOR, 3)
    glfw.window_hint(glfw.CONTEXT_VERSION_MINOR, 3)
    glfw.window_hint(glfw.OPENGL_PROFILE, glfw.OPENGL_CORE_PROFILE)
    glfw.window_hint(glfw.OPENGL_FORWARD_COMPAT, glfw.TRUE)
    glfw.window_hint(glfw.AUTO_ICONIFY, glfw.FALSE)  # a wall must not vanish when someone clicks elsewhere
    glfw.window_hint(glfw.VISIBLE, glfw.FALSE)  # not before it is where it belongs
    glfw.window_hint(glfw.DECORATED, not request.fullscreen)
    glfw.window_hint(glfw.DEPTH_BITS, 0)
    glfw.window_hint(glfw.STENCIL_BITS, 0)


def _swap_interval() -> int:
    """1, or the picture tears; where a driver ignores it, the pacing by timer still holds.

    Under Wayland nothing tears, and a swap that waits blocks for as long as the window is not seen.
    """
    return 0 if glfw.get_platform() == glfw.PLATFORM_WAYLAND else 1


def _last_error() -> str:
    found: tuple[int, Any] = glfw.get_error()  # its text is bytes, whatever glfw's types say
    code, text = found
    return text.decode(errors="replace") if text else f"glfw error {code}"
