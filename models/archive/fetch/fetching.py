"""Fetch every listed picture of an archive: each once, at its server's pace, to be stopped and killed at any moment.

Every source has its own few workers, so that a slow museum holds up no other. Workers take their records from pages of
the catalogue: what is in memory does not grow with the archive. Each outcome is in the catalogue before the next record
is begun.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from models.archive.catalogue import Catalogue
from models.archive.errors import ArchiveError, RejectedError
from models.archive.fetch.download import Download, Version
from models.archive.fetch.iiif_image import image_address
from models.archive.fetch.lost import list_lost
from models.archive.fetch.picture import digest, suffix
from models.archive.fetch.store import Store, seal
from models.archive.net.client import Client
from models.archive.net.failure import TransientError
from models.archive.net.policy import Policy
from models.archive.record import Entry, Status

Progress = Callable[[int, int | None], None]
PAGE = 1_000
WORKERS = 8  # a source
SOURCES = 32  # at a time
INFO_BYTES = 4 * 2**20  # of an info.json
LOOK = 0.02  # seconds between looks at whether to stop
LAST = "\U0010ffff"  # comes after all other characters, in SQLite's order too


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a run did. `deferred` counts by kind what is to be tried again, `left` all that is still listed."""

    accepted: int
    rejected: dict[str, int]
    deferred: dict[str, int]
    bytes: int
    left: int
    stopped: bool


def _silent(done: int, total: int | None) -> None:
    return None


def fetch(
    folder: Path,
    policy: Policy,
    *,
    short_side: int = 1024,
    progress: Progress = _silent,
    limit: int | None = None,
    stopped: Callable[[], bool] = lambda: False,
) -> Fetched:
    """Fetch what the catalogue lists and what has been lost, at most `limit` records; IIIF pictures with `short_side`
    pixels where they have as many. Ends soon after `stopped` turns true, the catalogue in order. Raises ArchiveError.
    """
    with Catalogue(folder):
        pass  # an archive is there, or this says so
    with Catalogue(folder, writing=True) as catalogue:
        list_lost(catalogue)
        return asyncio.run(_Run(catalogue, policy, short_side, progress, limit).run(stopped))


