"""`reverie check` of a show's outputs: what could not be opened here is said with its line, and nothing is made."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.app import check_show
from engine.errors import ReverieError
from engine.outputs.base import Canvas, OutputError
from engine.outputs.recording import RecordingConfig, RecordingOutput
from engine.render.context import GLContext, open_context
from tests.rights import without_privileges
from tests.running import reverie

SHOW = """\
reverie: 1
model: museum-128
panel: null
outputs:
  - {type: stub}
  - OUTPUT
"""


def write(folder: Path, output: str) -> Path:
    path = folder / "show.yaml"
    path.write_text(SHOW.replace("OUTPUT", output))
    return path


@pytest.fixture(autouse=True)
def no_display(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)


@pytest.fixture(scope="module")
def gl() -> Iterator[GLContext]:
    context = open_context()
    yield context
    context.close()


@pytest.fixture
def display() -> Iterator[str]:
    """An X server with one monitor of 640×480."""
    server = shutil.which("Xvfb")
    assert server, "Xvfb is missing; on Debian run: sudo apt-get install xvfb"
    read, write = os.pipe()
    command = [server, "-displayfd", str(write), "-screen", "0", "640x480x24", "-nolisten", "tcp"]
    process = subprocess.Popen(command, pass_fds=(write,), stderr=subprocess.DEVNULL)
    os.close(write)
    try:
        with os.fdopen(read) as numbers:
            yield f":{numbers.readline().strip()}"
    finally:
        process.terminate()
        process.wait()


@pytest.mark.parametrize(
    ("output", "key"),
    [("{type: recording, path: FILE.mp4}", "path"), ("{type: offscreen, snapshot: FILE.png}", "snapshot")],
)
@pytest.mark.parametrize(
    ("file", "why"),
    [
        ("/proc/x/day", "No such file or directory"),
        ("closed/day", "Permission denied"),
        ("closed/sub/day", "Permission denied"),
        ("show.yaml/day", "Not a directory"),
        ("x" * 300, "File name too long"),
        ("x" * 245, "File name too long"),
        ("pipe", "it is a pipe or a device"),
        ("folder", "folder"),
    ],
)
def test_a_file_that_cannot_be_written_is_refused(tmp_path: Path, output: str, key: str, file: str, why: str) -> None:
    (tmp_path / "closed").mkdir(mode=0o555)
    for end in (".mp4", ".png"):
        os.mkfifo(tmp_path / f"pipe{end}")
        (tmp_path / f"folder{end}").mkdir()
    show = write(tmp_path, output.replace("FILE", file))
    with pytest.raises(ReverieError) as refusal:
        without_privileges(lambda: check_show(show))
    said = str(refusal.value)
    assert f"show.yaml:6: outputs.1.{key}: {tmp_path / file}" in said
    assert why in said


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("/proc/x/day.mp4", "cannot be written (No such file or directory)"),  # root may do all but this
        ("x" * 232 + ".mp4", "cannot be written (File name too long)"),
        ("day.mkv", "a recording needs the name of an .mp4 file"),
    ],
)
def test_a_recording_that_a_run_refuses_is_refused(tmp_path: Path, gl: GLContext, name: str, why: str) -> None:
    with pytest.raises(ReverieError) as refusal:
        check_show(write(tmp_path, f"{{type: recording, path: {name}}}"))
    assert f"show.yaml:6: outputs.1.path: {tmp_path / name}: {why}" in str(refusal.value)
    output = RecordingOutput(RecordingConfig(path=tmp_path / name))
    output.open(gl, Canvas(64, 36, 10))
    with pytest.raises(OutputError) as said:
        output.confirm()
    assert why in str(said.value)


def test_a_canvas_too_large_for_a_recording_is_refused(tmp_path: Path) -> None:
    show = write(tmp_path, "{type: recording, path: day.mp4}")
    show.write_text(show.read_text() + "canvas: {width: 16384, height: 16130}\n")
    with pytest.raises(ReverieError, match=r"show\.yaml:7: canvas: a canvas of 16384×16130 is too large"):
        check_show(show)


def test_nothing_is_made_where_there_is_room(tmp_path: Path) -> None:
    show = write(tmp_path, "{type: recording, path: new/folder/day.mp4}")
    check_show(show)
    assert list(tmp_path.iterdir()) == [show]


def test_without_a_display_monitors_are_not_checked(tmp_path: Path) -> None:
    notes = check_show(write(tmp_path, "{type: window, monitor: 7}"))
    assert notes[-1] == "no display here: monitors were not checked"


@pytest.mark.parametrize(
    ("monitor", "said"),
    [("3", "there is no monitor 3; there are 0: "), ("beamer", "there is no monitor 'beamer'; there are 0: ")],
)
def test_a_monitor_that_is_not_there_is_refused(tmp_path: Path, display: str, monitor: str, said: str) -> None:
    done = reverie("check", str(write(tmp_path, f"{{type: window, monitor: {monitor}}}")), env={"DISPLAY": display})
    assert done.returncode == 2, done.stdout
    assert f"show.yaml:6: outputs.1.monitor: {said}" in done.stderr


def test_a_monitor_that_is_there_is_fine(tmp_path: Path, display: str) -> None:
    done = reverie("check", str(write(tmp_path, "{type: window, monitor: 0}")), env={"DISPLAY": display})
    assert done.stdout.splitlines()[-1] == "ok", done.stderr
