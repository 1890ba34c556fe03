"""`reverie record` and `run --record`: what is there is kept, ends are told, and a recording can be gone on with."""

from pathlib import Path

import av
import numpy as np
import pytest

from engine.app import Recorded, record_show, run_show
from engine.build import RunOptions
from engine.errors import ReverieError
from engine.outputs import recording
from tests.commands import refused, reverie
from tests.rights import without_privileges
from tests.running import PATIENCE

SHOW = """\
reverie: 1
title: Continued
seed: 3
canvas: {width: 128, height: 72, fps: 10}
wall: {width_m: 0.4}  # near enough to the canvas for strong grain to be fine
model: museum-128
sensors:
  hall: {type: simulated}
walk: {type: drift, speed: 0.6}
passes:
  - flow
  - grain: {amount: 0.2}
modulation:
  - {from: hall.bass, to: /walk/speed, out: [0, 0.5]}
panel: null
"""


@pytest.fixture(autouse=True)
def slow_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "START", PATIENCE)


@pytest.fixture
def show(tmp_path: Path) -> Path:
    path = tmp_path / "show.yaml"
    path.write_text(SHOW)
    return path


def frames(video: Path) -> np.ndarray:
    """Luma, [frames, H, W]."""
    with av.open(str(video)) as container:
        return np.stack([frame.to_ndarray(format="gray") for frame in container.decode(video=0)]).astype(np.int16)


def test_a_recording_from_a_second_on_goes_on_where_another_ended(show: Path, tmp_path: Path) -> None:
    """`flow` feeds on its last picture, and grain is new in each frame: both show whether all before was drawn."""
    whole, rest = tmp_path / "whole.mp4", tmp_path / "rest.mp4"
    assert record_show(show, 2.5, whole) == Recorded(2.5, True)
    assert record_show(show, 1.0, rest, start=1.5) == Recorded(1.0, True)
    first, second = frames(whole), frames(rest)
    assert len(first) == 25
    assert len(second) == 10
    same = [np.abs(a - b).mean() for a, b in zip(first[15:], second, strict=True)]
    shifted = [np.abs(a - b).mean() for a, b in zip(first[14:-1], second, strict=True)]
    assert max(same) < 0.3 * min(shifted)  # encoded apart, so not equal to the bit


def test_a_recording_that_is_stopped_keeps_what_is_there(show: Path, tmp_path: Path) -> None:
    asked = iter(range(100))
    path = tmp_path / "day.mp4"
    assert record_show(show, 5.0, path, stopped=lambda: next(asked) >= 12) == Recorded(1.2, False)
    assert len(frames(path)) == 12
    assert sorted(tmp_path.iterdir()) == [path, show]


def test_a_recording_that_is_stopped_before_it_begins_leaves_nothing(show: Path, tmp_path: Path) -> None:
    asked = iter(range(100))
    stopped = record_show(show, 5.0, tmp_path / "day.mp4", start=1.0, stopped=lambda: next(asked) >= 5)
    assert stopped == Recorded(0.0, False)
    assert list(tmp_path.iterdir()) == [show]


def test_an_existing_file_is_refused_before_anything_is_loaded(show: Path, tmp_path: Path) -> None:
    path = tmp_path / "day.mp4"
    path.write_bytes(b"somebody's")
    show.write_text("not even a show")
    with pytest.raises(ReverieError, match=r"day\.mp4: exists already; choose another name, or add --overwrite"):
        record_show(show, 1.0, path)


@pytest.mark.parametrize("command", [("record", "-o"), ("run", "--record")])
def test_both_commands_refuse_what_they_may_not_write(show: Path, tmp_path: Path, command: tuple[str, str]) -> None:
    path = tmp_path / "day.mp4"
    path.write_bytes(b"somebody's")
    verb, option = command
    assert "day.mp4: exists already" in refused(verb, show, "--seconds", 1, option, path)
    assert path.read_bytes() == b"somebody's"
    nowhere = refused(verb, show, "--seconds", 1, option, "/proc/films/day.mp4")
    assert "/proc/films/day.mp4: cannot be written" in nowhere


def test_a_file_is_replaced_when_told(show: Path, tmp_path: Path) -> None:
    path = tmp_path / "day.mp4"
    path.write_bytes(b"somebody's")
    done = reverie("run", show, "--offscreen", "--seconds", 1, "--record", path, "--overwrite")
    assert done.returncode == 0, done.stderr
    assert len(frames(path)) > 0
    assert sorted(tmp_path.iterdir()) == [path, show]


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("closed/in/x.mp4", "cannot be written (Permission denied)"),
        ("x" * 300 + ".mp4", "cannot be written (File name too long)"),
        ("x" * 216 + ".mp4", "cannot be written (File name too long)"),  # with a date, say, it would be
        ("show.yaml/x.mp4", "cannot be written (Not a directory)"),
        ("/", "is a folder; give the name of an .mp4 file in it, such as day.mp4"),
        ("there.mp4", "is a folder; give the name of an .mp4 file in it, such as day.mp4"),
        ("/dev/full", "cannot be written (it is a pipe or a device, not a file)"),
        ("nosuffix", "a recording needs the name of an .mp4 file; give one such as day.mp4"),
        ("x.MKV", "a recording needs the name of an .mp4 file; give one such as day.mp4"),
    ],
)
def test_a_name_is_judged_before_anything_is_loaded(tmp_path: Path, name: str, why: str) -> None:
    show = tmp_path / "show.yaml"
    show.write_text("not even a show")
    (tmp_path / "closed").mkdir(mode=0)
    (tmp_path / "there.mp4").mkdir()
    for file in ("nosuffix", "x.MKV"):
        (tmp_path / file).touch()  # that it exists already is not what is wrong with it
    path = tmp_path / name
    for act in (lambda: record_show(show, 1.0, path), lambda: run_show(show, RunOptions(record_to=path))):
        with pytest.raises(ReverieError) as refusal:
            without_privileges(act)
        assert str(refusal.value).startswith(f"{path}: {why}")


def test_a_recording_under_the_longest_name_is_made(show: Path, tmp_path: Path) -> None:
    path = tmp_path / ("x" * 215 + ".mp4")
    assert record_show(show, 0.5, path) == Recorded(0.5, True)
    assert path.exists()


def test_a_canvas_the_encoder_does_not_take_is_said_before_anything_is_loaded(show: Path, tmp_path: Path) -> None:
    show.write_text(SHOW.replace("width: 128, height: 72", "width: 16384, height: 16384").replace("museum-128", "none"))
    said = r"a canvas of 16384×16384 is too large for a recording; make it smaller, such as 16128×16128"
    with pytest.raises(ReverieError, match=said):
        record_show(show, 1.0, tmp_path / "day.mp4")
    assert list(tmp_path.iterdir()) == [show]
