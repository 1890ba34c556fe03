"""Tar files member by member, so that one that breaks off is readable up to there, and appended to."""

import tarfile
from collections.abc import Iterator
from os import SEEK_CUR
from typing import IO

END = bytes(2 * tarfile.BLOCKSIZE)


def member(name: str, data: bytes) -> bytes:
    """A file as it stands in a tar: the same bytes for the same name and data."""
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(data), 0o644
    return info.tobuf(tarfile.USTAR_FORMAT) + data + bytes(_padded(len(data)) - len(data))


def members(file: IO[bytes]) -> Iterator[tuple[str, int]]:
    """Name and size of each member, up to the end or to what is no header. The caller passes over the body."""
    while True:
        header = file.read(tarfile.BLOCKSIZE)
        try:
            info = tarfile.TarInfo.frombuf(header, "utf-8", "strict")
        except (tarfile.HeaderError, UnicodeError):
            return
        yield info.name, info.size


def body(file: IO[bytes], size: int) -> bytes | None:
    """A member's bytes, None where the file ends before its padding does, or the padding is not zeros."""
    data = file.read(_padded(size))
    return data[:size] if len(data) == _padded(size) and not data[size:].strip(b"\0") else None


def skip(file: IO[bytes], size: int) -> None:
    """Pass over a member's bytes unread."""
    file.seek(_padded(size), SEEK_CUR)


def _padded(size: int) -> int:
    return -(-size // tarfile.BLOCKSIZE) * tarfile.BLOCKSIZE
