"""A recording survives what ends its writer: cut off, killed, without power, on a full disk, in a folder that goes."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import av
import numpy as np
import pytest

from engine.outputs.base import Canvas, OutputError
from engine.outputs.rack import LONGEST_PAUSE, SETTLED, OutputRack
from engine.outputs.recording import RecordingConfig, RecordingOutput
from engine.outputs.video import part_file
from engine.outputs.video.encoding import Encoding, Look
from engine.outputs.video.names import DatedNames, GivenName
from engine.outputs.video.part_file import PartFile
from engine.outputs.video.recorder import QUEUE
from engine.render.context import GLContext
from tests.outputs.films import CANVAS, FPS, Film, begin, boxes, is_ordinary, is_the_film, middle, shown, wait
from tests.running import PATIENCE, ROOT

LOOK = Look((64, 36), FPS, 16)


class Watched(PartFile):
    """Notes every write as (position, bytes), and every sync as None."""

    def __init__(self, path: Path) -> None:
        self.log: list[tuple[int, bytes] | None] = []
        super().__init__(path)

    def write(self, data: bytes) -> int:
        at = self.tell()
        length = super().write(data)
        self.log.append((at, bytes(data)))
        return length


def pictures(count: int) -> Iterator[np.ndarray]:
    """Noise, [H, W, 4], that takes a good part of the file for each frame."""
    random = np.random.default_rng(0)
    return (random.integers(0, 255, (36, 64, 4), np.uint8) for _ in range(count))


def survivors(path: Path) -> list[int]:
    """What `shown` gives, up to a frame that is only there in part."""
    greys = []
    with av.open(str(path)) as video, suppress(av.error.InvalidDataError):
        for frame in video.decode(video=0):
            greys.append(middle(frame.to_ndarray(format="gray")))
    return greys


def test_a_file_cut_anywhere_plays_up_to_the_last_second(tmp_path: Path) -> None:
    file = PartFile(tmp_path / "day.part.mp4")
    encoding = Encoding(file, LOOK)
    sizes = []  # of the file, when so many frames had been shown
    for i, pixels in enumerate(pictures(12 * FPS)):
        encoding.add(pixels, i / FPS)
        sizes.append(file.path.stat().st_size)
    data = file.path.read_bytes()
    file.refuse()
    encoding.abandon()
    file.close()
    cut = tmp_path / "cut.mp4"
    for length in np.linspace(len(data) / 10, len(data), 10).astype(int):
        cut.write_bytes(data[:length])
        seen_by_then = int(np.searchsorted(sizes, length))
        assert seen_by_then > FPS
        assert len(survivors(cut)) >= seen_by_then - FPS


def test_at_no_moment_of_its_end_a_file_is_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = Watched(tmp_path / "day.part.mp4")
    monkeypatch.setattr(part_file, "SYNC_REST", PATIENCE)  # so that only the end itself syncs
    encoding = Encoding(file, LOOK)
    for i, pixels in enumerate(pictures(3 * FPS)):
        encoding.add(pixels, i / FPS)
    before = len(file.log)
    sync = os.fsync
    monkeypatch.setattr(os, "fsync", lambda descriptor: (file.log.append(None), sync(descriptor))[1])
    encoding.end()
    writes = [entry for entry in file.log if entry is not None]
    moment, data = tmp_path / "moment.mp4", bytearray()
    for number, (at, written) in enumerate(writes):
        data[at : at + len(written)] = written
        if number >= before:
            moment.write_bytes(data)
            assert len(shown(moment)) >= 2 * FPS
    assert len(shown(moment)) == 3 * FPS
    assert is_ordinary(moment)
    assert writes[-1][0] < 100, "the last bytes are those at the beginning that point to the index"
    assert file.log[-2] is None, "and all else is on the disk before they are"
    file.close()


KILLED = """
import sys
from pathlib import Path
from engine.outputs.base import Canvas
from engine.outputs.recording import RecordingConfig, RecordingOutput
from engine.outputs.video.names import GivenName
from engine.render.context import open_context
from tests.outputs.films import FPS, Film

