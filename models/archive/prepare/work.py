"""The state of preparing a set: its chunks, and on one machine their files in the archive's folder."""

import fcntl
import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol, Self

from models.archive.errors import RejectedError
from models.archive.prepare.chunk import FORMAT, Item, chunk_name, process_chunk, reject, resume
from models.archive.prepare.pool import run
from models.archive.prepare.settings import Settings

CRASHED = RejectedError("crashed", "the decoder, or the memory, gave way under it")


@dataclass(frozen=True, slots=True)
class Job:
    """A chunk to prepare: `items` of the archive in `folder` into `file`."""

    folder: Path
    file: Path
    items: tuple[Item, ...]
    settings: Settings


class Machines(Protocol):
    """What prepares chunks and keeps their files: a context that this machine is, or a cluster. All raise ArchiveError
    or OSError.
    """

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...

    def run(self, jobs: Iterable[Job]) -> Iterator[tuple[Job, int]]:
        """Each job with how many of its records were prepared now, as they are done."""

    def results(self, job: Job) -> IO[bytes]:
        """A finished chunk's file for `read_results`, perhaps without its images."""

    def images(self, job: Job) -> IO[bytes]:
        """A finished chunk's file for `read_chunk`."""

    def clear(self) -> None:
        """Take away what is not in the archive's folder."""


class OnThisMachine:
    """So many processes of it."""

    def __init__(self, workers: int) -> None:
        self._workers = workers

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None: ...

    def run(self, jobs: Iterable[Job]) -> Iterator[tuple[Job, int]]:
        return run(jobs, process, give_up, self._workers)

    def results(self, job: Job) -> IO[bytes]:
        return job.file.open("rb")

    def images(self, job: Job) -> IO[bytes]:
        return job.file.open("rb")

    def clear(self) -> None: ...


def work_folder(folder: Path, settings: Settings) -> Path:
    """Where an archive keeps what is prepared with these settings until the set is made."""
    text = json.dumps([FORMAT, settings.as_json()], sort_keys=True)
    return folder / "work" / hashlib.sha256(text.encode()).hexdigest()[:16]


def job(folder: Path, items: tuple[Item, ...], settings: Settings) -> Job:
    """The chunk of these items."""
    return Job(folder, work_folder(folder, settings) / chunk_name(items, settings), items, settings)


def process(job: Job) -> int:
    """Prepare what its file does not hold yet; how many records that was. Raises ArchiveError or OSError."""
    with _locked(job.file) as file:
        return process_chunk(job.items, job.settings, lambda name: (job.folder / name).read_bytes(), file)


def give_up(job: Job) -> None:
    """Reject the record at which the process of a job died."""
    with _locked(job.file) as file:
        if (index := resume(file)) < len(job.items):
            reject(file, job.items[index], CRASHED)


@contextmanager
def _locked(path: Path) -> Iterator[IO[bytes]]:
    """A chunk's file, for this process alone: one that was left over when its parent was killed may still hold it."""
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o644), "r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file
