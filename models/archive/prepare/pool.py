"""Work spread over processes, where a process may die of what it is given.

A decoder that crashes or eats all memory takes its process along, and concurrent.futures then gives up all that was
under way. So each job that was is done again alone, and what a process dies on when it is alone is given up.
"""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import TypeVar

from models.archive.errors import ArchiveError

Job = TypeVar("Job")
STANDARD_ERROR = 2  # the file descriptor, which libraries in C write to


def run(
    jobs: Iterable[Job], work: Callable[[Job], int], give_up: Callable[[Job], object], workers: int
) -> Iterator[tuple[Job, int]]:
    """Each job with what `work`, a function of a module, returns of it in another process, as they are done.

    `give_up` is told here of a job whose process died, and lets it go on behind what killed it; the job is then done
    again. What `work` raises is raised here.
    """
    waiting = iter(jobs)
    while broken := (yield from _until_broken(waiting, work, workers)):
        for job in broken:
            yield job, _alone(job, work, give_up)


def _until_broken(
    jobs: Iterator[Job], work: Callable[[Job], int], workers: int
) -> Generator[tuple[Job, int], None, list[Job]]:
    """Yields like `run` and returns the jobs that were under way when a process died, none if none did."""
    with _executor(workers) as executor:
        running: dict[Future[int], Job] = {}
        for job in jobs:
            try:
                running[executor.submit(work, job)] = job
            except BrokenProcessPool:
                return [*running.values(), job]
            if len(running) == 2 * workers and (yield from _finish_some(running)):
                return list(running.values())
        while running:
            if (yield from _finish_some(running)):
                return list(running.values())
    return []


def _finish_some(running: dict[Future[int], Job]) -> Generator[tuple[Job, int], None, bool]:
    """Take what is done out of `running`; return whether a process died."""
    for future in wait(running, return_when=FIRST_COMPLETED).done:
        try:
            result = future.result()
        except BrokenProcessPool:
            return True
        yield running.pop(future), result
    return False


def _alone(job: Job, work: Callable[[Job], int], give_up: Callable[[Job], object]) -> int:
    while True:
        with _executor(1) as executor:
            _check(executor)
            try:
                return executor.submit(work, job).result()
            except BrokenProcessPool:
                give_up(job)


def _check(executor: ProcessPoolExecutor) -> None:
    try:
        executor.submit(os.getpid).result()
    except BrokenProcessPool:
        raise ArchiveError(
            "processes to prepare pictures in die as they start; see that there is memory and start again"
        ) from None


@contextmanager
def _executor(workers: int) -> Iterator[ProcessPoolExecutor]:
    """Processes that end as soon as what they have in hand is done, whatever else was asked of them."""
    executor = ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), _begin)
    try:
        yield executor
    finally:
        executor.shutdown(cancel_futures=True)


def _begin() -> None:
    """Ctrl-C is for the parent; when that is gone, this process has nobody to work for.

    libtiff writes to the terminal what it thinks of a damaged file; its record says so, and a progress bar stays whole.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.dup2(os.open(os.devnull, os.O_WRONLY), STANDARD_ERROR)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