path, given, count = Path(sys.argv[1]), sys.argv[2] == "given", int(sys.argv[3])
gl = open_context()
canvas = Canvas(64, 36, FPS)
film = Film(gl, canvas)
output = RecordingOutput(RecordingConfig(path=path), exact=True, naming=GivenName(path) if given else None)
output.open(gl, canvas)
for i in range(count):
    output.present(film.frame(i), i, i / FPS)
print("shown", flush=True)
sys.stdin.readline()
output.close()
"""


@contextmanager
def recording_process(path: Path, count: int, kind: str = "dated") -> Iterator[subprocess.Popen[str]]:
    """Another process that has shown so many frames to a recording, and waits for a line before it closes it."""
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(path), kind, str(count)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == "shown\n"
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()


def kill(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGKILL)
    process.wait()


def parts(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.part*"))


def test_a_killed_recording_plays_and_is_finished_by_the_next_start(gl: GLContext, tmp_path: Path) -> None:
    with recording_process(tmp_path / "day.mp4", 8 * FPS) as process:
        kill(process)
    (part,) = tmp_path.iterdir()
    survived = len(shown(part))
    assert survived >= 8 * FPS - FPS - QUEUE  # the last second, and what the encoder had not taken yet
    output = RecordingOutput(RecordingConfig(path=tmp_path / "day.mp4"))
    begin(output, gl)
    finished = part.with_name(part.name.replace(".part", ""))
    wait("the leftover to be finished", lambda: finished.exists() and part not in parts(tmp_path))
    output.close()
    assert list(tmp_path.iterdir()) == [finished]
    assert is_ordinary(finished)
    assert is_the_film(finished, 0, survived)


def test_what_another_process_records_is_left_alone(gl: GLContext, tmp_path: Path) -> None:
    with recording_process(tmp_path / "day.mp4", 3 * FPS) as process:
        (part,) = parts(tmp_path)
        output = RecordingOutput(RecordingConfig(path=tmp_path / "day.mp4"), exact=True)
        film = Film(gl)
        begin(output, gl)
        output.present(film.frame(0), 0, 0.0)
        output.close()
        assert parts(tmp_path) == [part]
        process.communicate("\n", timeout=PATIENCE)
    assert parts(tmp_path) == []
    lengths = sorted(len(shown(path)) for path in tmp_path.iterdir())
    assert lengths == [1, 3 * FPS]


def test_the_same_name_again_after_a_kill_takes_nothing_from_the_first(gl: GLContext, tmp_path: Path) -> None:
    path = tmp_path / "day.mp4"
    with recording_process(path, 4 * FPS, "given") as process:
        again = RecordingOutput(RecordingConfig(path=path), exact=True, naming=GivenName(path))
        with pytest.raises(OutputError, match=r"day\.mp4: another process is recording to it; choose another name"):
            begin(again, gl)
        kill(process)
    film = Film(gl)
    again = RecordingOutput(RecordingConfig(path=path), exact=True, naming=GivenName(path))
    begin(again, gl)
    for i in range(5):
        again.present(film.frame(i), i, i / FPS)
    wait("the leftover to be finished", lambda: len(parts(tmp_path)) == 1)
    again.close()
    first, second = sorted(tmp_path.iterdir(), key=lambda file: file == path)
    assert DatedNames(path).parse(first.name) is not None
    assert len(shown(first)) >= 4 * FPS - FPS - QUEUE
    assert is_the_film(second, 0, 5)


def test_what_is_no_recording_is_left_alone_and_what_holds_nothing_goes(gl: GLContext, tmp_path: Path) -> None:
    foreign = tmp_path / "day-2026-11-30-140312-001.part.mp4"
    foreign.write_bytes(b"a text of somebody's")
    empty = tmp_path / "day-2026-11-30-140312-002.part.mp4"
    empty.write_bytes(b"\0\0\0\x10ftypisom\0\0\0\0")
    output = RecordingOutput(RecordingConfig(path=tmp_path / "day.mp4"))
    begin(output, gl)
    wait("a look at the folder", lambda: not empty.exists())
    output.close()
    assert list(tmp_path.iterdir()) == [foreign]


FULL = """
import resource, sys
from pathlib import Path
from engine.outputs.base import Canvas, OutputError
from engine.outputs.recording import RecordingConfig, RecordingOutput
from engine.outputs.video.names import GivenName
from engine.render.context import open_context
from tests.outputs.films import FPS, Film

