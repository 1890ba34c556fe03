"""Preparing on many machines: a chunk is a task of a Ray cluster, its file lies at an address that all nodes reach.

Ray spreads the tasks and does again elsewhere what was lost with a node. What a task returns is its chunk without the
images. That is kept in the archive's folder, where it says that the chunk is done, and is all that is read to choose
among fifty million records.
"""

import hashlib
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any, Self

from models.archive.errors import ArchiveError
from models.archive.prepare import ray_client
from models.archive.prepare.place import place
from models.archive.prepare.task import HERE, Places, prepare_alone, prepare_chunk, whole_chunk
from models.archive.prepare.work import Job
from models.files import write_atomically
from models.remote import absolute

IN_FLIGHT = 1000  # tasks that Ray has at a time: work for some hundred cores, and a few megabytes here
RETRIES = 3  # times that a task is done again whose process or node died, or could not read or write


class OnRay:
    """A context, connected to the cluster at `address`. Raises ArchiveError where there is none.

    The originals are read from the address `originals`; the chunks' files lie beside `out` until the set is made, what
    they hold without images in the folder `work`.
    """

    def __init__(self, address: str, originals: str, out: str, work: Path) -> None:
        self._address = address
        self._places = Places(absolute(originals), absolute(out) + ".chunks")
        self._chunks = place(self._places.chunks)
        self._work = work / hashlib.sha256(self._places.chunks.encode()).hexdigest()[:16]
        place(self._places.originals)

    def __enter__(self) -> Self:
        self._ray = ray_client.connected(self._address)
        again = self._ray.remote(max_retries=RETRIES, retry_exceptions=[ArchiveError])
        self._prepare_chunk, self._prepare_alone = again(prepare_chunk), again(prepare_alone)
        return self

    def __exit__(self, *_: object) -> None:
        self._ray.shutdown()

    def run(self, jobs: Iterable[Job]) -> Iterator[tuple[Job, int]]:
        """Each job with how many of its records were prepared now, as they are done. Raises ArchiveError or OSError."""
        self._begin()
        running: dict[Any, Job] = {}
        for job in jobs:
            if self._results(job).exists():
                yield job, 0
                continue
            running[self._submit(job)] = job
            if len(running) == IN_FLIGHT:
                yield from self._finish_some(running)
        while running:
            yield from self._finish_some(running)

    def results(self, job: Job) -> IO[bytes]:
        """A finished chunk's file without its images."""
        return self._results(job).open("rb")

    def images(self, job: Job) -> IO[bytes]:
        """A finished chunk's file. Raises OSError, ArchiveError where it is gone."""
        file = whole_chunk(self._chunks / job.file.name, len(job.items))
        if file is None:
            self._results(job).unlink(missing_ok=True)
            raise ArchiveError(
                f"{self._places.chunks}: {job.file.name} is gone or damaged; start again, and it is prepared anew"
            )
        return file

    def clear(self) -> None:
        """Take the chunks' files away, when the set is made. Raises OSError."""
        self._chunks.remove()

    def _begin(self) -> None:
        """Mark the place of the chunks' files. Where it is new, what is known of chunks is of others."""
        try:
            if (self._chunks / HERE).exists():
                return
            shutil.rmtree(self._work, ignore_errors=True)
            with (self._chunks / HERE).create():
                pass  # an empty file will do
        except OSError as error:
            raise ArchiveError(
                f"{self._places.chunks}: cannot be written ({error.strerror or error}); name another place for the set"
            ) from None

    def _submit(self, job: Job, deadly: tuple[int, ...] = ()) -> Any:
        return self._prepare_chunk.remote(job.items, job.settings, self._places, job.file.name, deadly)

    def _finish_some(self, running: dict[Any, Job]) -> Iterator[tuple[Job, int]]:
        """Wait for a task, and take all that are done out of `running`."""
        first, _ = self._ray.wait(list(running))
        all_done, _ = self._ray.wait(list(running), num_returns=len(running), timeout=0)
        for task in {*first, *all_done}:
            job = running.pop(task)
            yield job, self._keep(job, ray_client.result(self._ray, task) or self._carefully(job))

    def _keep(self, job: Job, result: tuple[int, bytes]) -> int:
        number, records = result
        write_atomically(self._results(job), lambda temporary: temporary.write_bytes(records))
        return number

    def _carefully(self, job: Job) -> tuple[int, bytes]:
        """The chunk without the records of which the processes die that prepare them."""
        tasks = [self._prepare_alone.remote(item, job.settings, self._places) for item in job.items]
        deadly = tuple(n for n, task in enumerate(tasks) if not ray_client.result(self._ray, task))
        result: tuple[int, bytes] | None = ray_client.result(self._ray, self._submit(job, deadly))
        if result is None:
            raise ArchiveError(
                f"processes of the cluster die on the records from {job.items[0].id} to {job.items[-1].id}, but not on"
                " one alone; see that its nodes have memory and start again: it goes on where it stopped"
            )
        return result

    def _results(self, job: Job) -> Path:
        return self._work / job.file.name
