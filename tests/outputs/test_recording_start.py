"""A recording begins on a disk that does not answer: the start says so, and a show that goes on never waits for it."""

from pathlib import Path
from threading import Event, Thread, enumerate

import pytest
from structlog.testing import capture_logs

from engine.outputs import recording
from engine.outputs.base import OutputError
from engine.outputs.rack import OutputRack
from engine.outputs.recording import RecordingConfig, RecordingOutput
from engine.outputs.video.names import DatedNames
from engine.render.context import GLContext
from tests.outputs.films import CANVAS, FPS, Film, is_the_film, wait
from tests.running import PATIENCE


class Silent(DatedNames):
    """Names on a disk that does not answer until it is told to."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.answers = Event()

    def prepare(self) -> None:
        assert self.answers.wait(PATIENCE)
        super().prepare()


def on_a_silent_disk(gl: GLContext, folder: Path) -> tuple[OutputRack, RecordingOutput, Silent]:
    naming = Silent(folder / "day.mp4")
    output = RecordingOutput(RecordingConfig(path=naming.path), naming=naming)
    return OutputRack([("recording", output)], gl, CANVAS), output, naming


def recorders() -> list[Thread]:
    return [thread for thread in enumerate() if thread.name.startswith("recorder")]


def test_the_start_is_told_and_nothing_is_left_of_it(
    gl: GLContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "START", 0.0)
    before = set(recorders())
    rack, _, naming = on_a_silent_disk(gl, tmp_path)
    with capture_logs() as said:
        with pytest.raises(OutputError, match=r"day\.mp4: the disk does not answer; choose another place"):
            rack.open()
        rack.close()  # while the disk still does not answer
        naming.answers.set()
        wait("the recorder's end", lambda: before.issuperset(recorders()))
    assert list(tmp_path.iterdir()) == []
    assert said == []


def test_a_start_that_fails_is_told_once(gl: GLContext) -> None:
    rack = OutputRack([("recording", RecordingOutput(RecordingConfig(path=Path("/proc/day.mp4"))))], gl, CANVAS)
    with capture_logs() as said:
        with pytest.raises(OutputError, match=r"day\.mp4: cannot be written"):
            rack.open()
        rack.close()
    assert said == []


def test_a_show_that_goes_on_does_not_wait(gl: GLContext, tmp_path: Path) -> None:
    rack, output, naming = on_a_silent_disk(gl, tmp_path)
    film, frames = Film(gl), 0
    rack.open(patient=True)  # would wait for ever, as would any of these frames
    while not output.dropped:
        rack.present(film.frame(frames), frames, frames / FPS)
        frames += 1
    assert rack.problems == {"recording": "frames are left out: the disk does not answer"}
    naming.answers.set()
    wait("the disk's answer", lambda: output._recorder is not None and output._recorder.ready.is_set())
    queued = frames - 1  # all but the one that was left out
    wait("room for another frame", lambda: output._recorder is not None and not output._recorder.full)
    assert "encoder or disk are too slow" in rack.problems["recording"]
    rack.present(film.frame(queued), queued, queued / FPS)
    assert output._keeper is not None
    rack.close()
    (kept,) = tmp_path.iterdir()
    assert is_the_film(kept, 0, queued + 1)


def test_after_a_failure_the_next_try_does_not_wait_either(gl: GLContext, tmp_path: Path) -> None:
    folder, now = tmp_path / "films", 0.0
    folder.touch()
    output = RecordingOutput(RecordingConfig(path=folder / "day.mp4"))
    rack = OutputRack([("recording", output)], gl, CANVAS, lambda: now)
    film = Film(gl)
    rack.open(patient=True)
    wait("the loss", lambda: rack.present(film.frame(0), 0, 0.0) or rack.problems)
    assert "cannot be written (Not a directory)" in rack.problems["recording"]
    naming = output._naming = Silent(folder / "day.mp4")
    now += 100.0
    rack.present(film.frame(0), 0, 0.0)  # opened, and the disk does not answer
    folder.unlink()
    naming.answers.set()
    wait("the file", lambda: list(folder.glob("*.part.mp4")))
    rack.close()
    (kept,) = folder.iterdir()
    assert is_the_film(kept, 0, 1)
