"""A set in WebDataset's shards: tar files of pictures, each beside KEY.json or KEY.cls."""

import json
import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from models.training.config import TrainingError
from models.training.data.source import Source, check_bytes, is_picture, shown

WANTED = ("id", "sha256", "rights", "crop", "class")


@dataclass(frozen=True, slots=True)
class Place:
    """Where the bytes of a picture lie."""

    shard: Path
    offset: int
    size: int


class Shards(Source):
    """Indexes the shards, in the order of their names; nothing is unpacked. Raises TrainingError with one sentence."""

    def __init__(self, path: Path, shards: Sequence[Path]) -> None:
        self._places: dict[str, Place] = {}
        facts: dict[str, dict[str, Any]] = {}
        for shard in sorted(shards):
            pictures, told = _index(shard)
            for key, (name, place) in pictures.items():
                whole = f"{shard.name}/{name}"
                self._places[whole] = place
                facts[whole] = told.get(key, {})
        super().__init__(path, list(self._places), (), facts)

    def read(self, name: str) -> bytes:
        place = self._places[name]
        try:
            with place.shard.open("rb") as file:
                file.seek(place.offset)
                data = file.read(place.size)
        except OSError as error:
            raise _unreadable(place.shard, str(error.strerror)) from None
        if len(data) < place.size:
            raise _unreadable(place.shard, "it is shorter than it was")
        return data


def _index(shard: Path) -> tuple[dict[str, tuple[str, Place]], dict[str, dict[str, Any]]]:
    """By their keys, the name and the place of each picture of a shard, and what is said of it."""
    pictures: dict[str, tuple[str, Place]] = {}
    told: dict[str, dict[str, Any]] = {}
    for name, place in _members(shard):
        key, suffix = _split(name)
        if is_picture(name):
            if key in pictures:
                raise TrainingError(f"{shard}: {shown(key)} has two pictures; make the shards again")
            pictures[key] = (name, place)
        elif suffix in (".json", ".cls"):
            told.setdefault(key, {}).update(_told(place, f"{shard}: {shown(name)}", suffix))
    return pictures, told


def _members(shard: Path) -> Iterator[tuple[str, Place]]:
    try:
        size = shard.stat().st_size
        with tarfile.open(shard, "r:") as tar:
            for member in tar:
                tar.members.clear()  # type: ignore[attr-defined]  # else it keeps them all
                if not member.isreg() or member.issparse():
                    continue
                check_bytes(member.size, f"{shard}: {shown(member.name)}")
                if member.offset_data + member.size > size:
                    raise _unreadable(shard, "it is cut off")
                yield member.name, Place(shard, member.offset_data, member.size)
            end = tar.offset
        _check_end(shard, end)
    except (tarfile.TarError, EOFError, ValueError) as error:
        raise _unreadable(shard, str(error)) from None
    except OSError as error:
        raise _unreadable(shard, str(error.strerror or error)) from None


def _check_end(shard: Path, end: int) -> None:
    """A header that makes no sense looks like the end of a tar, which is zeros or the end of the file."""
    with shard.open("rb") as file:
        file.seek(end)
        if file.read(tarfile.BLOCKSIZE).strip(b"\0"):
            raise _unreadable(shard, f"it is damaged after {end} bytes")


def _split(name: str) -> tuple[str, str]:
    """Key and suffix: what stands before the first dot of the file's name, and the last one on."""
    path = PurePosixPath(name)
    return str(path.with_name(path.name.partition(".")[0] or path.name)), path.suffix.lower()


def _told(place: Place, where: str, suffix: str) -> dict[str, Any]:
    with place.shard.open("rb") as file:
        file.seek(place.offset)
        text = file.read(place.size)
    try:
        if suffix == ".cls":
            return {"class": int(text)}
        content = json.loads(text)
    except (ValueError, RecursionError):
        raise TrainingError(
            f"{where} is not {'a number' if suffix == '.cls' else 'JSON'}; make the shards again"
        ) from None
    return {key: content[key] for key in WANTED if key in content} if isinstance(content, dict) else {}


def _unreadable(shard: Path, reason: str) -> TrainingError:
    return TrainingError(f"{shard} is not a tar file that can be read ({reason}); get or make it again")
