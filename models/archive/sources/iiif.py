"""IIIF: manifests and collections of the Presentation API in versions 2 and 3, mixed, and info.json of the Image API.

Members of a collection are looked for by their id in the same folder, else at their address.
"""

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from models.archive.errors import ArchiveError, RejectedError
from models.archive.record import Record
from models.archive.sources import iiif_manifest, opening
from models.archive.sources.base import Damaged, Row, Source, Values
from models.archive.sources.iiif_words import identity, kind, things

NAME = iiif_manifest.NAME
DEEPEST = 8  # collections within collections
MOST = 100_000  # manifests and collections of one import
_IMAGE_PROTOCOL = "http://iiif.io/api/image"


def recognises(source: Source) -> bool:
    """Whether something says that it is of IIIF."""
    return any(_is_service(sample) or _is_presentation(sample) for sample in source.samples)


def records(source: Source) -> Iterator[Record | Damaged]:
    """A record for every picture; each manifest and each canvas once, however often it is named."""
    walk = _Walk(source)
    for row in source.rows:
        yield from [row] if isinstance(row, Damaged) else walk.through(row, 0)
    if walk.unread:
        raise ArchiveError(f"{source.name}: {len(walk.unread)} of its members are missing; {walk.unread[0]}")


def _is_service(values: Values) -> bool:
    return values.get("protocol") == _IMAGE_PROTOCOL or kind(values).startswith("ImageService")


def _is_presentation(values: Values) -> bool:
    return kind(values) in ("Manifest", "Collection") and "iiif.io" in str(values.get("@context"))


class _Walk:
    """Goes through collections, and knows what it has seen."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.unread: list[str] = []  # why members could not be had, which another time they may
        self._seen: set[str] = set()
        self._pictures: set[str] = set()  # manifests share canvases

    def through(self, row: Row, depth: int) -> Iterator[Record | Damaged]:
        name = identity(row.values) or row.place
        if name in self._seen:
            return
        if len(self._seen) >= MOST:
            raise ArchiveError(f"{self._source.name}: leads to more than {MOST:,} manifests; import its parts instead")
        self._seen.add(name)
        if _is_service(row.values):
            yield iiif_manifest.of_service(row)
        elif kind(row.values) == "Manifest":
            yield from self._manifest(row)
        elif kind(row.values) == "Collection":
            yield from self._collection(row, depth)
        else:
            yield Damaged(row.place, "is no manifest, collection or info.json of IIIF")

    def _manifest(self, row: Row) -> Iterator[Record | Damaged]:
        for record in iiif_manifest.records(row):
            if record.id not in self._pictures:
                self._pictures.add(record.id)
                yield record

    def _collection(self, row: Row, depth: int) -> Iterator[Record | Damaged]:
        if depth >= DEEPEST:
            yield Damaged(row.place, f"is a collection in more than {DEEPEST} others; import it by itself")
            return
        for name in ("items", "members", "manifests", "collections"):
            for member in things(row.values.get(name)):
                for found in self._member(row.place, member):
                    yield from [found] if isinstance(found, Damaged) else self.through(found, depth + 1)

    def _member(self, place: str, member: Values) -> Iterator[Row | Damaged]:
        """What a collection names: as it stands there, from a file beside it, or from its address."""
        address = identity(member)
        if any(name in member for name in ("items", "sequences", "members", "manifests", "collections")):
            yield Row(address or place, member)
        elif address in self._seen:
            return
        elif address in self._files:
            yield from opening.within(self._files[address])
        elif address:
            yield from self._fetched(address)
        else:
            yield Damaged(place, "names a member without an id")

    def _fetched(self, address: str) -> Iterator[Row | Damaged]:
        try:
            yield from opening.parsed(self._source.read(address), address)
        except RejectedError as error:
            yield Damaged(address, error.detail or error.kind)
        except ArchiveError as error:
            self.unread.append(str(error))
            yield Damaged(address, str(error))

    @cached_property
    def _files(self) -> dict[str, Path]:
        """By its id every JSON file of the folder; those that cannot be read have none."""
        folder = self._source.folder
        if folder is None:
            return {}
        pattern = "**/*.json" if self._source.is_folder else "*.json"
        return {
            identity(row.values): folder / row.place for row in opening.files(folder, pattern) if isinstance(row, Row)
        }
