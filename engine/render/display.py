"""Whether there is a display to open a window on, and waiting for one that is not there yet."""

import os
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import glfw
import structlog

X_HELLO = struct.pack("<BxHHHHxx", ord("l"), 11, 0, 0, 0)  # X11: little-endian, version 11.0, no authorisation
WAYLAND_HELLO = struct.pack("=III", 1, 12 << 16, 2)  # wl_display.sync
PATIENCE = 10.0  # seconds a server has to answer: one just starting is slow
LOOK_EVERY = 1.0  # seconds between looks
PROBE_LIMIT = 30.0  # seconds opening a window may take
PROBE_PAUSE = 15.0  # seconds after a server answered and yet no window could be opened
PROBE = Path(__file__).with_name("probe.py")
X_PORT = 6000

Address = str | tuple[str, int]

log = structlog.get_logger(__name__)


def wanted_display() -> str:
    """The display a window would be opened on, such as `:0` or `wayland-0`; empty where none is set."""
    wayland = os.environ.get("WAYLAND_DISPLAY", "")
    if wayland and glfw.platform_supported(glfw.PLATFORM_WAYLAND):
        return wayland
    return os.environ.get("DISPLAY", "") if glfw.platform_supported(glfw.PLATFORM_X11) else ""


def why_no_display() -> str:
    """Why no window can be opened here, in a sentence; empty where one can. Main thread only."""
    display = wanted_display()
    if not display:
        return f"no display: {_unset()}, or run with --offscreen"
    with contact(display) as answered:
        if not answered:
            return f"no display: the {_kind()} {display} does not answer; start it, and the show gets its window"
        glfw.ERROR_REPORTING = "ignore"
        if not glfw.init():
            return f"no display: the {_kind()} {display} refuses this program; let this user in (is XAUTHORITY right?)"
    return ""


@contextmanager
def contact(display: str, patience: float = PATIENCE) -> Iterator[bool]:
    """Whether a server behind that name says a word, even one of refusal. Opening it in earnest could hang.

    The connection lasts as long as the `with` block: many an X server begins anew when its last client leaves, and the
    client that comes next would find it gone.
    """
    with ExitStack() as stack:
        yield any(_answers(stack, family, address, patience) for family, address in _addresses(display))


def _answers(stack: ExitStack, family: socket.AddressFamily, address: Address, patience: float) -> bool:
    connection = stack.enter_context(socket.socket(family))
    connection.settimeout(patience)
    try:
        connection.connect(address)
        connection.sendall(WAYLAND_HELLO if _is_wayland() else X_HELLO)
        return bool(connection.recv(1))
    except OSError:
        return False


class DisplayWatch:
    """Looks for the wanted display on a thread of its own, until a window can be opened there."""

    def __init__(self) -> None:
        self._found = threading.Event()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="display", daemon=True)

    @property
    def available(self) -> bool:
        """Whether a window could be opened now. This process is not the one to do it: its context is offscreen."""
        return self._found.is_set()

    def start(self) -> None:
        """Begin to look. Where no display is set there is nothing to look for."""
        if wanted_display():
            self._thread.start()

    def close(self) -> None:
        """Stop looking."""
        self._closing.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        pause = LOOK_EVERY
        while not self._closing.wait(pause):
            with contact(wanted_display()) as answered:
                if answered and self._opens():
                    log.info("the display is there", display=wanted_display())
                    self._found.set()
                    return
            pause = PROBE_PAUSE if answered else LOOK_EVERY

    def _opens(self) -> bool:
        """Whether a process of its own can open a window; False as soon as this object is being closed."""
        command = [sys.executable, "-P", str(PROBE)]
        quiet = subprocess.DEVNULL
        with subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True) as probe:
            deadline = time.monotonic() + PROBE_LIMIT
            while probe.poll() is None:
                if time.monotonic() > deadline or self._closing.wait(0.1):
                    probe.kill()
        return probe.returncode == 0


def _is_wayland() -> bool:
    return bool(os.environ.get("WAYLAND_DISPLAY")) and bool(glfw.platform_supported(glfw.PLATFORM_WAYLAND))


def _kind() -> str:
    return "Wayland compositor" if _is_wayland() else "X server"


def _unset() -> str:
    """Which variable is missing, and what to do."""
    if not glfw.platform_supported(glfw.PLATFORM_X11):
        return "WAYLAND_DISPLAY is not set; start the show inside the compositor's session"
    if os.environ.get("WAYLAND_DISPLAY"):
        return "DISPLAY is not set; for the Wayland compositor set XDG_SESSION_TYPE=wayland"
    return "DISPLAY is not set; start the show inside the desktop's session, set DISPLAY=:0"


def _addresses(display: str) -> Iterator[tuple[socket.AddressFamily, Address]]:
    """Where a server of that name listens."""
    if _is_wayland():
        yield socket.AF_UNIX, os.path.join(os.environ.get("XDG_RUNTIME_DIR", "/"), display)
        return
    host, _, rest = display.rpartition(":")
    number = rest.partition(".")[0]
    if not number.isdecimal():
        return
    if host in ("", "unix"):
        yield socket.AF_UNIX, f"/tmp/.X11-unix/X{number}"
        yield socket.AF_UNIX, f"\0/tmp/.X11-unix/X{number}"
    else:
        yield socket.AF_INET, (host, X_PORT + int(number))
