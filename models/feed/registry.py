"""A registry: networks and what is thought of them, in a folder or at an address of fsspec such as s3://bucket/feed.

    candidates/NAME.safetensors   networks, whole or not there; beside each its SHA-256
    registry.json                 the list, see entries.py; replaced whole, after the files it names
    registry.lock                 in a folder only: held by whoever changes the list

Readers need nothing but registry.json and never see half of it. In a folder, any number of writers keep each other's
entries; the lock is the kernel's and ends with its process, however that ends. Other storage has no lock: of two who
write within the same second, the later may undo the earlier, so let one machine publish and one person judge there.
"""

import hashlib
import json
import math
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from io import BufferedReader
from pathlib import Path
from typing import IO, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from models.errors import CheckpointError
from models.feed import entries as lists
from models.feed.entries import LONGEST_NOTE, Edit, Entries, Entry
from models.feed.errors import FeedError
from models.feed.people import INDEX, NOBODY, lock, whoever
from models.feed.storage import check_writable, copy, is_local, put, sweep
from models.manifest import read_manifest
from models.remote import AddressError, Remote, absolute

FORMAT = 1
FOLDER = "candidates"
SUFFIX = ".safetensors"
LARGEST_INDEX = 8 * 2**20
KEEP = 20  # candidates nobody has judged: a training may go on for months


class _Index(BaseModel):
    """registry.json."""

    model_config = ConfigDict(frozen=True)

    format: int = FORMAT
    networks: tuple[Entry, ...] = Field((), max_length=10_000)


class Registry:
    """One registry. Any thread; every method may take as long as the storage does and raises FeedError."""

    def __init__(self, place: str | Path) -> None:
        """`place` is a path or an address; nothing is looked at yet."""
        self.place = absolute(str(place))
        try:
            self._root = Remote.at(self.place)
        except AddressError as error:
            raise FeedError(str(error)) from None

    def entries(self) -> Entries:
        """Everything in it, see entries.py for the order; nothing where nobody has published yet."""
        text = self._read()
        return () if text is None else self._parse(text)

    def published(self) -> Entries:
        """As `entries`, but a FeedError where nobody has published yet."""
        text = self._read()
        if text is None:
            raise FeedError(f"{self.place}: {NOBODY}")
        return self._parse(text)

    def check(self) -> None:
        """Raise FeedError unless one could publish into it, as far as can be seen before. Nothing is left behind."""
        if self._folder is not None:
            check_writable(self._folder)
            check_writable(self._folder / FOLDER)
        self.entries()

    def add(self, path: Path, facts: Mapping[str, Any], by: str = "", keep: int = KEEP) -> Entry:
        """Publish a checkpoint as a candidate under its file's name, and let go of candidates beyond the newest `keep`.

        `facts` may hold `kimg`, `note` and `metrics`, of which the finite ones are kept. A file that is there already,
        byte for byte, is not added again; another one of the same name gets a name of its own. Raises FeedError too for
        what is no checkpoint.
        """
        with _checkpoint(path) as (source, digest), self._alone(create=True):
            self._sweep()
            before = self.entries()
            known = next((other for other in before if other.sha256 == digest), None)
            if known is not None:
                return known
            entry = _entry(path, digest, before, facts)
            self._upload(source, entry)
            after = self._rewrite(partial(lists.published, entry=entry, by=by or whoever(), keep=keep))
            for gone in {other.name for other in before} - {other.name for other in after}:
                self._remove(gone)
        return entry

    def approve(self, name: str, note: str = "") -> Entries:
        """`name` is what followers of approved networks show from now on; all that is in it."""
        return self._change(partial(lists.approved, name=name, by=whoever(), note=note[:LONGEST_NOTE]))

    def retire(self, name: str, note: str = "") -> Entries:
        """`name` is shown no more."""
        return self._change(partial(lists.retired, name=name, by=whoever(), note=note[:LONGEST_NOTE]))

    def roll_back(self, name: str | None = None, note: str = "") -> Entries:
        """Back to `name`, or to the network before; see `entries.rolled_back`."""
        return self._change(partial(lists.rolled_back, name=name, by=whoever(), note=note[:LONGEST_NOTE]))

    @contextmanager
    def open(self, entry: Entry) -> Iterator[IO[bytes]]:
        """The bytes of a network, as the storage gives them."""
        network = self._network(entry.name)
        with self._reaching(), network.files.open(network.path, "rb") as file:
            yield file

    def _change(self, edit: Edit) -> Entries:
        with self._alone():
            return self._rewrite(edit)

    def _rewrite(self, edit: Edit) -> Entries:
        changed = edit(self.entries())
        text = _Index(networks=changed).model_dump_json(indent=1)
        with self._reaching():
            put(self._root / INDEX, lambda file: file.write(text.encode()))
        return changed

    def _network(self, name: str) -> Remote:
        return self._root / FOLDER / f"{name}{SUFFIX}"

    def _upload(self, source: IO[bytes], entry: Entry) -> None:
        network = self._network(entry.name)
        line = f"{entry.sha256}  {network.name}\n".encode()

        def fill(file: IO[bytes]) -> None:
            if copy(source, file) != entry.sha256:
                raise FeedError(f"{entry.name}: the file was written to while it was published; publish it again")

        with self._reaching():
            put(network, fill)
            put(network.beside(".sha256"), lambda file: file.write(line))

    def _sweep(self) -> None:
        if self._folder is not None:
            sweep(self._folder)
            sweep(self._folder / FOLDER)

    def _remove(self, name: str) -> None:
        network = self._network(name)
        with self._reaching():
            network.remove()
            network.beside(".sha256").remove()

    def _read(self) -> bytes | None:
        """None where there is no list; at most a byte more than one may have."""
        index = self._root / INDEX
        with self._reaching():
            try:
                text: bytes = index.files.cat_file(index.path, start=0, end=LARGEST_INDEX + 1)
            except FileNotFoundError:
                return None
        return text

    def _parse(self, text: bytes) -> Entries:
        where = f"{self.place}/{INDEX}"
        if len(text) > LARGEST_INDEX:
            raise FeedError(f"{where}: it is larger than {LARGEST_INDEX} bytes; put a good one back")
        try:
            said = json.loads(text)
            if isinstance(said, dict) and said.get("format") != FORMAT:
                raise FeedError(f"{where}: this Reverie reads registries of format {FORMAT}; update it")
            return _Index.model_validate(said).networks
        except ValidationError as error:
            raise FeedError(f"{where}: this is no list of networks ({_first(error)}); put a good one back") from None
        except (ValueError, RecursionError):
            raise FeedError(f"{where}: this is not JSON; put a good one back") from None

    def _alone(self, create: bool = False) -> AbstractContextManager[None]:
        if self._folder is not None:
            return lock(self._folder, create)
        if not create:
            self.published()
        return nullcontext()

    @property
    def _folder(self) -> Path | None:
        """None for what is not of this machine's file systems."""
        return Path(self._root.path) if is_local(self._root) else None

    @contextmanager
    def _reaching(self) -> Iterator[None]:
        """Whatever the storage complains of becomes one sentence."""
        try:
            yield
        except FeedError:
            raise
        except Exception as error:  # noqa: BLE001 - every kind of storage has errors of its own library
            why = getattr(error, "strerror", None) or str(error).strip() or type(error).__name__
            raise FeedError(f"{self.place}: cannot be used ({why.splitlines()[0]}); see whether it is there") from None