class _Run:
    def __init__(
        self, catalogue: Catalogue, policy: Policy, short_side: int, progress: Progress, limit: int | None
    ) -> None:
        self._catalogue = catalogue
        self._store = Store(catalogue.folder, catalogue.put)
        self._client = Client(policy)
        self._policy = policy
        self._short_side = short_side
        self._progress = progress
        self._limit = limit
        listed = self._listed()
        self._total = listed if limit is None else min(limit, listed)
        self._begun = 0
        self._tally: Counter[tuple[Status, str]] = Counter()
        self._bytes = 0
        self._kept: set[Path] = set()
        self._open = asyncio.Semaphore(SOURCES)

    async def run(self, asked_to_stop: Callable[[], bool]) -> Fetched:
        stopped = False
        self._progress(0, self._total)
        try:
            async with _stoppable(asked_to_stop), self._client, asyncio.TaskGroup() as group:
                for source, start in self._sources():
                    group.create_task(self._source(self._stream(source, start)))
        except asyncio.CancelledError:
            stopped = True
        except BaseExceptionGroup as failures:
            raise _first(failures) from None
        if not stopped and not self._limited():
            self._store.sweep(self._kept)
        return self._result(stopped)

    def _result(self, stopped: bool) -> Fetched:
        return Fetched(
            accepted=self._tally[Status.FETCHED, ""],
            rejected={kind: number for (status, kind), number in self._tally.items() if status is Status.REJECTED},
            deferred={kind: number for (status, kind), number in self._tally.items() if status is Status.LISTED},
            bytes=self._bytes,
            left=self._listed(),
            stopped=stopped,
        )

    def _listed(self) -> int:
        return sum(number for (status, _), number in self._catalogue.count().items() if status is Status.LISTED)

    def _limited(self) -> bool:
        return self._limit is not None and self._begun >= self._limit

    def _sources(self) -> Iterator[tuple[str, str]]:
        """The sources that have something listed, each with an id that comes before all of its own."""
        after = ""
        while page := self._page(after, 1):
            source = _source(page[0])
            yield source, after
            after = f"{source}:{LAST}"

    def _stream(self, source: str, after: str) -> Iterator[Entry]:
        while page := self._page(after, PAGE):
            for entry in page:
                if self._limited() or _source(entry) != source:
                    return
                self._begun += 1
                yield entry
            after = page[-1].record.id

    def _page(self, after: str, size: int) -> list[Entry]:
        return list(islice(self._catalogue.entries(Status.LISTED, after), size))

    async def _source(self, stream: Iterator[Entry]) -> None:
        async with self._open, asyncio.TaskGroup() as group:
            for _ in range(WORKERS):
                group.create_task(self._work(stream))

    async def _work(self, stream: Iterator[Entry]) -> None:
        for entry in stream:
            outcome = await self._outcome(entry)
            self._tally[outcome.status, outcome.kind] += 1
            self._bytes += outcome.size
            self._progress(self._tally.total(), self._total)
            await asyncio.sleep(0)  # refusals wait for nothing, and many of them must hold up neither others nor a stop

    async def _outcome(self, entry: Entry) -> Entry:
        try:
            return await self._obtain(entry)
        except RejectedError as no:
            self._store.drop(entry.record.id)
            outcome = Entry(entry.record, Status.REJECTED, no.kind, no.detail)
        except TransientError as trouble:
            part = self._store.part(entry.record.id)
            if part.exists():
                self._kept.add(part)
            known = self._catalogue.get(entry.record.id) or entry
            outcome = replace(known, kind=trouble.kind, detail=trouble.detail)
        self._catalogue.put([outcome])
        return outcome

    async def _obtain(self, entry: Entry) -> Entry:
        if entry.sha256 and (whole := self._store.recover(entry)):
            return whole
        record = entry.record
        if not record.service and "://" not in record.image:
            return await self._local(entry)
        part = self._store.part(record.id)
        download = Download(
            self._client,
            await self._address(entry),
            part,
            Version(entry.etag, entry.modified),
            lambda version: self._catalogue.put([_of(entry, version)]),
        )
        await download.run()
        kind = suffix(part, self._policy.pixel_cap)
        return self._store.keep(_of(entry, download.version), kind, await asyncio.to_thread(seal, part))

    async def _address(self, entry: Entry) -> str:
        service = entry.record.service
        if not service:
            return entry.record.image
        info = await self._client.read(f"{service.rstrip('/')}/info.json", INFO_BYTES)
        return image_address(service, info, self._short_side)

    async def _local(self, entry: Entry) -> Entry:
        """A picture that stays where it lies."""
        path = Path(self._catalogue.folder, entry.record.image)
        try:
            sha256, size = await asyncio.to_thread(digest, path), path.stat().st_size
        except OSError as error:
            raise RejectedError("no file", f"{path}: cannot be read ({error.strerror})") from None
        suffix(path, self._policy.pixel_cap)
        fetched = Entry(entry.record, Status.FETCHED, file=str(path), sha256=sha256, size=size)
        self._catalogue.put([fetched])
        return fetched


def _of(entry: Entry, version: Version) -> Entry:
    return replace(entry, etag=version.etag, modified=version.modified)


def _source(entry: Entry) -> str:
    return entry.record.id.partition(":")[0]


@asynccontextmanager
async def _stoppable(stopped: Callable[[], bool]) -> AsyncIterator[None]:
    """Cancels the task that this is in once `stopped` says so."""
    task = asyncio.current_task()
    assert task is not None

    async def look() -> None:
        while not stopped():
            await asyncio.sleep(LOOK)
        task.cancel()

    looking = asyncio.create_task(look())
    try:
        yield
    finally:
        looking.cancel()


def _first(failures: BaseExceptionGroup[BaseException]) -> BaseException:
    """The sentence for the user among failures that came together, else the first failure."""
    wanted = failures.subgroup(ArchiveError) or failures
    error: BaseException = wanted
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
