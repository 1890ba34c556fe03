"""A glfw window whose context a show renders with. The window output adopts it; monitors are chosen here."""

from dataclasses import dataclass
from typing import Any

import glfw
import moderngl

from engine.errors import ReverieError


@dataclass(frozen=True, slots=True)
class WindowRequest:
    """The window a show wants. `monitor` is an index or a name, None the primary one; sizes in pixels."""

    title: str = "Reverie"
    monitor: int | str | None = None
    fullscreen: bool = False
    width: int = 1280
    height: int = 720


class Window:
    """An open window with a current GL 3.3 core context. Main thread only. Raises ReverieError."""

    def __init__(self, request: WindowRequest) -> None:
        glfw.ERROR_REPORTING = "ignore"  # errors are asked for where they matter, and told in a sentence
        if not glfw.init():
            raise ReverieError(f"no window: {_last_error()}; run with --offscreen, or start a display")
        monitor = _find_monitor(request.monitor)
        _hint()
        self._handle = _create(request, monitor)
        if not self._handle:  # a null pointer is false, but not None
            raise ReverieError(f"no window: {_last_error()}; OpenGL 3.3 is needed, or run with --offscreen")
        glfw.make_context_current(self._handle)
        glfw.swap_interval(1)  # else the picture tears; where a driver ignores it, the pacing by timer still holds
        if request.fullscreen:
            glfw.set_input_mode(self._handle, glfw.CURSOR, glfw.CURSOR_HIDDEN)
        else:
            _centre(self._handle, monitor)

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
    def wants_to_close(self) -> bool:
        """Whether somebody closed it or pressed Esc."""
        escape = glfw.get_key(self._handle, glfw.KEY_ESCAPE) == glfw.PRESS
        return bool(escape or glfw.window_should_close(self._handle))

    def swap(self) -> None:
        """Show what was drawn, and take what keyboard and window manager had to say."""
        glfw.swap_buffers(self._handle)
        glfw.poll_events()

    def close(self) -> None:
        """Destroy the window."""
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


def describe_monitors() -> list[str]:
    """Every monitor as `HDMI-1 1920×1080`, in the order of their index; glfw must be initialised."""
    return [f"{_name(m)} {_mode(m).size.width}×{_mode(m).size.height}" for m in glfw.get_monitors()]


def _find_monitor(wanted: int | str | None) -> Any:
    monitors = glfw.get_monitors()
    if wanted is None and monitors:
        return monitors[0]
    for index, monitor in enumerate(monitors):
        if wanted == index or (isinstance(wanted, str) and wanted.lower() in _name(monitor).lower()):
            return monitor
    there = "; ".join(f"{index}: {text}" for index, text in enumerate(describe_monitors())) or "none"
    raise ReverieError(f"there is no monitor {wanted!r}; there are {there}")


def _hint() -> None:
    glfw.default_window_hints()
    glfw.window_hint(glfw.CONTEXT_VERSION_MAJOR, 3)
    glfw.window_hint(glfw.CONTEXT_VERSION_MINOR, 3)
    glfw.window_hint(glfw.OPENGL_PROFILE, glfw.OPENGL_CORE_PROFILE)
    glfw.window_hint(glfw.OPENGL_FORWARD_COMPAT, glfw.TRUE)
    glfw.window_hint(glfw.AUTO_ICONIFY, glfw.FALSE)  # a wall must not vanish when someone clicks elsewhere
    glfw.window_hint(glfw.DEPTH_BITS, 0)
    glfw.window_hint(glfw.STENCIL_BITS, 0)


def _create(request: WindowRequest, monitor: Any) -> Any:
    if not request.fullscreen:
        return glfw.create_window(request.width, request.height, request.title, None, None)
    mode = _mode(monitor)  # the mode it is in: a switch of mode blanks projectors for seconds
    glfw.window_hint(glfw.RED_BITS, mode.bits.red)
    glfw.window_hint(glfw.GREEN_BITS, mode.bits.green)
    glfw.window_hint(glfw.BLUE_BITS, mode.bits.blue)
    glfw.window_hint(glfw.REFRESH_RATE, mode.refresh_rate or glfw.DONT_CARE)
    return glfw.create_window(mode.size.width, mode.size.height, request.title, monitor, None)


def _centre(handle: Any, monitor: Any) -> None:
    left, top, width, height = glfw.get_monitor_workarea(monitor)
    own_width, own_height = glfw.get_window_size(handle)
    glfw.set_window_pos(handle, left + max(width - own_width, 0) // 2, top + max(height - own_height, 0) // 2)


def _name(monitor: Any) -> str:
    return _text(glfw.get_monitor_name(monitor) or "?")


def _mode(monitor: Any) -> Any:
    return glfw.get_video_mode(monitor)


def _last_error() -> str:
    code, text = glfw.get_error()
    return _text(text) if text else f"glfw error {code}"


def _text(raw: str | bytes) -> str:
    return raw.decode(errors="replace") if isinstance(raw, bytes) else raw
