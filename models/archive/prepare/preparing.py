"""An archive's fetched pictures to a training set: `reverie archive prepare`.

In chunks of records, on all cores (`work`) or on a cluster (`on_ray`), into files that a killed run goes on with; then
what is nearly the same is left out (`select`), and what remains is copied into the set (`target`), whose manifest makes
it whole.
"""

import hashlib
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import islice, zip_longest
from pathlib import Path
from typing import Any

from models.archive.catalogue import Catalogue
from models.archive.errors import ArchiveError
from models.archive.prepare.chunk import FORMAT, Item, Result, chunks, read_chunk, read_results
from models.archive.prepare.manifest import Account, manifest, write_manifest
from models.archive.prepare.on_ray import OnRay
from models.archive.prepare.sample import Sample, as_json
from models.archive.prepare.select import Rejection, selected
from models.archive.prepare.settings import Settings
from models.archive.prepare.target import Target, target
from models.archive.prepare.work import Job, Machines, OnThisMachine, job, work_folder
from models.archive.record import OPEN, Entry, Rights, Status

PASSING = {"missing file", "changed file", "crashed"}  # what another run may find otherwise

Progress = Callable[[int, int | None], None]


@dataclass(frozen=True, slots=True)
class Prepared:
    """What became of the archive's fetched records. `images` may be more than `accepted` records where they were cut
    into tiles; `reused` is how many records an earlier run had prepared already; `hash` that of the whole set.
    """

    accepted: int
    rejected: dict[str, int]
    images: int
    reused: int
    hash: str


def prepare(
    folder: Path,
    out: str,
    settings: Settings,
    *,
    workers: int | None = None,
    labels: bool = False,
    ray: str | None = None,
    originals: str | None = None,
    progress: Progress = lambda done, total: None,
) -> Prepared:
    """Make the set `out`: a .zip as StyleGAN reads it, else a folder or an fsspec address of WebDataset shards.

    `labels`: with the records' labels as classes. `workers` None: one for each core; the set does not depend on it.
    `ray`: the address of a cluster whose nodes prepare instead; they read the originals from the address `originals`,
    None: the archive's folder, which they then must reach as they must reach `out`.
    Raises ArchiveError; whatever stops it, the same call goes on where it stopped.
    """
    with Catalogue(folder), _disk_trouble(out):  # there is one
        place = target(out)
        machines = _machines(folder, out, settings, workers, ray, originals)
    with Catalogue(folder, writing=True) as catalogue, machines:  # nothing may change it until the set is made
        task = _Task(folder, catalogue, settings, labels, machines, progress)
        with _disk_trouble(out):
            made = place.manifest()
            untouched = made is not None and made.get("files") == place.files()
        if made is not None and untouched and made.get("asked") == task.asked and not _may_get_better(made):
            write_manifest(folder / "sets" / f"{place.name}.manifest.json", made)
            return _prepared(made, task.total)
        with _disk_trouble(str(task.work)):
            fresh = task.prepare_all()
        with _disk_trouble(out):
            made = task.write(place)
            machines.clear()
        with _disk_trouble(str(folder)):
            write_manifest(folder / "sets" / f"{place.name}.manifest.json", made)
            shutil.rmtree(task.work)
        return _prepared(made, task.total - fresh)


def _machines(
    folder: Path, out: str, settings: Settings, workers: int | None, ray: str | None, originals: str | None
) -> Machines:
    if ray is not None:
        return OnRay(ray, originals or str(folder), out, work_folder(folder, settings))
    if originals is not None:
        raise ArchiveError(f"{originals}: originals elsewhere are read by a cluster only; give its address with --ray")
    return OnThisMachine(workers or os.cpu_count() or 1)


def _may_get_better(made: dict[str, Any]) -> bool:
    return bool(PASSING & set(made["counts"]["rejected"]))


def _prepared(made: dict[str, Any], reused: int) -> Prepared:
    counts = made["counts"]
    return Prepared(counts["accepted"], counts["rejected"], counts["images"], reused, made["hash"])


