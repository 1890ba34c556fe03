"""Every output keeps the contract; each of ours does its own job."""

import io
import os
import select
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import moderngl
import pytest
from PIL import Image

from engine.control.hub import Preview
from engine.outputs.base import Canvas, Output, OutputConfig, OutputError
from engine.outputs.offscreen import OffscreenConfig, OffscreenOutput
from engine.outputs.pixels import Reader
from engine.outputs.preview import EVERY, PreviewTap
from engine.outputs.rack import FIRST_PAUSE, OutputRack
from engine.outputs.recording import RecordingConfig, RecordingOutput
from engine.outputs.registry import find_outputs
from engine.outputs.stub import StubConfig, StubOutput
from engine.outputs.window import letterbox
from engine.render.context import GLContext

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
    assert own <= {*vars(Output), "Config", "frames", "first_pixel", "dropped", "discard"}
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


def test_a_snapshot_that_cannot_be_written_is_one_sentence(gl: GLContext, picture: moderngl.Texture) -> None:
    output = OffscreenOutput(OffscreenConfig(snapshot=Path("/proc/no/such.png"), every=0))
    output.open(gl, CANVAS)
    output.present(picture, 0, 0.0)
    output.close()  # it has been tried when this returns
    with pytest.raises(OutputError, match=r"such\.png: cannot be written"):
        output.present(picture, 1, 1.0)


def test_a_recording_is_whole_upright_and_as_long_as_shown(
    gl: GLContext, picture: moderngl.Texture, tmp_path: Path
) -> None:
    import av

    path = tmp_path / "day.mp4"
    output = RecordingOutput(RecordingConfig(path=path), exact=True)
    output.open(gl, CANVAS)
    for i in range(15):
        output.present(picture, i, i / 10)
    assert not path.exists()
    output.close()
    with av.open(str(path)) as video:
        frames = [frame.to_ndarray(format="rgb24") for frame in video.decode(video=0)]
    assert len(frames) == 15
    assert frames[7][4, 32, 0] > 200
    assert frames[7][-4, 32, 2] > 200
    assert list(tmp_path.iterdir()) == [path]


def test_a_discarded_recording_leaves_nothing(gl: GLContext, picture: moderngl.Texture, tmp_path: Path) -> None:
    output = RecordingOutput(RecordingConfig(path=tmp_path / "day.mp4"))
    output.open(gl, CANVAS)
    output.present(picture, 0, 0.0)
    output.discard()
    output.close()
    assert list(tmp_path.iterdir()) == []


def test_a_recording_to_nowhere_is_one_sentence(gl: GLContext) -> None:
    for path in ("/proc/no/day.mp4", "/proc/day.mp4"):
        with pytest.raises(OutputError, match="cannot be written"):
            RecordingOutput(RecordingConfig(path=Path(path))).open(gl, CANVAS)
    for path in ("day.avi", "/tmp"):
        with pytest.raises(OutputError, match=r"an \.mp4 file"):
            RecordingOutput(RecordingConfig(path=Path(path))).open(gl, CANVAS)


def test_a_recording_without_frames_leaves_nothing_and_says_nothing(gl: GLContext, tmp_path: Path) -> None:
    output = RecordingOutput(RecordingConfig(path=tmp_path / "day.mp4"))
    output.open(gl, CANVAS)
    output.close()
    assert list(tmp_path.iterdir()) == []


FULL = """
import resource, sys
from pathlib import Path
import numpy as np
from engine.outputs.base import Canvas, OutputError
from engine.outputs.recording import RecordingConfig, RecordingOutput
from engine.render.context import open_context

gl = open_context()
noise = np.random.default_rng(0).integers(0, 255, (720, 1280, 4), np.uint8)
texture = gl.ctx.texture((1280, 720), 4, noise.tobytes())
output = RecordingOutput(RecordingConfig(path=Path(sys.argv[1]), quality=0), exact=True)
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
try:
    output.open(gl, Canvas(1280, 720, 10))
    for i in range(60):
        output.present(texture, i, i / 10)
    output.close()
    print("nothing was said")
except OutputError as error:
    print(error)
    try:
        output.close()
    except OutputError:
        print("said again")
"""


def test_a_full_disk_ends_the_recording_with_a_word_and_leaves_nothing(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path / "day.mp4")], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert "day.mp4: cannot be written" in done.stdout
    assert list(tmp_path.iterdir()) == []


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


class Flaky(StubOutput):
    """Fails to present as long as it is told to."""

    failing = False
    opened = 0

    def open(self, gl: GLContext, canvas: Canvas) -> None:
        self.opened += 1

    def present(self, texture: moderngl.Texture, frame_index: int, time: float) -> None:
        if self.failing:
            raise OutputError("the cable is out")
        super().present(texture, frame_index, time)

    def close(self) -> None:
        if self.failing:
            raise OutputError("nor can it be closed")


def test_an_output_that_fails_is_retried_and_never_stops_the_others(gl: GLContext, picture: moderngl.Texture) -> None:
    flaky, steady = Flaky(StubConfig()), StubOutput(StubConfig())
    rack = OutputRack([("flaky", flaky), ("steady", steady)], gl, CANVAS)
    rack.open()
    flaky.failing = True
    for i in range(10):
        rack.present(picture, i, i * 0.1)
    assert steady.frames == 10
    assert rack.problems == {"flaky": "the cable is out"}
    assert flaky.opened == 1
    flaky.failing = False
    rack.present(picture, 11, FIRST_PAUSE + 0.01)
    assert rack.problems == {}
    assert flaky.frames == 1
    assert flaky.opened == 2
    rack.close()


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
        assert select.select([read], [], [], 30)[0], "Xvfb does not start"
        yield f":{os.read(read, 16).decode().strip()}"
    finally:
        os.close(read)
        process.terminate()
        process.wait(10)


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
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "open (400, 300)"
