"""The GL context: offscreen through EGL, or a real window on a virtual screen."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from engine.errors import ReverieError
from engine.render.context import GLContext, display_available, list_monitors, open_context
from engine.render.software import settle
from tests.running import PATIENCE

XVFB = shutil.which("Xvfb")


def test_offscreen_needs_no_display(gl: GLContext) -> None:
    assert gl.window is None
    assert gl.ctx.version_code >= 330
    assert gl.renderer


def test_a_software_renderer_knows_itself(gl: GLContext) -> None:
    assert gl.software == any(name in gl.renderer.lower() for name in ("llvmpipe", "softpipe", "swrast"))


@pytest.mark.parametrize(("renderer", "waited_for"), [("llvmpipe (LLVM 15.0.6)", True), ("NVIDIA H200/PCIe", False)])
def test_only_a_software_renderer_is_waited_for(renderer: str, waited_for: bool) -> None:
    """With each draw, or llvmpipe may write into memory that it has freed."""
    finished: list[bool] = []
    context = SimpleNamespace(info={"GL_RENDERER": renderer}, extra=None, finish=lambda: finished.append(True))
    settle(context)()  # type: ignore[arg-type]
    assert bool(finished) == waited_for


def test_without_a_display_there_is_no_window(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert not display_available()
    assert list_monitors() == []


def test_a_missing_library_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GLCONTEXT_LINUX_LIBEGL", "libNoSuchEGL.so.1")
    with pytest.raises(ReverieError, match=r"no OpenGL without a display: .*sudo apt-get install libegl1") as caught:
        open_context()
    assert "\n" not in str(caught.value)


@pytest.fixture(scope="module")
def screen() -> Iterator[dict[str, str]]:
    """A virtual screen: the environment of processes that see it."""
    assert XVFB, "Xvfb is missing; on Debian run: sudo apt-get install xvfb"
    reading, writing = os.pipe()
    command = [XVFB, "-displayfd", str(writing), "-screen", "0", "800x600x24", "-nolisten", "tcp", "-noreset"]
    server = subprocess.Popen(command, pass_fds=(writing,), stderr=subprocess.DEVNULL)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        number = pipe.readline().strip()
    yield {**os.environ, "DISPLAY": f":{number}", "PYTHONWARNINGS": "error"}
    server.terminate()
    server.wait(PATIENCE)


def run(code: str, env: dict[str, str]) -> str:
    """What a fresh process on that screen prints."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


WINDOW = """
from engine.render.context import WindowRequest, display_available, list_monitors, open_context
assert display_available()
print(list_monitors())
gl = open_context(WindowRequest(title="Test", width=200, height=100))
print(gl.window.size, gl.ctx.version_code >= 330)
gl.ctx.screen.use()
gl.ctx.clear(0.25, 0.5, 1.0)
print(list(gl.ctx.screen.read((0, 0, 1, 1))))
gl.window.swap()
print(gl.window.wants_to_close)
gl.close()
gl.close()
again = open_context(WindowRequest(width=64, height=64))
print(again.window.size)
again.close()
"""

FULLSCREEN = """
import glfw
from engine.render.context import WindowRequest, open_context
gl = open_context(WindowRequest(monitor="SCREEN", fullscreen=True))
handle = glfw.get_current_context()
print(gl.window.size, glfw.get_input_mode(handle, glfw.CURSOR) == glfw.CURSOR_HIDDEN)
print(glfw.get_window_attrib(handle, glfw.AUTO_ICONIFY))
glfw.set_window_should_close(handle, True)
print(gl.window.wants_to_close)
gl.close()
"""

WAITING = """
from engine.render.context import WindowRequest, open_context
for monitor in (3, "Projector"):
    gl = open_context(WindowRequest(monitor=monitor))
    gl.window.swap()
    print(gl.window.hidden, gl.window.problem)
    gl.close()
"""


def test_a_window_draws_and_can_be_opened_again(screen: dict[str, str]) -> None:
    monitors, size, colour, closing, again = run(WINDOW, screen).splitlines()
    assert monitors == "['screen 800×600']"
    assert size == "(200, 100) True"
    assert colour in ("[64, 128, 255]", "[63, 127, 255]", "[63, 128, 255]", "[64, 127, 255]")
    assert closing == "False"
    assert again == "(64, 64)"


def test_full_screen_covers_the_monitor_and_hides_the_cursor(screen: dict[str, str]) -> None:
    assert run(FULLSCREEN, screen).splitlines() == ["(800, 600) True", "0", "True"]


def test_a_monitor_that_is_not_there_names_those_that_are(screen: dict[str, str]) -> None:
    first, second = run(WAITING, screen).splitlines()
    assert first == "True there is no monitor 3; there are 0: screen 800×600; the window waits for it"
    assert second == "True there is no monitor 'Projector'; there are 0: screen 800×600; the window waits for it"


def test_a_display_that_does_not_answer_is_no_display(screen: dict[str, str]) -> None:
    code = "from engine.render.context import display_available; print(display_available())"
    assert run(code, {**screen, "DISPLAY": ":4242"}) == "False"
