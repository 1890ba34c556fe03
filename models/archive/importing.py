"""`reverie archive import`: a catalogue's records into the archive, through the rights gate.

Importing again changes what the catalogue changed: a picture that is here stays, unless its address is another now.
"""

import gc
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from models.archive import kept, sources
from models.archive.catalogue import BATCH, Catalogue
from models.archive.errors import ArchiveError
from models.archive.reading import ReadUrl
from models.archive.record import OPEN, Entry, Record, Rights, Status
from models.archive.sources import opening
from models.archive.sources.base import NO_IMAGE, UNREADABLE, Adapter, Damaged, Source

RIGHTS = "rights"
MOST_LOGGED = 50  # damaged records without an id that the log names, of one import
_STEP = 1000
_PATIENCE = 5.0  # seconds of work that a kill may cost
_REFUSED_HERE = (RIGHTS, UNREADABLE)  # an entry rejected for these may have a picture already

Progress = Callable[[int, int | None], None]  # takes how many records are done, and of how many where that is known


@dataclass(frozen=True)
class Imported:
    """What an import did. `rejected` counts records by kind; `dated` has a text for a date, `understood` a range too.

    `kept` were here with the same picture, `changed` with another one. `problems` are sentences on why the import is
    not whole, `notes` on how it was read; both are in the log as well.
    """

    kind: str
    accepted: int
    rejected: dict[str, int]
    overridden: int
    kept: int
    changed: int
    dated: int
    understood: int
    notes: list[str]
    problems: list[str]


def import_source(
    source: str,
    into: Path,
    kind: str | None = None,
    *,
    columns: Mapping[str, str] | None = None,
    override: str | None = None,
    read_url: ReadUrl | None = None,
    progress: Progress = lambda done, total: None,
) -> Imported:
    """Catalogue a file, folder or address in the archive at `into`, which is made where there is none.

    `kind` is a name of `sources.ALL`, or None to tell by the content. `columns` maps fields to columns, see
    `sources.table.USUAL`. `override`, an operator's reason, lets pictures through whose rights are not open. Raises
    ArchiveError; a source that breaks half-way gives what came before, and a problem.
    """
    if override is not None and not override.strip():
        raise ArchiveError("an override of rights needs its reason in words; write who allows it, and where")
    notes: list[str] = []
    reader = kept.documents(into, source, read_url)
    with opening.opened(source, columns or {}, reader, notes.append) as opened:
        adapter = _adapter(opened, kind)
        if columns and adapter not in sources.MAPPED:
            raise ArchiveError(
                f"{source}: is of kind {adapter.NAME}, whose columns are known; leave --map out, or add --as csv"
            )
        records = adapter.records(opened)  # a map of columns that does not fit is told before an archive is made
        with Catalogue(into, writing=True) as catalogue:
            if override is not None:
                catalogue.log(f"rights overridden for all of {source}: {override.strip()}")
            run = _Run(catalogue, override is not None, notes, progress)
            with _no_collector():
                _write(catalogue, run, records, source)
            if not run.problems:
                kept.forget(into)
    return run.result(adapter.NAME)


