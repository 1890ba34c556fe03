"""A chunk: so many records of an archive, prepared one after the other into one tar file.

Of each record the file holds its images, then a JSON file that says what they are, or why there are none:

    0007.0.png  0007.1.png  0007.json  0008.json  …

The JSON comes last and holds the hashes of the images before it. So a file that breaks off anywhere, or whose end is
garbage, is whole up to some record, and `process_chunk` goes on from there. Nothing here knows where files lie: it is
given a way to read and a file to write, on one machine and on many.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import IO

from models.archive.errors import ArchiveError, RejectedError
from models.archive.prepare.picture import prepare_picture
from models.archive.prepare.settings import Settings
from models.archive.prepare.tar import END, body, member, members, skip

FORMAT = 1  # counts up when the same settings give other bytes
CHUNK = 64  # records
NOT_THERE = (FileNotFoundError, NotADirectoryError, IsADirectoryError, PermissionError)

Read = Callable[[str], bytes]  # a file's bytes by the name an Item has for it


@dataclass(frozen=True, slots=True)
class Item:
    """What preparing needs of a record: its id, its file's name for `Read`, and the SHA-256 the file must have."""

    id: str
    file: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one record: `images` are the SHA-256 of its encoded images, none where it was rejected with
    `kind` and `detail`. `original` is the SHA-256 of its file, `size` (width, height) the picture in it.
    """

    id: str
    original: str
    images: tuple[str, ...] = ()
    dhash: int = 0
    size: tuple[int, int] = (0, 0)
    notes: tuple[str, ...] = ()
    kind: str = ""
    detail: str = ""


def chunks(items: Iterator[Item]) -> Iterator[tuple[Item, ...]]:
    """The items, which come in the order of their ids, in portions of `CHUNK`."""
    portion: list[Item] = []
    for item in items:
        portion.append(item)
        if len(portion) == CHUNK:
            yield tuple(portion)
            portion.clear()
    if portion:
        yield tuple(portion)


def chunk_name(items: Sequence[Item], settings: Settings) -> str:
    """The name of a chunk's file: a hash of all that its bytes depend on."""
    asked = {name: value for name, value in settings.as_json().items() if name != "near"}
    inputs = [[item.id, item.sha256] for item in items]
    text = json.dumps([FORMAT, asked, inputs], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest() + ".tar"


def process_chunk(items: Sequence[Item], settings: Settings, read: Read, file: IO[bytes]) -> int:
    """Prepare what `file`, open for reading and writing in binary, does not hold yet; return how many records that was.

    `read` may raise FileNotFoundError and its like, which costs the record; any other OSError, of `read` or of the
    file, ends the chunk, which can be gone on with.
    """
    done = resume(file)
    for index in range(done, len(items)):
        _append(file, index, *_prepared(items[index], settings, read), settings.format)
    file.write(END)
    file.flush()
    return len(items) - done


def resume(file: IO[bytes]) -> int:
    """How many records a chunk's file holds whole. What follows them is cut off, and the file stands at its end."""
    file.seek(0)
    done, end = 0, 0
    for result, images in read_chunk(file):
        if [hashlib.sha256(image).hexdigest() for image in images] != list(result.images):
            break
        done, end = done + 1, file.tell()
    file.seek(end)
    file.truncate()
    return done


def reject(file: IO[bytes], item: Item, rejected: RejectedError) -> None:
    """Give the next record up: the way past one on which the process that prepares it dies."""
    index = resume(file)
    _append(file, index, Result(item.id, item.sha256, kind=rejected.kind, detail=rejected.detail), (), "")


def read_chunk(file: IO[bytes]) -> Iterator[tuple[Result, list[bytes]]]:
    """The records with their images, as far as the file is readable; it stands behind each that it gives."""
    images: list[bytes] = []
    for name, size in members(file):
        data = body(file, size)
        if data is None:
            return
        if not name.endswith(".json"):
            images.append(data)
            continue
        result = _result(data)
        if result is None:
            return
        yield result, images
        images = []


def read_results(file: IO[bytes]) -> Iterator[Result]:
    """The records alone, of a file that is whole; images are passed over unread."""
    for name, size in members(file):
        result = _result(body(file, size) or b"") if name.endswith(".json") else None
        if result is not None:
            yield result
        else:
            skip(file, size)


def results_alone(file: IO[bytes]) -> bytes:
    """A whole chunk's file without its images, for `read_results`."""
    kept = []
    for name, size in members(file):
        if name.endswith(".json"):
            kept.append(member(name, body(file, size) or b""))
        else:
            skip(file, size)
    return b"".join(kept) + END


def _prepared(item: Item, settings: Settings, read: Read) -> tuple[Result, tuple[bytes, ...]]:
    try:
        images = prepare_picture(_original(item, read), settings)
    except RejectedError as error:
        return Result(item.id, item.sha256, kind=error.kind, detail=error.detail), ()
    hashes = tuple(hashlib.sha256(image).hexdigest() for image in images.files)
    return Result(item.id, item.sha256, hashes, images.dhash, images.size, images.notes), images.files


def _original(item: Item, read: Read) -> bytes:
    try:
        data = read(item.file)
    except NOT_THERE as error:
        raise RejectedError("missing file", f"{item.file}: {error.strerror or error}; fetch it again") from None
    except OSError as error:
        raise ArchiveError(
            f"{item.file}: cannot be read ({error.strerror or error}); see to its disk and start again"
        ) from None
    if hashlib.sha256(data).hexdigest() != item.sha256:
        raise RejectedError("changed file", f"{item.file} is not the file that was catalogued; fetch it again")
    return data


def _append(file: IO[bytes], index: int, result: Result, images: tuple[bytes, ...], suffix: str) -> None:
    """Add a record in one write, so that what a kill leaves of it is its beginning."""
    text = json.dumps(asdict(result), ensure_ascii=False, separators=(",", ":"))
    named = {f"{index:04d}.{number}.{suffix}": image for number, image in enumerate(images)}
    members = {**named, f"{index:04d}.json": text.encode()}
    file.write(b"".join(member(name, data) for name, data in members.items()))
    file.flush()


def _result(data: bytes) -> Result | None:
    """None where these are not the bytes that were written: a power cut may leave others."""
    try:
        fields = json.loads(data)
        return Result(**{**fields, **{name: tuple(fields[name]) for name in ("images", "size", "notes")}})
    except (ValueError, TypeError, KeyError):
        return None
