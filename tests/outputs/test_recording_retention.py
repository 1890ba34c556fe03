"""Old recordings go when they may no longer stay, and nothing else ever does."""

import os
import time
from pathlib import Path

import pytest

from engine.outputs.base import Canvas
from engine.outputs.recording import RecordingConfig, RecordingOutput
from engine.outputs.video.names import DatedNames, GivenName
from engine.outputs.video.retention import DAY, Keep, Rest, forget
from engine.render.context import GLContext
from tests.outputs.films import FPS, Film, begin, shown, wait

NOW = 1_800_000_000.0  # by the wall clock, in seconds


def make(folder: Path, name: str, age: float, size: int = 1000) -> Path:
    """A file whose last change is `age` days ago."""
    path = folder / name
    path.write_bytes(b"\0" * size)
    os.utime(path, (NOW - age * DAY, NOW - age * DAY))
    return path


def days(folder: Path) -> list[Path]:
    """Five recordings, from ten days ago to two."""
    return [make(folder, f"day-2026-11-{20 + i:02}-100000-{i + 1:03}.mp4", 10 - 2 * i) for i in range(5)]


def test_files_go_by_age(tmp_path: Path) -> None:
    files = days(tmp_path)
    assert forget(DatedNames(tmp_path / "day.mp4"), Keep(days=4.5), NOW).gone == files[:3]  # a day after the newest
    assert sorted(tmp_path.iterdir()) == files[3:]


def test_files_go_by_size_oldest_first_and_the_one_being_written_counts(tmp_path: Path) -> None:
    files = days(tmp_path)
    writing = make(tmp_path, "day-2026-11-30-140312-001.part.mp4", 0, 1500)
    assert forget(DatedNames(tmp_path / "day.mp4"), Keep(bytes=3600), NOW).gone == files[:3]
    assert sorted(tmp_path.iterdir()) == [*files[3:], writing]
    assert forget(DatedNames(tmp_path / "day.mp4"), Keep(bytes=1), NOW).gone == files[3:4]
    assert sorted(tmp_path.iterdir()) == [files[4], writing]


def test_the_newest_finished_file_stays_and_is_a_problem_where_it_alone_is_too_large(tmp_path: Path) -> None:
    naming = DatedNames(tmp_path / "day.mp4")
    old = make(tmp_path, "day-2026-11-29-100000-001.mp4", 2, 1000)
    newest = make(tmp_path, "day-2026-11-30-100000-001.mp4", 1, 5000)
    assert forget(naming, Keep(bytes=4000), NOW) == Rest([old], newest)
    assert forget(naming, Keep(bytes=4000), NOW) == Rest([], newest)
    assert forget(naming, Keep(bytes=5000), NOW) == Rest([])
    assert forget(naming, Keep(days=0.1), NOW) == Rest([])


def test_copies_that_are_being_mended_count_too(tmp_path: Path) -> None:
    files = days(tmp_path)
    make(tmp_path, "day-2026-11-30-140312-001.part.mp4", 0)
    copy = make(tmp_path, "day-2026-11-30-140312-001.part.mp4.mending", 0)
    assert forget(DatedNames(tmp_path / "day.mp4"), Keep(bytes=5000), NOW).gone == files[:2]
    assert copy.exists()


@pytest.mark.parametrize("wrong", [NOW + 3000 * DAY, 0.0])
def test_a_wrong_clock_makes_no_file_old(tmp_path: Path, wrong: float) -> None:
    files = days(tmp_path)
    assert forget(DatedNames(tmp_path / "day.mp4"), Keep(days=14), wrong).gone == []
    assert sorted(tmp_path.iterdir()) == files


def test_a_file_of_a_wrong_clock_does_not_outdate_the_others(tmp_path: Path) -> None:
    files = [*days(tmp_path), make(tmp_path, "day-2035-01-01-100000-001.mp4", -3000)]
    assert forget(DatedNames(tmp_path / "day.mp4"), Keep(days=14), NOW).gone == []
    assert sorted(tmp_path.iterdir()) == files


def test_without_limits_all_stay(tmp_path: Path) -> None:
    files = days(tmp_path)
    assert forget(DatedNames(tmp_path / "day.mp4"), Keep(), NOW).gone == []
    assert sorted(tmp_path.iterdir()) == files


