"""A set as WebDataset reads it: tar files of bounded size, in each KEY.png or KEY.jpg beside KEY.json."""

from collections.abc import Callable, Iterable
from typing import IO, Self

from models.archive.prepare.sample import Sample, as_json
from models.archive.prepare.tar import END, member

SHARD = 256 * 2**20  # bytes after which another begins


class Shards:
    """A context that writes NAME-000000.tar and so on, each through `create`. `names` are those so far."""

    def __init__(self, create: Callable[[str], IO[bytes]], name: str, size: int = SHARD) -> None:
        self._create, self._name, self._size = create, name, size
        self._file: IO[bytes] | None = None
        self._left = 0
        self.names: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    def write(self, samples: Iterable[Sample], suffix: str, classes: list[str] | None) -> None:
        """All of them. `classes` are the labels by number, None: a set without. Raises OSError."""
        for index, sample in enumerate(samples):
            data = shard_members(sample, f"img{index:08d}", suffix, classes)
            if self._file is None or self._left < len(data):
                self._end()
                self._begin()
            self._put(data)
        self._end()

    def _begin(self) -> None:
        self.names.append(f"{self._name}-{len(self.names):06d}.tar")
        self._file, self._left = self._create(self.names[-1]), self._size

    def _put(self, data: bytes) -> None:
        if self._file is not None:
            self._file.write(data)
            self._left -= len(data)

    def _end(self) -> None:
        self._put(END)
        if self._file is not None:
            self._file.close()


def shard_members(sample: Sample, key: str, suffix: str, classes: list[str] | None) -> bytes:
    """A sample as it stands in a shard: its image, then where it is from, and the number of its class."""
    number = {} if classes is None else {"class": classes.index(sample.record.label)}
    origin = {**sample.origin(), "crop": sample.number, **number}
    return member(f"{key}.{suffix}", sample.image) + member(f"{key}.json", as_json(origin))