class _Task:
    """One archive to prepare in one way. `asked` is a hash of all that the set depends on."""

    def __init__(
        self,
        folder: Path,
        catalogue: Catalogue,
        settings: Settings,
        labels: bool,
        machines: Machines,
        progress: Progress,
    ) -> None:
        self._progress = progress
        self.work = work_folder(folder, settings)
        self._folder, self._catalogue, self._settings, self._machines = folder, catalogue, settings, machines
        self.total = sum(number for (status, _), number in catalogue.count().items() if status is Status.FETCHED)
        if not self.total:
            raise ArchiveError(f"{folder}: no picture is fetched yet; run `reverie archive fetch {folder}` first")
        self._classes = self._labels() if labels else None
        self.asked = self._asked()

    def prepare_all(self) -> int:
        """Every chunk's file, made or found; how many records were prepared now."""
        self.work.mkdir(parents=True, exist_ok=True)
        done, fresh = 0, 0
        self._progress(done, self.total)
        for ready, number in self._machines.run(self._jobs()):
            done, fresh = done + len(ready.items), fresh + number
            self._progress(done, self.total)
        return fresh

    def write(self, place: Target) -> dict[str, Any]:
        """The set from the chunks' files; its manifest."""
        rejected = selected(self._results(), self._settings.near)
        rejected |= {e.record.id: _refused(e) for e in self._entries() if not _may_be_used(e)}
        account = Account()
        place.write(account.passing(self._samples(rejected)), self._settings.format, self._classes)
        ordered = [rejected[key] for key in sorted(rejected)]
        made = manifest(account, self._settings, ordered, self._classes, self._catalogue.decisions())
        made |= {"asked": self.asked, "files": place.files()}
        place.finish(made)
        return made

    def _entries(self) -> Iterator[Entry]:
        return self._catalogue.entries(Status.FETCHED)

    def _jobs(self) -> Iterator[Job]:
        items = (Item(entry.record.id, entry.file, entry.sha256) for entry in self._entries())
        return (job(self._folder, portion, self._settings) for portion in chunks(items))

    def _results(self) -> Iterator[Result]:
        for each in self._jobs():
            self._progress(self.total, self.total)  # nothing new, but whoever wants to stop may do so here
            with self._machines.results(each) as file:
                yield from read_results(file)

    def _samples(self, rejected: dict[str, Rejection]) -> Iterator[Sample]:
        entries = self._entries()
        for each in self._jobs():
            self._progress(self.total, self.total)
            with self._machines.images(each) as file:
                portion = list(islice(entries, len(each.items)))
                for entry, (result, images) in zip(portion, _whole(each, read_chunk(file)), strict=True):
                    if result.id not in rejected:
                        yield from (Sample(entry.record, result, n, image) for n, image in enumerate(images))

    def _labels(self) -> list[str]:
        labels = Counter(entry.record.label for entry in self._entries())
        if labels[""]:
            raise ArchiveError(
                f"{self._folder}: {labels['']} of {self.total} pictures have no label; prepare the set without labels"
            )
        return sorted(labels)

    def _asked(self) -> str:
        digest = hashlib.sha256(as_json([FORMAT, self._settings.as_json(), self._classes]))
        for line in self._catalogue.decisions():
            digest.update(as_json(asdict(line)))
        for entry in self._entries():
            digest.update(as_json(asdict(entry)))
        return digest.hexdigest()


def _whole(job: Job, held: Iterator[tuple[Result, list[bytes]]]) -> Iterator[tuple[Result, list[bytes]]]:
    """What a chunk's file holds, if it is of the job's items. Raises ArchiveError: no picture gets another's rights."""
    for item, found in zip_longest(job.items, held):
        if item is None or found is None or found[0].id != item.id:
            raise ArchiveError(f"{job.file}: is damaged; take it away and start again: the rest need not be done again")
        yield found


def _may_be_used(entry: Entry) -> bool:
    return entry.record.rights in (*OPEN, Rights.OVERRIDDEN)


def _refused(entry: Entry) -> Rejection:
    return Rejection(entry.record.id, "rights", entry.record.rights_text or str(entry.record.rights))


@contextmanager
def _disk_trouble(place: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ArchiveError(
            f"{place}: cannot be written ({error.strerror or error}); make room or name another place, and start"
            " again: it goes on where it stopped"
        ) from None