path = Path(sys.argv[1])
canvas = Canvas(320, 180, FPS)
gl = open_context()
film = Film(gl, canvas, 255)
output = RecordingOutput(RecordingConfig(path=path, quality=0), exact=True, naming=GivenName(path))
resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, 600_000))
try:
    output.open(gl, canvas)
    for i in range(60):
        output.present(film.frame(i), i, i / FPS)
    output.close()
    print("nothing was said")
except OutputError as error:
    print(error)
"""


def test_no_more_room_ends_the_file_with_a_word_and_keeps_what_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "day.mp4"
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(path)], capture_output=True, text=True, timeout=PATIENCE, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr
    assert "day.mp4: cannot be written" in done.stdout
    assert "what is whole is kept in day.mp4" in done.stdout
    assert list(tmp_path.iterdir()) == [path]
    count = len(shown(path))
    assert count > 0
    assert is_the_film(path, 0, count)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of 2 MB; the test is skipped where none may be mounted."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = shutil.which("mount")
    if mount is None or subprocess.run([mount, "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(disk)]).returncode:
        pytest.skip("no file system may be mounted here")
    try:
        yield disk
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_the_next_engine_of_a_run_goes_on_in_another_file(gl: GLContext, tmp_path: Path) -> None:
    path = tmp_path / "day.mp4"
    with recording_process(path, 4 * FPS, "given") as process:
        kill(process)
    film = Film(gl)
    output = RecordingOutput(RecordingConfig(path=path), exact=True, naming=GivenName(path, resumed=True))
    begin(output, gl)
    for i in range(5):
        output.present(film.frame(i), i, i / FPS)
    wait("what the first engine left to be finished", path.exists)
    output.close()
    assert sorted(tmp_path.iterdir()) == [tmp_path / "day-002.mp4", path]
    assert len(shown(path)) >= 4 * FPS - FPS - QUEUE
    assert is_the_film(tmp_path / "day-002.mp4", 0, 5)


@pytest.mark.parametrize("overwrite", [True, False])
def test_what_was_to_be_overwritten_is_by_what_the_first_engine_left(
    gl: GLContext, tmp_path: Path, overwrite: bool
) -> None:
    path = tmp_path / "day.mp4"
    with recording_process(path, 4 * FPS, "given") as process:
        kill(process)
    path.write_bytes(b"as before the run")
    naming = GivenName(path, overwrite=overwrite, resumed=True)
    output = RecordingOutput(RecordingConfig(path=path), exact=True, naming=naming)
    film = Film(gl)
    begin(output, gl)
    for i in range(5):
        output.present(film.frame(i), i, i / FPS)
    wait("what the first engine left to be finished", lambda: parts(tmp_path) == [tmp_path / "day-002.part.mp4"])
    output.close()
    first, second = path if overwrite else tmp_path / "day-003.mp4", tmp_path / "day-002.mp4"
    assert sorted(tmp_path.iterdir()) == sorted({path, first, second})
    assert len(shown(first)) >= 4 * FPS - FPS - QUEUE
    assert is_the_film(second, 0, 5)
    assert overwrite or path.read_bytes() == b"as before the run"


def test_a_third_engine_takes_nothing_from_the_first_two(gl: GLContext, tmp_path: Path) -> None:
    path = tmp_path / "day.mp4"
    naming = GivenName(path, overwrite=True, resumed=True)
    film = Film(gl)
    for i in range(3):  # each finds what those before it have finished
        output = RecordingOutput(RecordingConfig(path=path), exact=True, naming=naming)
        begin(output, gl)
        for j in range(5):
            output.present(film.frame(i + j), j, j / FPS)
        output.close()
    assert [file.name for file in sorted(tmp_path.iterdir())] == ["day-002.mp4", "day-003.mp4", "day.mp4"]
    assert is_the_film(path, 0, 5)


def test_a_leftover_without_room_for_a_copy_keeps_its_fragments(gl: GLContext, small_disk: Path) -> None:
    with recording_process(small_disk / "day.mp4", 12 * FPS) as process:
        kill(process)
    (part,) = small_disk.iterdir()
    whole = len(shown(part))
    with part.open("ab") as file:
        file.write(b"\0\0\1\0moof and then the power went")
    room = os.statvfs(small_disk).f_bavail * os.statvfs(small_disk).f_frsize
    (small_disk / "filler").write_bytes(b"\0" * (room - 12_000))
    output = RecordingOutput(RecordingConfig(path=small_disk / "day.mp4"))
    begin(output, gl)
    finished = part.with_name(part.name.replace(".part", ""))
    wait("the leftover to be named", finished.exists)
    output.close()
    assert "moof" in boxes(finished)
    assert len(shown(finished)) == whole


class Show:
    """Frames to a rack with one recording, on a clock that passes when told to."""

    def __init__(self, gl: GLContext, config: RecordingConfig, canvas: Canvas = CANVAS) -> None:
        self._film = Film(gl, canvas, 255)
        self.output = RecordingOutput(config, exact=True)
        self.now = 0.0
        self.frames = 0
        self.rack = OutputRack([("recording", self.output)], gl, canvas, lambda: self.now)
        self.rack.open()

    def go_on(self, what: str, condition: Callable[[], object]) -> None:
        """Present frames until a condition holds."""

        def shown_one() -> bool:
            self.rack.present(self._film.frame(self.frames), self.frames, self.frames / FPS)
            self.frames += 1
            return bool(condition())

        wait(what, shown_one)

    @property
    def problem(self) -> str:
        return self.rack.problems.get("recording", "")


def test_a_full_disk_ends_a_file_and_room_begins_the_next(gl: GLContext, small_disk: Path) -> None:
    filler = small_disk / "filler"
    filler.write_bytes(b"\0" * 1_200_000)
    show = Show(gl, RecordingConfig(path=small_disk / "day.mp4", quality=0), Canvas(160, 90, FPS))
    show.go_on("the disk to be full", lambda: "No space left" in show.problem)
    before = set(small_disk.glob("*.mp4"))
    assert len(before) == 1
    for _ in range(3):  # tried again on a disk that still is
        show.now += LONGEST_PAUSE + 1
        show.go_on("the next loss", lambda: show.output._recorder is None)
        assert "No space left" in show.problem
    filler.unlink()

    def recovered() -> bool:
        """A try may still meet a full disk; then the next comes when its pause is over."""
        show.now += LONGEST_PAUSE + 1 if show.output._recorder is None else SETTLED / 8
        return not show.problem

    show.go_on("health", recovered)
    show.rack.close()
    after = set(small_disk.glob("*.mp4"))
    assert before <= after
    assert parts(small_disk) == []
    for path in after:
        assert shown(path)
    assert after - before


def test_a_folder_that_goes_costs_no_frame_and_nothing_whole(gl: GLContext, tmp_path: Path) -> None:
    folder, away = tmp_path / "films", tmp_path / "away"
    show = Show(gl, RecordingConfig(path=folder / "day.mp4", segment=1.0))
    show.go_on("a segment", lambda: len(list(folder.glob("*.mp4"))) > 2)
    folder.rename(away)
    folder.touch()  # in the place of the folder: not even a new one can be made
    show.go_on("the loss", lambda: show.problem)
    assert "day.mp4: cannot be written" in show.problem
    left = parts(away)
    assert left
    folder.unlink()
    away.rename(folder)
    show.now += LONGEST_PAUSE + 1
    show.go_on("what was left to be finished", lambda: not set(parts(folder)) & {folder / path.name for path in left})
    show.now += SETTLED
    show.go_on("health", lambda: not show.problem)
    show.rack.close()
    assert parts(folder) == []
    assert all(shown(path) for path in folder.iterdir())
