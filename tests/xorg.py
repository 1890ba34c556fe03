"""A private Xorg without hardware: monitors that can be switched off and on, with or without a window manager.

Everything the server writes lies in a folder of its own, and it needs no rights.
"""

import os
import re
import select
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image, ImageGrab

from tests.running import PATIENCE

BINARY = Path("/usr/lib/xorg/Xorg")  # not the wrapper of the same name, which asks for a console
DRIVER = Path("/usr/lib/xorg/modules/drivers/dummy_drv.so")
PACKAGES = {
    str(BINARY): "xserver-xorg-core",
    str(DRIVER): "xserver-xorg-video-dummy",
    "xrandr": "x11-xserver-utils",
    "xwininfo": "x11-utils",
    "openbox": "openbox",
}
CONFIG = """\
Section "ServerFlags"
    Option "AutoAddDevices" "false"
    Option "AutoAddGPU" "false"
EndSection
Section "Device"
    Identifier "card"
    Driver "dummy"
    VideoRam 262144
EndSection
Section "Screen"
    Identifier "desk"
    Device "card"
    DefaultDepth 24
    SubSection "Display"
        Depth 24
        Virtual 4096 2160
    EndSubSection
EndSection
"""
OUTPUTS = ("DUMMY0", "DUMMY1", "DUMMY2")
MODES = {  # sizes that differ, so that a picture on the wrong monitor is also one of the wrong size
    "1280x720": "64.00 1280 1328 1360 1440 720 723 728 741 +hsync -vsync",
    "1920x1080": "138.50 1920 1968 2000 2080 1080 1083 1088 1111 +hsync -vsync",
}


@dataclass(frozen=True, slots=True)
class Geometry:
    """Where a window is, in pixels, and whether it is seen."""

    x: int
    y: int
    width: int
    height: int
    mapped: bool


class Xorg:
    """One server. Its display number is chosen at the first start and stays the same afterwards."""

    def __init__(self, folder: Path) -> None:
        self.display = ""
        self._folder = folder
        self._server: subprocess.Popen[bytes] | None = None
        self._manager: subprocess.Popen[bytes] | None = None
        (folder / "xorg.conf").write_text(CONFIG)

    @property
    def env(self) -> dict[str, str]:
        """The environment of a process that sees this server and no other."""
        kept = {k: v for k, v in os.environ.items() if k not in ("WAYLAND_DISPLAY", "XAUTHORITY", "XDG_SESSION_TYPE")}
        return {**kept, "DISPLAY": self.display, "HOME": str(self._folder)}

    def start(self) -> None:
        """Start the server and wait until it answers."""
        reading, writing = os.pipe()
        place = ["-config", str(self._folder / "xorg.conf"), "-logfile", str(self._folder / "log")]
        options = ["-displayfd", str(writing), "-nolisten", "tcp", "-noreset", "-sharevts", "-novtswitch"]
        number = [self.display] if self.display else []
        self._server = subprocess.Popen(
            [BINARY, *number, *place, *options], pass_fds=(writing,), stderr=subprocess.DEVNULL, cwd=self._folder
        )
        os.close(writing)
        with os.fdopen(reading) as pipe:
            ready = select.select([pipe], [], [], PATIENCE)[0] and pipe.readline().strip()
        assert ready, f"Xorg does not start; it said:\n{self._said()}"
        self.display = f":{ready}"
        for name, timing in MODES.items():
            self._xrandr("--newmode", name, *timing.split())
            for output in OUTPUTS:
                self._xrandr("--addmode", output, name)

    def switch_on(self, output: str, size: str, x: int = 0, *more: str) -> None:
        """Switch a monitor on: its top left corner is at `x`, 0."""
        self._xrandr("--output", output, "--mode", size, "--pos", f"{x}x0", *more)
        self._xrandr()  # the driver notices what is connected only when asked

    def switch_off(self, output: str, *more: str) -> None:
        """Switch a monitor off, as one that is unplugged is by most desktops."""
        self._xrandr("--output", output, "--off", *more)
        self._xrandr()

    def manage(self) -> "subprocess.Popen[bytes]":
        """Start Openbox and wait until it has taken over."""
        (self._folder / "rc.xml").write_text('<openbox_config xmlns="http://openbox.org/3.4/rc"/>')
        command = ["openbox", "--config-file", str(self._folder / "rc.xml")]
        self._manager = subprocess.Popen(command, env=self.env, stderr=subprocess.DEVNULL)
        wait_for("Openbox", lambda: "window id" in self._ask("xprop", "-root", "_NET_SUPPORTING_WM_CHECK"))
        return self._manager

    def window(self, title: str) -> Geometry | None:
        """The window of that title; None where there is none."""
        text = self._ask("xwininfo", "-name", title)
        found = dict(re.findall(r"^ +(Absolute upper-left [XY]|Width|Height|Map State): +(\S+)$", text, re.MULTILINE))
        if len(found) < 5:
            return None
        x, y, width, height = (
            int(found[key]) for key in ("Absolute upper-left X", "Absolute upper-left Y", "Width", "Height")
        )
        return Geometry(x, y, width, height, found["Map State"] == "IsViewable")

    def picture(self) -> Image.Image:
        """All that is on the monitors."""
        return ImageGrab.grab(xdisplay=self.display)

    def kill(self) -> None:
        """End server and window manager without warning."""
        for process in (self._server, self._manager):
            if process is not None:
                process.kill()
                process.wait()
        self._server = self._manager = None

    def _xrandr(self, *arguments: str) -> None:
        done = subprocess.run(["xrandr", *arguments], env=self.env, capture_output=True, text=True)
        assert done.returncode == 0, f"xrandr {' '.join(arguments)}: {done.stderr}"

    def _ask(self, *command: str) -> str:
        return subprocess.run(command, env=self.env, capture_output=True, text=True).stdout

    def _said(self) -> str:
        log = self._folder / "log"
        return log.read_text(errors="replace")[-2000:] if log.exists() else "nothing"


@contextmanager
def xorg() -> Iterator[Xorg]:
    """A running server with one monitor, DUMMY0."""
    for file, package in PACKAGES.items():
        if shutil.which(file) is None and not Path(file).exists():
            name = Path(file).name
            pytest.fail(f"{name} is missing: `make test` installs it (Debian package {package})", pytrace=False)
    folder = Path(tempfile.mkdtemp(prefix="reverie-xorg-"))
    server = Xorg(folder)
    try:
        server.start()
        yield server
    finally:
        server.kill()
        shutil.rmtree(folder, ignore_errors=True)


def wait_for(what: str, condition: Callable[[], object]) -> None:
    """Until `condition` holds."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"waited {PATIENCE:g} s for {what}"
        time.sleep(0.05)
