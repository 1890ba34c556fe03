"""What is mended of leftovers, and what is left alone."""

import fcntl
from io import FileIO
from pathlib import Path

import numpy as np
import pytest
from structlog.testing import capture_logs

from engine.outputs.recording import RecordingConfig, RecordingOutput
from engine.outputs.video.encoding import Encoding, Look
from engine.outputs.video.keeper import Keeper
from engine.outputs.video.mending import UnreadableError, mend
from engine.outputs.video.names import DatedNames, GivenName
from engine.outputs.video.part_file import PartFile
from engine.outputs.video.recorder import Plan, Recorder
from engine.outputs.video.retention import Keep
from engine.render.context import GLContext
from tests.outputs.films import FPS, begin, is_ordinary, shown, wait
from tests.running import PATIENCE

LOOK = Look((64, 36), FPS, 0)
NAME = "day-2026-11-30-140312-001.part.mp4"


def leave(path: Path, seconds: int = 6) -> None:
    """A file as a kill leaves it, of more than 64 kB."""
    path.parent.mkdir(parents=True, exist_ok=True)
    file = PartFile(path)
    encoding = Encoding(file, LOOK)
    random = np.random.default_rng(0)
    for i in range(seconds * FPS):
        encoding.add(random.integers(0, 255, (36, 64, 4), np.uint8), i / FPS)
    file.refuse()
    encoding.abandon()
    file.close()


def mended(part: Path, naming: DatedNames | GivenName) -> Path | None:
    ((found, name),) = naming.parts()
    assert found == part
    return mend(part, name, naming, lambda: False)


@pytest.mark.parametrize("damage", ["header", "index"])
def test_what_was_damaged_is_left_as_it_is_and_told_once(tmp_path: Path, damage: str) -> None:
    part, naming = tmp_path / NAME, DatedNames(tmp_path / "day.mp4")
    leave(part)
    data = bytearray(part.read_bytes())
    if damage == "header":
        data[:512] = bytes(512)
    else:
        at = data.index(b"moov")
        data[at - 4 : at] = b"\xff" * 4
    part.write_bytes(data)
    with capture_logs() as said:
        keeper = Keeper([naming], Keep())
        wait("the word", lambda: said)
        keeper.look()
        keeper.stop(PATIENCE)
    assert [line["file"] for line in said] == [str(part)]
    assert part.read_bytes() == data


def test_only_what_is_less_than_a_fragment_or_without_pictures_is_deleted(tmp_path: Path) -> None:
    part, naming = tmp_path / NAME, DatedNames(tmp_path / "day.mp4")
    whole = tmp_path / "whole"
    leave(whole)
    data = whole.read_bytes()
    begun = data.index(b"mdat") + 1000
    for held in (b"", data[:begun], data[: begun - 1004] + bytes(100_000)):
        part.write_bytes(held)
        assert mended(part, naming) is None
        assert not part.exists()
    part.write_bytes(data[:begun].replace(b"moov", b"moo_") + bytes(100_000))
    with pytest.raises(UnreadableError):
        mended(part, naming)
    assert part.exists()


def test_copies_of_a_killed_keeper_go(gl: GLContext, tmp_path: Path) -> None:
    part = tmp_path / NAME
    leave(part)
    for name in (NAME, "day-2026-11-29-140312-001.part.mp4"):
        (tmp_path / f"{name}.mending").write_bytes(b"half of it")
    foreign = tmp_path / "holiday.part.mp4.mending"
    foreign.write_bytes(b"somebody's")
    output = RecordingOutput(RecordingConfig(path=tmp_path / "day.mp4"))
    begin(output, gl)
    finished = tmp_path / NAME.replace(".part", "")
    wait("the leftover to be finished", lambda: finished.exists() and not part.exists())
    wait("the copies to be gone", lambda: list(tmp_path.glob("*.mending")) == [foreign])
    output.close()
    assert sorted(tmp_path.iterdir()) == [finished, foreign]
    assert len(shown(finished)) >= 5 * FPS


@pytest.mark.parametrize("name", ["pipe:0.mp4", "http:day.mp4", "concat:a|b.mp4", "100%d.mp4"])
def test_a_name_that_looks_like_an_address_is_that_of_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    naming = GivenName(Path(name))
    part = naming.part(naming.name(1))
    leave(part)
    assert mended(part, naming) == Path(name)
    assert is_ordinary(Path(name))
    assert list(tmp_path.iterdir()) == [tmp_path / name]


def test_a_file_that_could_not_be_kept_yet_is_not_replaced_by_the_next_one(tmp_path: Path) -> None:
    """Its folder goes, and comes back: what is mended then is this run's own, not what was to be overwritten."""
    folder, away = tmp_path / "films", tmp_path / "away"
    naming = GivenName(folder / "day.mp4", overwrite=True)
    plan, rows = Plan(naming, LOOK, 1.0), np.zeros((36, 64, 4), np.uint8)
    recorder = Recorder(plan)
    for i in range(FPS):
        recorder.put(rows, i / FPS)
    assert recorder.ready.wait(PATIENCE)
    folder.rename(away)
    recorder.close(PATIENCE)
    assert recorder.error is not None
    away.rename(folder)
    first = mended(naming.part(naming.name(1)), naming)
    assert first == folder / "day.mp4"
    again = Recorder(plan, recorder.number, first=False)
    again.put(rows, 5.0)
    assert again.close(PATIENCE)
    assert again.kept == folder / "day-002.mp4"
    assert len(shown(first)) == FPS


def test_a_file_taken_for_a_leftover_before_it_was_locked_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The keeper looks between the two steps in which a file is made and locked: it is empty, and goes."""
    path, naming = tmp_path / NAME, DatedNames(tmp_path / "day.mp4")
    taken = fcntl.flock
    looks: list[Path | None] = []

    def slow(file: FileIO, how: int) -> None:
        if not looks:
            looks.append(None)
            looks.append(mended(path, naming))
        taken(file, how)

    monkeypatch.setattr(fcntl, "flock", slow)
    file = PartFile(path)
    assert looks == [None, None]
    file.write(b"what is written")
    assert path.read_bytes() == b"what is written"
    assert mended(path, naming) is None  # it is locked now
    file.close()