@contextmanager
def _checkpoint(path: Path) -> Iterator[tuple[BufferedReader, str]]:
    """What is a checkpoint by its header, and its SHA-256; opened once, for a training may put another in its place."""
    try:
        read_manifest(path)
        file = path.open("rb")
    except (CheckpointError, OSError) as error:
        raise FeedError(f"cannot be published: {error}") from None
    with file:
        yield file, _digest(file)


def _digest(file: BufferedReader) -> str:
    """Of all of it; it stands at its beginning again."""
    try:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        file.seek(0)
    except OSError as error:
        raise FeedError(f"cannot be published: {file.name} cannot be read ({error.strerror})") from None
    return digest


def _entry(path: Path, digest: str, known: Entries, facts: Mapping[str, Any]) -> Entry:
    """Under the file's name, or where that is taken, one with a part of its SHA-256."""
    taken = any(other.name == path.stem for other in known)
    name = f"{path.stem[:80]}-{digest[:8]}" if taken else path.stem
    figures = {key: value for key, value in facts.get("metrics", {}).items() if math.isfinite(value)}
    try:
        return Entry.model_validate({**facts, "metrics": figures, "name": name, "sha256": digest})
    except ValidationError as error:
        raise FeedError(f"{path}: cannot be published: {_first(error)}; rename the file or mend that") from None


def _first(error: ValidationError) -> str:
    """The first complaint, short."""
    detail = error.errors(include_url=False)[0]
    return f"{'.'.join(map(str, detail['loc']))}: {detail['msg']}".removeprefix(": ")
