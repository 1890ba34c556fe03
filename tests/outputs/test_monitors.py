"""Real monitors going off and on under a window: it waits, unseen, and comes back to its own."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.running import ROOT
from tests.xorg import Geometry, Xorg, wait_for, xorg

OPERATOR = Geometry(0, 0, 1280, 720, True)
WALL = Geometry(1280, 0, 1920, 1080, True)
ORANGE = (255, 128, 0)
BARE, OPENBOX = "no window manager", "Openbox"
WAITS = "monitor DUMMY1 is off; the window waits for it"


class Wall:
    """One running `wall.py`."""

    def __init__(self, server: Xorg, folder: Path, *arguments: str) -> None:
        self._server = server
        self._said = folder / "said"
        command = [sys.executable, "-m", "tests.outputs.wall", *arguments]
        with self._said.open("wb") as sink:
            self.process = subprocess.Popen(command, env=server.env, cwd=ROOT, stdout=sink, stderr=sink)

    @property
    def now(self) -> dict[str, Any]:
        """The newest of everything it said."""
        said: dict[str, Any] = {}
        for line in self._lines():
            said |= json.loads(line) if line.startswith("{") else {}
        return said

    @property
    def log(self) -> list[str]:
        """What it logged."""
        return [line for line in self._lines() if not line.startswith("{")]

    def wait(self, what: str, condition: Any) -> None:
        def holds() -> bool:
            assert self.process.poll() is None, f"the wall ended: {self._said.read_text()}"
            return bool(condition())

        wait_for(f"{what}; the wall said: {self._said.read_text()[-1000:]}", holds)

    def wait_for_frames(self, count: int = 50) -> None:
        """Until it has gone on for so long."""
        until = self.now["frames"] + count
        self.wait("more frames", lambda: self.now["frames"] >= until)

    def is_on(self, place: Geometry) -> bool:
        """Whether the window covers that monitor, and its middle is orange."""
        if self._server.window("Wall") != place:
            return False
        middle = (place.x + place.width // 2, place.y + place.height // 2)
        return self._server.picture().getpixel(middle) == ORANGE

    def is_seen(self) -> bool:
        """Whether there is anything of it on any monitor."""
        window = self._server.window("Wall")
        colours = self._server.picture().getcolors(maxcolors=1 << 24) or []
        return window is None or window.mapped or any(colour == ORANGE for _, colour in colours)

    def _lines(self) -> list[str]:
        return self._said.read_text().rpartition("\n")[0].splitlines()


@contextmanager
def showing(server: Xorg, folder: Path, *arguments: str) -> Iterator[Wall]:
    """A wall that has presented its first frame."""
    wall = Wall(server, folder, *arguments)
    try:
        wall.wait("its first frame", lambda: "frames" in wall.now)
        yield wall
    finally:
        wall.process.kill()
        wall.process.wait()


@pytest.fixture(params=[BARE, OPENBOX])
def server(request: pytest.FixtureRequest) -> Iterator[Xorg]:
    """The operator's monitor, and the wall to the right of it."""
    with xorg() as server:
        server.switch_on("DUMMY0", "1280x720", 0, "--primary")
        server.switch_on("DUMMY1", "1920x1080", OPERATOR.width)
        if request.param == OPENBOX:
            server.manage()
        yield server


@pytest.mark.parametrize(("server", "monitor"), [(BARE, "1"), (OPENBOX, "1"), (OPENBOX, "dummy1")], indirect=["server"])
def test_a_window_comes_back_to_its_monitor_and_to_no_other(server: Xorg, tmp_path: Path, monitor: str) -> None:
    with showing(server, tmp_path, monitor) as wall:
        wall.wait("the picture", lambda: wall.is_on(WALL))
        wall.wait("its word", lambda: wall.now["where"] == "full screen on DUMMY1 1920×1080")
        assert server.picture().getpixel((640, 360)) != ORANGE

        server.switch_off("DUMMY1")
        wall.wait("the problem", lambda: wall.now["problem"] == WAITS)
        for _ in range(3):
            assert not wall.is_seen()
            wall.wait_for_frames()

        server.switch_on("DUMMY1", "1920x1080", OPERATOR.width)
        wall.wait("the picture to be back", lambda: wall.is_on(WALL))
        wall.wait("the problem to be over", lambda: wall.now["problem"] == "")
        assert server.picture().getpixel((640, 360)) != ORANGE
        assert sum(WAITS in line for line in wall.log) == 1, wall.log
        assert "the window is back" in wall.log[-1]


def test_the_only_monitor_goes_and_comes_back(server: Xorg, tmp_path: Path) -> None:
    server.switch_off("DUMMY0")  # its neighbour moves to the left
    alone = Geometry(0, 0, 1920, 1080, True)
    with showing(server, tmp_path, "0") as wall:
        wall.wait("the picture", lambda: wall.is_on(alone))
        server.switch_off("DUMMY1")
        wall.wait("the problem", lambda: wall.now["problem"] == WAITS)
        wall.wait_for_frames()
        assert not wall.is_seen()
        server.switch_on("DUMMY1", "1920x1080")
        wall.wait("the picture to be back", lambda: wall.is_on(alone))
        wall.wait("the problem to be over", lambda: wall.now["problem"] == "")


