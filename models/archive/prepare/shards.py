"""A set as WebDataset reads it: tar files of bounded size, in each KEY.png or KEY.jpg beside KEY.json."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from itertools import groupby
from operator import itemgetter
from typing import IO

from models.archive.prepare.sample import Sample, as_json
from models.archive.prepare.tar import END, member

SHARD = 256 * 2**20  # bytes after which another begins

Create = Callable[[str], AbstractContextManager[IO[bytes]]]  # a file by its name, to be written from end to end


def write_shards(
    create: Create,
    name: str,
    samples: Iterable[Sample],
    suffix: str,
    classes: list[str] | None,
    size: int = SHARD,
) -> list[str]:
    """Write NAME-000000.tar and so on, one after the other; return their names. `classes` are the labels by number,
    None: a set without. Raises OSError.
    """
    members = (shard_members(sample, f"img{n:08d}", suffix, classes) for n, sample in enumerate(samples))
    names = []
    for number, portion in groupby(_numbered(members, size), key=itemgetter(0)):
        names.append(f"{name}-{number:06d}.tar")
        with create(names[-1]) as file:
            for _, data in portion:
                file.write(data)
            file.write(END)
    return names


def _numbered(members: Iterable[bytes], size: int) -> Iterator[tuple[int, bytes]]:
    """Each with the number of the shard it goes into."""
    shard, left = 0, size
    for data in members:
        if left < min(size, len(data)):
            shard, left = shard + 1, size
        left -= len(data)
        yield shard, data


def shard_members(sample: Sample, key: str, suffix: str, classes: list[str] | None) -> bytes:
    """A sample as it stands in a shard: its image, then where it is from, and the number of its class."""
    number = {} if classes is None else {"class": classes.index(sample.record.label)}
    origin = {**sample.origin(), "crop": sample.number, **number}
    return member(f"{key}.{suffix}", sample.image) + member(f"{key}.json", as_json(origin))
