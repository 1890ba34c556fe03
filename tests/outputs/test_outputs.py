"""Every output keeps the contract; each of ours does its own job."""

import io
import os
import select
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Event, enumerate

import moderngl
import pytest
from PIL import Image

from engine.control.hub import Preview
from engine.outputs import offscreen
from engine.outputs.base import Canvas, Output, OutputConfig, OutputError
from engine.outputs.offscreen import LATE, OffscreenConfig, OffscreenOutput
from engine.outputs.pixels import Reader
from engine.outputs.preview import EVERY, PreviewTap
from engine.outputs.registry import find_outputs
from engine.outputs.window import letterbox
from engine.render.context import GLContext
from tests.outputs.films import wait
from tests.running import PATIENCE

CANVAS = Canvas(64, 36, 10)
REQUIRED = {"recording": {"path": "day.mp4"}}


@pytest.mark.parametrize("name", find_outputs())
def test_every_output_keeps_the_contract(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    kind = find_outputs()[name]
    config = kind.Config.model_validate({"type": name, **REQUIRED.get(name, {})})
    with pytest.raises(ValueError, match="extra"):
        kind.Config.model_validate({"type": name, **REQUIRED.get(name, {}), "colour": "red"})
    output = kind(config)
    assert output.describe()
    assert output.closed_by_user is False
    output.close()
    output.close()
    own = {n for n in vars(kind) if not n.startswith("_")}
    assert own <= {*vars(Output), "Config", "frames", "first_pixel", "dropped"}
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", sorted(set(find_outputs()) - {"window"}))
def test_every_output_presents(
    name: str, gl: GLContext, picture: moderngl.Texture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    kind = find_outputs()[name]
    output = kind(kind.Config.model_validate({"type": name, **REQUIRED.get(name, {})}))
    output.open(gl, CANVAS)
    for i in range(3):
        output.present(picture, i, i / 10)
    output.close()
    output.close()
    assert gl.ctx.error == "GL_NO_ERROR"


def test_a_window_needs_a_display(gl: GLContext) -> None:
    kind = find_outputs()["window"]
    with pytest.raises(OutputError, match="where a display is"):
        kind(kind.Config()).open(gl, CANVAS)


def test_reading_back_is_upright_at_any_size(gl: GLContext, picture: moderngl.Texture) -> None:
    for size in ((64, 36), (32, 18), (128, 72)):
        reader = Reader(gl.ctx, size)
        pixels = reader.read(picture)
        reader.close()
        assert pixels.shape == (size[1], size[0], 3)
        assert pixels[2, 2].tolist() == [255, 0, 0]
        assert pixels[-3, -3].tolist() == [0, 0, 255]


def test_snapshots_are_whole_pictures_at_their_pace(gl: GLContext, picture: moderngl.Texture, tmp_path: Path) -> None:
    path = tmp_path / "wall.png"
    output = OffscreenOutput(OffscreenConfig(snapshot=path, every=10))
    output.open(gl, CANVAS)
    output.present(picture, 0, 0.0)
    output.present(picture, 1, 5.0)
    output.close()  # the picture is on disk when it returns
    with Image.open(path) as image:
        assert image.size == (64, 36)
        assert image.getpixel((1, 1)) == (255, 0, 0)
    first = path.stat().st_mtime_ns
    output.open(gl, CANVAS)
    output.present(picture, 2, 9.9)
    output.close()
    assert path.stat().st_mtime_ns == first
    output.open(gl, CANVAS)
    output.present(picture, 3, 10.0)
    output.close()
    assert path.stat().st_mtime_ns > first


def test_a_snapshot_that_cannot_be_written_is_one_sentence_at_the_start(gl: GLContext) -> None:
    with pytest.raises(OutputError, match=r"such\.png: cannot be written"):
        OffscreenOutput(OffscreenConfig(snapshot=Path("/proc/no/such.png"))).open(gl, CANVAS)


def test_a_snapshot_that_cannot_be_written_any_more_is_one_sentence_too(
    gl: GLContext, picture: moderngl.Texture, tmp_path: Path
) -> None:
    folder = tmp_path / "pictures"
    output = OffscreenOutput(OffscreenConfig(snapshot=folder / "such.png", every=0))
    output.open(gl, CANVAS)
    folder.rmdir()
    folder.touch()
    output.present(picture, 0, 0.0)
    output.close()  # it has been tried when this returns
    with pytest.raises(OutputError, match=r"such\.png: cannot be written"):
        output.present(picture, 1, 1.0)


def test_a_disk_that_hangs_is_a_problem_and_nobody_waits_for_it(
    gl: GLContext, picture: moderngl.Texture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, answers, sync = tmp_path / "wall.png", Event(), os.fsync
    monkeypatch.setattr(os, "fsync", lambda descriptor: (answers.wait(PATIENCE), sync(descriptor)))
    monkeypatch.setattr(offscreen, "FAREWELL", 0.0)
    output = OffscreenOutput(OffscreenConfig(snapshot=path, every=1))
    output.open(gl, CANVAS)
    for time in (0.0, 1.0, LATE):
        output.present(picture, 0, time)
        assert output.problem == ""
    output.present(picture, 1, LATE + 0.1)
    assert output.problem == f"{path}: the disk has not taken the picture for 10 s; see to it"
    output.close()  # would never return
    assert not path.exists()
    output.open(gl, CANVAS)
    output.present(picture, 2, LATE + 1)  # no second one on a disk that has not taken the first
    assert sum(thread.name == "snapshot" for thread in enumerate()) == 1
    answers.set()
    wait("the picture", path.exists)
    wait("health", lambda: output.present(picture, 3, LATE + 1.5) or not output.problem)
    output.close()


def test_previews_are_small_jpegs_at_their_pace(gl: GLContext, picture: moderngl.Texture) -> None:
    tap = PreviewTap(gl)
    first = tap.take(picture, 0.0)
    assert isinstance(first, Preview)
    with Image.open(io.BytesIO(first.jpeg)) as image:
        assert image.format == "JPEG"
        assert image.size == (64, 36)
    assert tap.take(picture, EVERY / 2) is None
    second = tap.take(picture, EVERY)
    assert second is not None
    assert second.sequence == first.sequence + 1
    tap.close()


def test_an_output_config_is_closed_to_other_keys() -> None:
    with pytest.raises(ValueError, match="extra"):
        OutputConfig.model_validate({"type": "x", "y": 1})


@pytest.mark.parametrize(
    ("size", "aspect", "expected"),
    [
        ((1920, 1080), 16 / 9, (0, 0, 1920, 1080)),
        ((1000, 1000), 2.0, (0, 250, 1000, 500)),
        ((2000, 500), 1.0, (750, 0, 500, 500)),
    ],
)
def test_letterbox_keeps_the_aspect(size: tuple[int, int], aspect: float, expected: tuple[int, int, int, int]) -> None:
    assert letterbox(size, aspect) == expected


@pytest.fixture
def screen() -> Iterator[str]:
    """A virtual screen; its DISPLAY."""
    server = shutil.which("Xvfb")
    if server is None:
        pytest.fail("Xvfb is missing: `make test` installs it (Debian package xvfb)", pytrace=False)
    read, write = os.pipe()
    command = [server, "-displayfd", str(write), "-screen", "0", "800x600x24", "-noreset"]
    process = subprocess.Popen(command, pass_fds=(write,), stderr=subprocess.DEVNULL)
    os.close(write)
    try:
        assert select.select([read], [], [], PATIENCE)[0], "Xvfb does not start"
        yield f":{os.read(read, 16).decode().strip()}"
    finally:
        os.close(read)
        process.terminate()
        process.wait(PATIENCE)


WINDOW = """
import numpy as np
from engine.outputs.base import Canvas
from engine.outputs.window import WindowConfig, WindowOutput
from engine.render.context import WindowRequest, display_available, list_monitors, open_context

assert display_available()
assert "800" in list_monitors()[0]
gl = open_context(WindowRequest("Test", None, False, 400, 300))
output = WindowOutput(WindowConfig())
output.open(gl, Canvas(320, 180, 10))
texture = gl.ctx.texture((320, 180), 4, np.full((180, 320, 4), (200, 100, 50, 255), np.uint8).tobytes())
for i in range(3):
    output.present(texture, i, i / 10)
output.present(texture, 3, 0.3)
gl.ctx.screen.use()
shown = np.frombuffer(gl.ctx.screen.read((0, 0, 400, 300), components=3), np.uint8).reshape(300, 400, 3)
print("closed" if output.closed_by_user else "open", gl.window.size, flush=True)
output.close()
gl.close()
"""


def test_a_window_shows_the_picture(screen: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WINDOW],
        env={**os.environ, "DISPLAY": screen},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "open (400, 300)"
