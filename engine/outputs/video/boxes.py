"""The top-level boxes of an MP4: how far a file whose writing was cut off is whole."""

from collections.abc import Iterator
from typing import BinaryIO

LEAST = 64 * 2**10  # bytes: no fragment that is smaller is worth keeping when it is cut
BLOCK = 2**20
HEADER, LONG_HEADER = 8, 16  # bytes


def whole_length(file: BinaryIO) -> int:
    """Bytes up to the end of the last whole fragment, or of an ordinary file; 0 where not even one is whole.

    An index (moov) without pictures (mdat) is worth nothing, nor are pictures that no index has announced.
    """
    whole = 0
    seen: set[bytes] = set()
    for kind, end in _boxes(file):
        seen.add(kind)
        if kind in (b"mdat", b"moov") and seen >= {b"mdat", b"moov"}:
            whole = end
    return whole


def may_hold_pictures(file: BinaryIO) -> bool:
    """Whether there may be pictures in a file without a whole fragment: one that was damaged, and not only begun."""
    if file.seek(0, 2) < LEAST:
        return False
    file.seek(0)
    before = b""
    while block := file.read(BLOCK):
        if b"mdat" in before + block:
            return True
        before = block[-3:]
    return False


def is_mp4(file: BinaryIO) -> bool:
    """Whether a file begins as one, or is empty and could become one."""
    file.seek(0)
    head = file.read(HEADER)
    return not head or head[4:] == b"ftyp"


def _boxes(file: BinaryIO) -> Iterator[tuple[bytes, int]]:
    """(kind, end in bytes) of each box that lies in the file as a whole."""
    length, at = file.seek(0, 2), 0
    while at + HEADER <= length:
        file.seek(at)
        head = file.read(LONG_HEADER)
        size, smallest = int.from_bytes(head[:4], "big"), HEADER
        if size == 1:
            size, smallest = int.from_bytes(head[HEADER:], "big"), LONG_HEADER
        if size < smallest or at + size > length:
            return
        at += size
        yield head[4:8], at
