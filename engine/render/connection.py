"""The connection to the server that shows the window: what it refuses, and whether it is still there.

Xlib ends the process by exit(1), out of the middle of whatever was going on, when the server refuses a request and when
the connection breaks. Refused is what concerns a monitor that has just vanished: the show goes on. With a connection
that broke it ends, in order: recordings are closed, worker processes ended. `XSetIOErrorExitHandler` alone is not
enough: the default handler, which is called before it, exits as well. A Wayland compositor that goes away looks to
glfw's callers as if somebody had closed the window.
"""

import ctypes
import sys
from collections.abc import Callable
from typing import Any

import glfw
import structlog

X11, WAYLAND = "libX11.so.6", "libwayland-client.so.0"

log = structlog.get_logger(__name__)


class _Error(ctypes.Structure):
    """XErrorEvent."""

    _fields_ = (
        ("type", ctypes.c_int),
        ("display", ctypes.c_void_p),
        ("resource", ctypes.c_ulong),
        ("serial", ctypes.c_ulong),
        ("code", ctypes.c_ubyte),
        ("request", ctypes.c_ubyte),
        ("minor", ctypes.c_ubyte),
    )


_OnRefusal = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.POINTER(_Error))
_OnError = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p)
_OnExit = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p)
_told: set[tuple[int, int, int]] = set()


def _tell(display: int | None, error: Any) -> int:
    what = error.contents.code, error.contents.request, error.contents.minor
    if what not in _told:  # one that is made with each frame would fill the log
        _told.add(what)
        log.warning("the X server refused a request", error=what[0], request=f"{what[1]}.{what[2]}")
    return 0


class Connection:
    """The connection that glfw has open. Main thread only."""

    def __init__(self) -> None:
        self._lost = False
        self._wayland: tuple[Callable[[int], int], int] | None = None
        if _is_x11():
            self._watch(ctypes.CDLL(X11))  # the one glfw has loaded
        elif _is(glfw.PLATFORM_WAYLAND):
            error = ctypes.CDLL(WAYLAND).wl_display_get_error
            error.argtypes = [ctypes.c_void_p]
            display: int = glfw.get_wayland_display()  # type: ignore[no-untyped-call]
            self._wayland = error, display

    @property
    def lost(self) -> bool:
        """Whether the server went away."""
        if self._wayland is not None and not self._lost:
            error, display = self._wayland
            self._lost = error(display) != 0
        return self._lost

    def _watch(self, x11: ctypes.CDLL) -> None:
        x11.XSetErrorHandler.argtypes = [_OnRefusal]
        x11.XSetErrorHandler(_on_refusal)
        if not hasattr(x11, "XSetIOErrorExitHandler"):  # before libX11 1.7 a lost connection ends the process
            return
        x11.XSetIOErrorHandler.argtypes = [_OnError]
        x11.XSetIOErrorHandler(_on_error)
        on_exit: Callable[..., None] = _OnExit(self._lose)
        _kept.append(on_exit)
        x11.XSetIOErrorExitHandler.argtypes = [ctypes.c_void_p, _OnExit, ctypes.c_void_p]
        x11.XSetIOErrorExitHandler(_display(), on_exit, None)

    def _lose(self, display: int | None, data: int | None) -> None:
        self._lost = True


def show(window: Any) -> None:
    """Ask for a window to be shown, and do not wait for it. glfw's own call never returns from a manager that hangs."""
    if not _is_x11():
        glfw.show_window(window)
        return
    x11 = ctypes.CDLL(X11)
    x11.XMapRaised.argtypes = [ctypes.c_void_p, ctypes.c_ulong]
    x11.XMapRaised(_display(), glfw.get_x11_window(window))


def _display() -> int:
    display: int = glfw.get_x11_display()  # type: ignore[no-untyped-call]
    return display


def _is_x11() -> bool:
    return _is(glfw.PLATFORM_X11)


def _is(platform: int) -> bool:
    return sys.platform.startswith("linux") and bool(glfw.get_platform() == platform)


# Xlib keeps these for as long as the process runs.
_on_refusal: Callable[..., int] = _OnRefusal(_tell)
_on_error: Callable[..., int] = _OnError(lambda display: 0)
_kept: list[Callable[..., None]] = []