def test_nothing_else_is_ever_deleted(tmp_path: Path) -> None:
    names = [
        "day.mp4",
        "day-002.mp4",
        "day-2026-11-20.mp4",
        "day-2026-11-20-100000.mp4",
        "day-2026-11-20-100000-001.mov",
        "day-2026-11-20-100000-001.part.mp4",
        "day-2026-11-20-100000-001-cut.mp4",
        "my-day-2026-11-20-100000-001.mp4",
        "daY-2026-11-20-100000-001.mp4",
        "day-off-2026-11-20-100000-001.mp4",
    ]
    for name in names:
        make(tmp_path, name, 100)
    (tmp_path / "day-2026-11-20-100000-003.mp4").mkdir()
    (tmp_path / "day-2026-11-20-100000-004.mp4").symlink_to(tmp_path / "day.mp4")
    before = sorted(tmp_path.iterdir())
    for naming in (DatedNames(tmp_path / "day.mp4"), DatedNames(tmp_path / "night.mp4")):
        assert forget(naming, Keep(days=1, bytes=1), NOW).gone == []
    assert sorted(tmp_path.iterdir()) == before


def test_a_name_with_signs_that_mean_something_to_patterns_is_taken_literally(tmp_path: Path) -> None:
    make(tmp_path, "dayX-2026-11-20-100000-001.mp4", 100)
    own = make(tmp_path, "day.-2026-11-20-100000-001.mp4", 100)
    make(tmp_path, "day.-2026-11-21-100000-001.mp4", 0)
    assert forget(DatedNames(tmp_path / "day..mp4"), Keep(days=1), NOW).gone == [own]


def test_a_recording_keeps_its_folder_within_bounds(gl: GLContext, tmp_path: Path) -> None:
    for i in range(3):
        make(tmp_path, f"day-2020-11-{20 + i:02}-100000-001.mp4", 1000, 10_000_000)
    foreign = make(tmp_path, "holiday.mp4", 1000, 10_000_000)
    output = RecordingOutput(RecordingConfig(path=tmp_path / "day.mp4", keep_bytes=1_000_000), exact=True)
    film = Film(gl)
    begin(output, gl)
    output.present(film.frame(0), 0, 0.0)
    deadline = time.monotonic() + 90
    while len(list(tmp_path.glob("day-2020-*"))) > 1:  # the newest finished one stays until this one is
        assert time.monotonic() < deadline
        time.sleep(0.02)
    output.close()
    (kept,) = set(tmp_path.iterdir()) - {foreign}
    assert shown(kept)


def test_a_file_ends_early_so_that_what_is_kept_can_be_bounded(gl: GLContext, tmp_path: Path) -> None:
    for _ in range(3):
        make(tmp_path, "day-2020-11-20-100000-001.mp4", 1000, 10_000_000)
    config = RecordingConfig(path=tmp_path / "day.mp4", quality=0, keep_bytes=600_000)
    output = RecordingOutput(config, exact=True)
    canvas = Canvas(160, 90, FPS)
    film = Film(gl, canvas, 255)
    begin(output, gl, canvas)
    for i in range(6 * FPS):
        output.present(film.frame(i), i, i / FPS)
    output.close()
    made = sorted(tmp_path.glob("day-2*.mp4"))
    lengths = [len(shown(path)) for path in made if "2020" not in path.name]
    assert len(lengths) > 1
    assert min(lengths[:-1]) >= FPS
    assert max(path.stat().st_size for path in made if "2020" not in path.name) < 600_000


def test_one_file_that_is_too_large_is_a_problem_of_the_show(gl: GLContext, tmp_path: Path) -> None:
    newest = make(tmp_path, "day-2026-11-30-100000-001.mp4", -1000, 10_000)
    output = RecordingOutput(RecordingConfig(path=tmp_path / "day.mp4", keep_bytes=9_999), exact=True)
    begin(output, gl)
    wait("the problem", lambda: output.problem)
    assert output.problem.startswith(f"{newest.name} alone is more than keep_bytes; let it keep more")
    output.close()
    assert newest.exists()


def test_names_are_read_as_they_are_made(tmp_path: Path) -> None:
    path = tmp_path / "day.mp4"
    for naming in (DatedNames(path), GivenName(path)):
        for number in (1, 2, 999, 1000):
            name = naming.name(number)
            assert naming.parse(naming.final(name).name) == name
            naming.part(name).touch()
        assert sorted(name.number for _, name in naming.parts()) == [1, 2, 999, 1000]
        for part, name in naming.parts():
            assert naming.part(name) == part
