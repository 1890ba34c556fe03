"""Keeps a window on its monitor: brings it there, hides it while the monitor is off, and brings it back.

Full screen, a window must cover its monitor whole. Asking for that is not enough: Openbox 3.6 does not know
_NET_WM_FULLSCREEN_MONITORS and makes a window full screen wherever it happens to be, and window managers move windows
away from a monitor that vanishes. So the window is first moved, then made full screen, then its position is read back,
and again twice a second. A window whose monitor is off is hidden at once, or it would be shown on the operator's.
"""

import time
from collections.abc import Sequence
from typing import Any

import glfw

from engine.render.connection import show
from engine.render.monitors import Monitor, connected, find, missing

LOOK_EVERY = 0.5  # seconds between looks at where the window is
LOOK_SOON = 0.05  # seconds until the next look at a window that is about to be shown
PATIENCE = 3.0  # seconds of attempts, before the window manager is said to be in the way
RETRY_EVERY = 5.0  # seconds between attempts after that
SETTLE = 2.0  # seconds a window manager has to answer while the window is opened


class Placing:
    """Where one window belongs and whether it is there. `wanted` is an index or a name. Main thread only."""

    def __init__(self, handle: Any, wanted: int | str | None, fullscreen: bool) -> None:
        self.problem = ""  # one sentence, empty while the window is where it belongs
        self.hidden = True  # until its monitor is there, and the window shown on it
        self._handle = handle
        self._wanted = wanted
        self._fullscreen = fullscreen
        self._home: Monitor | None = None
        self._neighbours: set[str] = set()  # monitors seen beside ours: none of them is ours under another name
        self._settled = False
        self._since: float | None = None  # when the attempts began that are going on
        self._count = 0
        self._look_at = 0.0

    @property
    def actual(self) -> Monitor | None:
        """The monitor the window's middle is on; None where it is beyond all of them."""
        return self._home if _positions_unknown() else self._under(connected())

    def settle(self) -> None:
        """Put a window just opened onto its monitor, and give the window manager a moment to do so."""
        deadline = time.monotonic() + SETTLE
        self._look(time.monotonic())
        while not self._arrived() and time.monotonic() < deadline:
            time.sleep(0.02)
            glfw.poll_events()
            self.keep(time.monotonic())

    def _arrived(self) -> bool:
        return bool(self.problem) or (self._home is not None and self._stands_on(self._home))

    def keep(self, now: float) -> None:
        """Look twice a second, and at once when a monitor came or went. `now` in seconds."""
        if now >= self._look_at or len(glfw.get_monitors()) != self._count:
            self._look(now)

    def _look(self, now: float) -> None:
        there = connected()
        self._count = len(glfw.get_monitors())
        self._look_at = now + LOOK_EVERY
        monitor = self._choose(there)
        if monitor is None:
            self._hide()
            self.problem = self._absence(there)
        elif self._stands_on(monitor):
            self.problem, self._settled, self._since = "", True, None
        else:
            self._try(monitor, now)

    def _choose(self, there: Sequence[Monitor]) -> Monitor | None:
        """The window's monitor by name, then by place; None while it is off."""
        home = find(self._wanted, there) if self._home is None else self._recognise(self._home, there)
        if home is not None:
            self._neighbours |= {monitor.name for monitor in there} - {home.name}
            self._home = home
        return home

    def _recognise(self, home: Monitor, there: Sequence[Monitor]) -> Monitor | None:
        named = [monitor for monitor in there if monitor.name == home.name]
        placed = [monitor for monitor in there if monitor.place == home.place]
        alike = [monitor for monitor in named if monitor in placed] or named
        return next(iter(alike), next((m for m in placed if m.name not in self._neighbours), None))

    def _absence(self, there: Sequence[Monitor]) -> str:
        what = missing(self._wanted, there) if self._home is None else f"monitor {self._home.name} is off"
        return f"{what}; the window waits for it"

    def _stands_on(self, monitor: Monitor) -> bool:
        if self.hidden:
            return False
        if not self._fullscreen:  # once there, it may be moved by hand
            return self._settled or _positions_unknown() or self._under([monitor]) is not None
        if not glfw.get_window_monitor(self._handle) or glfw.get_window_attrib(self._handle, glfw.ICONIFIED):
            return False
        return self._rectangle() == monitor.place or _positions_unknown()

    def _try(self, monitor: Monitor, now: float) -> None:
        """One attempt. It never waits for the window manager: a window is shown by one look, and put by the next."""
        self._settled = False
        self._since = now if self._since is None else self._since
        if not self._viewable():
            _move(self._handle, monitor, self._fullscreen)
            show(self._handle)
        self.hidden = not self._viewable()
        if self.hidden:
            self._look_at = now + LOOK_SOON
        else:
            _put(self._handle, monitor, self._fullscreen)
        if now > self._since + PATIENCE:
            self.problem = self._hindrance(monitor)
            self._look_at = now + RETRY_EVERY

    def _viewable(self) -> bool:
        return bool(glfw.get_window_attrib(self._handle, glfw.VISIBLE))

    def _hindrance(self, monitor: Monitor) -> str:
        left, top, width, height = self._rectangle()
        keeps = "does not show it" if self.hidden else f"keeps it at {left},{top}, {width}×{height}"
        return (
            f"the window belongs on {monitor}, but the window manager {keeps};"
            " restart it, take its rules for this window away, or run without it"
        )

    def _hide(self) -> None:
        if self._viewable():  # asked each time: a slow window manager may show it after it was hidden
            _leave_full_screen(self._handle)
            glfw.hide_window(self._handle)
        self.hidden, self._settled, self._since = True, False, None

    def _under(self, monitors: Sequence[Monitor]) -> Monitor | None:
        left, top, width, height = self._rectangle()
        return next((m for m in monitors if m.holds(left + width / 2, top + height / 2)), None)

    def _rectangle(self) -> tuple[int, int, int, int]:
        left, top = glfw.get_window_pos(self._handle)
        width, height = glfw.get_window_size(self._handle)
        return left, top, width, height


def _put(handle: Any, monitor: Monitor, fullscreen: bool) -> None:
    """Ask for a window that is shown to be on that monitor."""
    _leave_full_screen(handle)
    _move(handle, monitor, fullscreen)  # a place asked for before it was shown binds no window manager
    glfw.focus_window(handle)
    if fullscreen:
        glfw.set_window_monitor(handle, monitor.handle, 0, 0, monitor.width, monitor.height, monitor.rate)


def _move(handle: Any, monitor: Monitor, fullscreen: bool) -> None:
    if fullscreen:
        glfw.set_window_size(handle, monitor.width, monitor.height)
        glfw.set_window_pos(handle, monitor.x, monitor.y)
        return
    left, top, width, height = glfw.get_monitor_workarea(monitor.handle)
    own_width, own_height = glfw.get_window_size(handle)
    glfw.set_window_pos(handle, left + max(width - own_width, 0) // 2, top + max(height - own_height, 0) // 2)


def _leave_full_screen(handle: Any) -> None:
    if glfw.get_window_monitor(handle):
        width, height = glfw.get_window_size(handle)
        left, top = glfw.get_window_pos(handle)
        nothing: Any = None  # glfw's types know no null pointer
        glfw.set_window_monitor(handle, nothing, left, top, width, height, glfw.DONT_CARE)


def _positions_unknown() -> bool:
    """Wayland tells nobody where a window is; there the compositor is trusted."""
    return bool(glfw.get_platform() == glfw.PLATFORM_WAYLAND)
