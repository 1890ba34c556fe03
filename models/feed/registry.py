"""A registry: networks and what is thought of them, in a folder or at an address of fsspec such as s3://bucket/feed.

    candidates/NAME.safetensors   networks, whole or not there; beside each its SHA-256
    registry.json                 the list, see entries.py; replaced whole, after the files it names
    registry.lock                 in a folder only: held by whoever changes the list

Readers need nothing but registry.json and never see half of it. In a folder, any number of writers keep each other's
entries; the lock is the kernel's and ends with its process, however that ends. Other storage has no lock: of two who
write within the same second, the later may undo the earlier, so let one machine publish and one person judge there.
"""

import json
import math
import shutil
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import IO, Any

from fsspec.implementations.local import LocalFileSystem  # type: ignore[import-untyped]
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from models.errors import CheckpointError
from models.feed import entries as lists
from models.feed.entries import LONGEST_NOTE, Edit, Entries, Entry
from models.feed.errors import FeedError
from models.feed.people import lock, whoever
from models.manifest import read_manifest, sha256
from models.remote import AddressError, Remote, absolute

FORMAT = 1
INDEX = "registry.json"
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
        with self._reaching():
            index = self._root / INDEX
            try:
                text: bytes = index.files.cat_file(index.path, start=0, end=LARGEST_INDEX + 1)
            except FileNotFoundError:
                return ()
        return self._parse(text)

    def add(self, path: Path, facts: Mapping[str, Any], by: str = "", keep: int = KEEP) -> Entry:
        """Publish a checkpoint as a candidate under its file's name, and let go of candidates beyond the newest `keep`.

        `facts` may hold `kimg`, `note` and `metrics`, of which the finite ones are kept. A file that is there already,
        byte for byte, is not added again; another one of the same name gets a name of its own. Raises FeedError too for
        what is no checkpoint.
        """
        digest = _digest(path)
        with self._alone():
            before = self.entries()
            known = next((other for other in before if other.sha256 == digest), None)
            if known is not None:
                return known
            entry = _entry(path, digest, before, facts)
            self._upload(path, entry)
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
        with self._reaching(), (self._root / INDEX).create() as file:
            file.write(text.encode())
        return changed

    def _network(self, name: str) -> Remote:
        return self._root / FOLDER / f"{name}{SUFFIX}"

    def _upload(self, path: Path, entry: Entry) -> None:
        network = self._network(entry.name)
        with self._reaching():
            with path.open("rb") as source, network.create() as file:
                shutil.copyfileobj(source, file)
            with network.beside(".sha256").create() as file:
                file.write(f"{entry.sha256}  {network.name}\n".encode())

    def _remove(self, name: str) -> None:
        network = self._network(name)
        with self._reaching():
            network.remove()
            network.beside(".sha256").remove()

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

    def _alone(self) -> AbstractContextManager[None]:
        return lock(Path(self._root.path)) if isinstance(self._root.files, LocalFileSystem) else nullcontext()

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


def _digest(path: Path) -> str:
    """The SHA-256 of what is a checkpoint by its header."""
    try:
        read_manifest(path)
        return sha256(path)
    except (CheckpointError, OSError) as error:
        raise FeedError(f"cannot be published: {error}") from None


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
