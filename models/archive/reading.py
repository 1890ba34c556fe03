"""Catalogues as lines of text: plain or packed, in whichever encoding, never more than fits.

What a file is comes from its first bytes, not from its name. What ends too early, or unpacks to more than a catalogue
can be, raises ArchiveError after the lines that are whole.
"""

import codecs
import gzip
import io
import lzma
import zlib
from collections.abc import Callable, Iterator

import zstandard

from models.archive.errors import ArchiveError

ReadUrl = Callable[[str], bytes]  # reads an address; raises ArchiveError or RejectedError
File = io.BufferedReader | io.BytesIO
Note = Callable[[str], None]  # takes a sentence for the archive's log

LONGEST_LINE = 16 << 20  # characters
MOST_BYTES = 4 << 30  # unpacked
MOST_RATIO = 200  # unpacked to packed; MoMA's catalogue in xz has 11
MOST_MEMORY = 256 << 20  # for unpacking xz; its own largest setting takes 65 MiB
UNSUSPECTED = 64 << 20  # bytes below which the ratio is not looked at
_STEP = 1 << 20
_PACKED = {b"\xfd7zXZ\x00": "xz", b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd"}
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_BROKEN = (EOFError, OSError, lzma.LZMAError, zlib.error, zstandard.ZstdError)


def unpacked(file: File, name: str) -> io.BufferedReader:
    """`file` from its beginning, unpacked where it is packed; reading it raises ArchiveError, with `name` in it."""
    head = file.read(1 << 16)
    file.seek(0)
    packing = next((packing for magic, packing in _PACKED.items() if head.startswith(magic)), None)
    if packing == "xz":
        _see_that_memory_suffices(head, name)
        return io.BufferedReader(_Bounded(lzma.LZMAFile(file), file, name), _STEP)
    if packing == "gzip":
        return io.BufferedReader(_Bounded(gzip.GzipFile(fileobj=file), file, name), _STEP)
    if packing == "zstd":
        return io.BufferedReader(_Bounded(io.BufferedReader(_Zstd(file)), file, name), _STEP)
    return io.BufferedReader(_Bounded(file, None, name), _STEP)


def lines(file: io.BufferedReader, name: str, note: Note) -> Iterator[str]:
    """Lines with their ends; one longer than LONGEST_LINE comes in pieces.

    UTF-8 or UTF-16, with or without a mark; a line that is not UTF-8 is read as Windows-1252, and `note` is told once.
    """
    head = file.peek(1024)
    if head.startswith(_UTF16):
        wide = io.TextIOWrapper(file, "utf-16", errors="replace", newline="\n")
        yield from iter(lambda: wide.readline(LONGEST_LINE), "")
        return
    if b"\0" in head[:1024]:
        raise ArchiveError(f"{name}: is not text; name a CSV or JSON file (.xz, .gz, .zst too), a folder or an address")
    if b"\r" in head and b"\n" not in head and not head.lstrip().startswith((b"{", b"[")):
        raise ArchiveError(f"{name}: its lines end as on old Macs; open it in a spreadsheet and save it as CSV UTF-8")
    yield from _narrow(file, name, note)


def _narrow(file: io.BufferedReader, name: str, note: Note) -> Iterator[str]:
    if file.peek(3).startswith(codecs.BOM_UTF8):
        file.read(len(codecs.BOM_UTF8))
    decoder, noted = codecs.getincrementaldecoder("utf-8")(), False
    for number, line in enumerate(iter(lambda: file.readline(LONGEST_LINE), b""), 1):
        try:
            yield decoder.decode(line)
        except UnicodeDecodeError:
            decoder.reset()
            yield line.decode("cp1252", "replace")
            if not noted:
                note(f"{name}: line {number} is not UTF-8; it and its like were read as Windows-1252")
            noted = True


class _Bounded(io.RawIOBase):
    """Passes on what a file gives, until that is too much; every way to break ends in one sentence."""

    def __init__(self, file: io.BufferedIOBase, packed: File | None, name: str) -> None:
        self._file = file
        self._packed = packed
        self._name = name
        self._given = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "bytearray | memoryview") -> int:  # type: ignore[override]
        try:
            data = self._file.read1(len(buffer))  # `read` would lose what comes before a break
        except _BROKEN as error:
            raise ArchiveError(
                f"{self._name}: is cut off or damaged after {self._given:,} bytes of text ({error}); "
                "get the whole file and import it again"
            ) from None
        self._given += len(data)
        self._judge()
        buffer[: len(data)] = data
        return len(data)

    def _judge(self) -> None:
        if self._packed is None:
            return
        suspected = self._given > UNSUSPECTED and self._given > MOST_RATIO * self._packed.tell()
        if suspected or self._given > MOST_BYTES:
            raise ArchiveError(
                f"{self._name}: unpacks to more than a catalogue holds ({self._given:,} bytes and going on); "
                "see what it is, and unpack it by hand where it is a catalogue indeed"
            )


class _Zstd(io.RawIOBase):
    """Reads frames one after the other; unlike zstandard's own reader it tells an end from a cut."""

    BITE = 512  # bytes: packed ones grow to at most 16 MiB at a time, whatever they say

    def __init__(self, file: File) -> None:
        self._file = file
        self._unpack = zstandard.ZstdDecompressor(max_window_size=1 << 27)
        self._frame = self._unpack.decompressobj()
        self._begun = False
        self._left = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "bytearray | memoryview") -> int:  # type: ignore[override]
        while not self._left:
            bite = (self._frame.unused_data if self._frame.eof else b"") or self._file.read(self.BITE)
            if not bite:
                return self._end()
            if self._frame.eof:
                self._frame = self._unpack.decompressobj()
            self._begun = True
            self._left = self._frame.decompress(bite)
        size = min(len(buffer), len(self._left))
        buffer[:size], self._left = self._left[:size], self._left[size:]
        return size

    def _end(self) -> int:
        if self._begun and not self._frame.eof:
            raise EOFError("the last frame has no end")
        return 0


def _see_that_memory_suffices(head: bytes, name: str) -> None:
    try:
        lzma.LZMADecompressor(memlimit=MOST_MEMORY).decompress(head, 1)
    except lzma.LZMAError as error:
        raise ArchiveError(f"{name}: cannot be unpacked ({error}); pack it anew with `xz -9` or less") from None
