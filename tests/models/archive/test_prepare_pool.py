"""Processes that die: what they died on is given up, and nothing else is lost or done twice."""

import os
from pathlib import Path

import pytest

from models.archive.prepare.pool import run

RECORDS = 5


def work(job: Path) -> int:
    """Does what is left of a job's records, and dies on those named so."""
    done = finished(job)
    for name in job.read_text().split()[len(done) :]:
        if name == "deadly":
            os._exit(9)
        if name == "wrong":
            raise OSError(28, "No space left on device")
        note(job, name)
    return RECORDS - len(done)


def give_up(job: Path) -> None:
    note(job, "given-up")


def note(job: Path, name: str) -> None:
    with job.with_suffix(".done").open("a") as file:
        file.write(name + "\n")


def finished(job: Path) -> list[str]:
    path = job.with_suffix(".done")
    return path.read_text().split() if path.exists() else []


def jobs(folder: Path, deadly: dict[int, set[int]]) -> list[Path]:
    paths = []
    for number in range(8):
        names = ["deadly" if place in deadly.get(number, ()) else f"record{place}" for place in range(RECORDS)]
        paths.append(folder / f"{number}.job")
        paths[-1].write_text("\n".join(names))
    return paths


@pytest.mark.parametrize("deadly", [{}, {0: {0}}, {3: {2, 4}, 7: {4}}])
def test_only_what_a_process_died_on_is_given_up(tmp_path: Path, deadly: dict[int, set[int]]) -> None:
    paths = jobs(tmp_path, deadly)
    assert sorted(job for job, _ in run(iter(paths), work, give_up, 2)) == paths
    for number, path in enumerate(paths):
        lost = deadly.get(number, set())
        assert finished(path) == ["given-up" if i in lost else f"record{i}" for i in range(RECORDS)]


def test_what_work_raises_ends_the_run(tmp_path: Path) -> None:
    paths = jobs(tmp_path, {})
    paths[2].write_text("wrong")
    with pytest.raises(OSError, match="No space left"):
        list(run(paths, work, give_up, 2))