def test_a_monitor_that_is_off_at_the_start_is_waited_for(server: Xorg, tmp_path: Path) -> None:
    server.switch_off("DUMMY1")
    with showing(server, tmp_path, "DUMMY1") as wall:
        missing = "there is no monitor 'DUMMY1'; there are 0: DUMMY0 1280×720; the window waits for it"
        assert wall.now["found"] == f"full screen, hidden: {missing}"
        assert wall.now["problem"] == missing
        wall.wait_for_frames()
        assert not wall.is_seen()
        server.switch_on("DUMMY1", "1920x1080", OPERATOR.width)
        wall.wait("the picture", lambda: wall.is_on(WALL))
        wall.wait("the problem to be over", lambda: wall.now["problem"] == "")


@pytest.mark.parametrize("server", [OPENBOX], indirect=True)
def test_the_operators_monitor_moving_into_the_gap_is_not_the_wall(server: Xorg, tmp_path: Path) -> None:
    with showing(server, tmp_path, "1") as wall:
        wall.wait("the picture", lambda: wall.is_on(WALL))
        server.switch_off("DUMMY1")
        wall.wait("the problem", lambda: wall.now["problem"] == WAITS)
        server.switch_on("DUMMY2", "1280x720", 0, "--output", "DUMMY0", "--mode", "1920x1080", "--pos", "1280x0")
        wall.wait_for_frames()
        assert wall.now["problem"] == WAITS
        assert not wall.is_seen()


@pytest.mark.parametrize("server", [OPENBOX], indirect=True)
def test_a_cable_in_another_socket_is_known_by_its_place(server: Xorg, tmp_path: Path) -> None:
    with showing(server, tmp_path, "1") as wall:
        wall.wait("the picture", lambda: wall.is_on(WALL))
        server.switch_off("DUMMY1")
        wall.wait("the problem", lambda: wall.now["problem"] == WAITS)
        server.switch_on("DUMMY2", "1920x1080", OPERATOR.width)
        wall.wait("the picture to be back", lambda: wall.is_on(WALL))
        wall.wait("the problem to be over", lambda: wall.now["problem"] == "")
        assert wall.now["where"] == "full screen on DUMMY2 1920×1080"


@pytest.mark.parametrize("server", [OPENBOX], indirect=True)
def test_a_monitor_that_comes_back_with_another_size_is_covered(server: Xorg, tmp_path: Path) -> None:
    with showing(server, tmp_path, "1") as wall:
        wall.wait("the picture", lambda: wall.is_on(WALL))
        server.switch_off("DUMMY1")
        server.switch_on("DUMMY1", "1280x720", OPERATOR.width)
        wall.wait("the picture to be back", lambda: wall.is_on(Geometry(OPERATOR.width, 0, 1280, 720, True)))
        wall.wait("the problem to be over", lambda: wall.now["problem"] == "")


def test_a_window_that_is_not_full_screen_waits_too(server: Xorg, tmp_path: Path) -> None:
    with showing(server, tmp_path, "1", "windowed") as wall:
        wall.wait("the window", wall.is_seen)
        wall.wait("its word", lambda: wall.now["where"] == "a window on DUMMY1 1920×1080")
        server.switch_off("DUMMY1")
        wall.wait("the problem", lambda: wall.now["problem"] == WAITS)
        assert not wall.is_seen()
        server.switch_on("DUMMY1", "1920x1080", OPERATOR.width)
        wall.wait("the problem to be over", lambda: wall.now["problem"] == "")
        wall.wait("the window", wall.is_seen)
        wall.wait("its word", lambda: wall.now["where"] == "a window on DUMMY1 1920×1080")


def test_a_window_manager_that_hangs_is_named(tmp_path: Path) -> None:
    with xorg() as server:
        server.switch_on("DUMMY0", "1280x720", 0, "--primary")
        manager = server.manage()
        with showing(server, tmp_path, "1") as wall:
            wall.wait_for_frames()
            manager.send_signal(signal.SIGSTOP)
            server.switch_on("DUMMY1", "1920x1080", OPERATOR.width)
            wall.wait("the problem", lambda: "the window manager does not show it" in wall.now["problem"])
            manager.send_signal(signal.SIGCONT)
            wall.wait("the problem to be over", lambda: wall.now["problem"] == "")
            wall.wait("the picture", lambda: wall.is_on(WALL))


CHECK = """
from engine.render.context import WindowRequest, check_monitor
for monitor in (None, 0, 1, 2, "dummy1", "Projector"):
    print(check_monitor(WindowRequest(monitor=monitor)))
"""


def test_a_check_says_which_monitors_there_are() -> None:
    with xorg() as server:
        server.switch_on("DUMMY0", "1280x720", 0, "--primary")
        server.switch_on("DUMMY1", "1920x1080", OPERATOR.width)
        done = subprocess.run([sys.executable, "-c", CHECK], env=server.env, cwd=ROOT, capture_output=True, text=True)
    there = "there are 0: DUMMY0 1280×720; 1: DUMMY1 1920×1080"
    assert done.stdout.splitlines() == [
        *[""] * 3,
        f"there is no monitor 2; {there}",
        "",
        f"there is no monitor 'Projector'; {there}",
    ]