@contextmanager
def _no_collector() -> Iterator[None]:
    """Records hold no circles of references, and there are many: looking for some took a twelfth of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _write(catalogue: Catalogue, run: "_Run", records: Iterator[Record | Damaged], source: str) -> None:
    for batch in _batches(run.entries(records)):
        catalogue.put(batch)
    repeated = run.named - catalogue.count().total()
    if run.is_new and repeated:
        run.notes.append(f"{source}: {repeated} records have the id of one before them, and took its place")
    for line in run.notes + run.problems:
        catalogue.log(line)


def _adapter(source: Source, kind: str | None) -> Adapter:
    names = ", ".join(adapter.NAME for adapter in sources.ALL)
    if kind is not None:
        found = next((adapter for adapter in sources.ALL if kind == adapter.NAME), None)
        if found is None:
            raise ArchiveError(f"{kind!r} is no kind of catalogue; name one of {names}")
        return found
    found = next((adapter for adapter in sources.ALL if adapter.recognises(source)), None)
    if found is None:
        keys = ", ".join(list(source.samples[0])[:40]) if source.samples else "nothing that can be read"
        raise ArchiveError(f"{source.name}: is of no known kind, it holds {keys}; say which of {names} it is")
    return found


def _batches(entries: Iterator[Entry]) -> Iterator[list[Entry]]:
    """What is written at once: much of a file, but from a slow server no more than what a few seconds brought."""
    batch: list[Entry] = []
    begun = time.monotonic()
    for entry in entries:
        batch.append(entry)
        if len(batch) == BATCH or time.monotonic() - begun > _PATIENCE:
            yield batch
            batch, begun = [], time.monotonic()
    yield batch


class _Run:
    """One import: what becomes of its records, and the counts."""

    def __init__(self, catalogue: Catalogue, override: bool, notes: list[str], progress: Progress) -> None:
        self.notes = notes
        self.problems: list[str] = []
        self._catalogue = catalogue
        self.is_new = not catalogue.count()
        self.named = 0  # records with an id
        self._override = override
        self._progress = progress
        self._rejected: Counter[str] = Counter()
        self._accepted = self._overridden = self._kept = self._changed = self._dated = self._understood = 0
        self._nameless = 0

    def result(self, kind: str) -> Imported:
        return Imported(
            kind,
            self._accepted,
            dict(self._rejected),
            self._overridden,
            self._kept,
            self._changed,
            self._dated,
            self._understood,
            self.notes,
            self.problems,
        )

    def entries(self, records: Iterator[Record | Damaged]) -> Iterator[Entry]:
        """What goes into the catalogue, in the records' order."""
        done = 0
        for done, record in enumerate(self._until_it_breaks(records), 1):
            if done % _STEP == 0:
                self._progress(done, None)
            entry = self._damaged(record) if isinstance(record, Damaged) else self._gate(record)
            if entry is not None:
                self.named += 1
                yield entry if self.is_new else self._settled(entry)
        self._progress(done, done)
        if self._nameless > MOST_LOGGED:
            self.notes.append(f"{self._nameless - MOST_LOGGED} more records could not be read")

    def _until_it_breaks(self, records: Iterator[Record | Damaged]) -> Iterator[Record | Damaged]:
        begun = False
        try:
            for record in records:
                begun = True
                yield record
        except ArchiveError as error:
            if not begun:
                raise
            self.problems.append(str(error))

    def _damaged(self, damaged: Damaged) -> Entry | None:
        self._rejected[damaged.kind] += 1
        if damaged.id:
            return Entry(
                Record(damaged.id, damaged.id.partition(":")[0]),
                Status.REJECTED,
                damaged.kind,
                f"{damaged.place}: {damaged.detail}",
            )
        self._nameless += 1
        if self._nameless <= MOST_LOGGED:
            self.notes.append(f"{damaged.place}: {damaged.detail}")
        return None

    def _gate(self, record: Record) -> Entry:
        self._dated += bool(record.date)
        self._understood += bool(record.date and record.years)
        if not record.image and not record.service:
            return self._refused(record, NO_IMAGE, "the catalogue names no picture")
        if record.rights not in OPEN:
            if not self._override:
                return self._refused(record, RIGHTS, record.rights_text or "the source says nothing of rights")
            record = replace(record, rights=Rights.OVERRIDDEN)
            self._overridden += 1
        self._accepted += 1
        return Entry(record, Status.LISTED)

    def _refused(self, record: Record, kind: str, detail: str) -> Entry:
        self._rejected[kind] += 1
        return Entry(record, Status.REJECTED, kind, detail)

    def _settled(self, entry: Entry) -> Entry:
        """With the picture that is here already, if it is still the same one."""
        old = self._catalogue.get(entry.record.id)
        if old is None:
            return entry
        had = old.status is Status.FETCHED or (old.status is Status.REJECTED and old.kind in _REFUSED_HERE)
        if entry.kind not in ("", *_REFUSED_HERE) or not _same_picture(old, entry):
            self._changed += had and bool(old.file)
            return entry
        self._kept += entry.status is Status.LISTED and old.status is not Status.REJECTED
        if entry.status is old.status is Status.LISTED:  # a fetch that was cut off goes on
            return replace(old, record=entry.record, kind="", detail="")
        if not had or not old.file:
            return entry
        status = Status.FETCHED if entry.status is Status.LISTED else Status.REJECTED
        return replace(old, record=entry.record, status=status, kind=entry.kind, detail=entry.detail)


def _same_picture(old: Entry, new: Entry) -> bool:
    if new.kind == UNREADABLE:  # says nothing of its picture
        return True
    if (old.record.image, old.record.service) != (new.record.image, new.record.service):
        return False
    return "//" in new.record.image or not old.file or not new.record.image or _size(new.record.image) == old.size


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:  # gone or out of reach: another picture, as far as this archive can tell
        return -1
