"""The state of preparing a set on one machine: its chunks' files in the archive's folder."""

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from models.archive.errors import RejectedError
from models.archive.prepare.chunk import FORMAT, Item, chunk_name, process_chunk, reject, resume
from models.archive.prepare.settings import Settings


@dataclass(frozen=True, slots=True)
class Job:
    """A chunk to prepare: `items` of the archive in `folder` into `file`."""

    folder: Path
    file: Path
    items: tuple[Item, ...]
    settings: Settings


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
            reject(file, job.items[index], RejectedError("crashed", "the decoder, or the memory, gave way under it"))


@contextmanager
def _locked(path: Path) -> Iterator[IO[bytes]]:
    """A chunk's file, for this process alone: one that was left over when its parent was killed may still hold it."""
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o644), "r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file
