"""Catalogues as lines: packed, in several encodings, cut off, and bombs."""

import gzip
import io
import lzma
from collections.abc import Callable

import pytest
import zstandard

from models.archive import reading
from models.archive.errors import ArchiveError

TEXT = "id,title\n" + "".join(f"{number},Märzküste {number * 7919 % 1000}\n" for number in range(5000))
PACK: dict[str, Callable[[bytes], bytes]] = {
    "plain": bytes,
    "xz": lzma.compress,
    "gzip": gzip.compress,
    "zstd": zstandard.ZstdCompressor().compress,
}


def read(content: bytes) -> tuple[str, list[str]]:
    notes: list[str] = []
    return "".join(reading.lines(reading.unpacked(io.BytesIO(content), "a.csv"), "a.csv", notes.append)), notes


@pytest.mark.parametrize("packing", PACK)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_whole(packing: str, encoding: str) -> None:
    assert read(PACK[packing](TEXT.encode(encoding))) == (TEXT, [])


@pytest.mark.parametrize("packing", ["xz", "gzip", "zstd"])
def test_two_packed_ones_in_a_row(packing: str) -> None:
    assert read(PACK[packing](b"a\n") + PACK[packing](b"b\n")) == ("a\nb\n", [])


@pytest.mark.parametrize("packing", ["xz", "gzip", "zstd"])
def test_cut_off_gives_what_is_whole_and_says_where(packing: str) -> None:
    packed = PACK[packing](TEXT.encode())
    lines = reading.lines(reading.unpacked(io.BytesIO(packed[: len(packed) // 2]), "a.csv"), "a.csv", lambda _: None)
    with pytest.raises(
        ArchiveError, match=r"^a\.csv: is cut off or damaged after [\d,]+ bytes of text .*import it again"
    ):
        for _ in lines:
            pass


@pytest.mark.parametrize("packing", ["xz", "gzip", "zstd"])
def test_damaged(packing: str) -> None:
    packed = bytearray(PACK[packing](TEXT.encode()))
    packed[len(packed) // 2 : len(packed) // 2 + 40] = bytes(40)
    with pytest.raises(ArchiveError, match=r"a\.csv: is cut off or damaged"):
        read(bytes(packed))


@pytest.mark.parametrize("packing", ["xz", "gzip", "zstd"])
def test_a_bomb_is_not_unpacked(packing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "UNSUSPECTED", 1 << 20)
    with pytest.raises(ArchiveError, match=r"a\.csv: unpacks to more than a catalogue holds \([\d,]+ bytes"):
        read(PACK[packing](b"0\n" * (16 << 20)))


def test_a_catalogue_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_BYTES", 10_000)
    with pytest.raises(ArchiveError, match="more than a catalogue holds"):
        read(gzip.compress(TEXT.encode()))
    assert read(TEXT.encode())[0] == TEXT


def test_xz_that_wants_much_memory() -> None:
    wanting = lzma.compress(b"a\n", filters=[{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 1 << 30}])
    with pytest.raises(ArchiveError, match=r"cannot be unpacked \(Memory usage limit"):
        read(wanting)


def test_windows_1252_is_read_and_noted() -> None:
    content = "naïve\n".encode() + "café “x”\n".encode("cp1252") * 2
    assert read(content) == (
        "naïve\ncafé “x”\ncafé “x”\n",
        ["a.csv: line 2 is not UTF-8; it and its like were read as Windows-1252"],
    )


def test_a_line_without_end_comes_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "LONGEST_LINE", 7)
    pieces = list(reading.lines(reading.unpacked(io.BytesIO("é".encode() * 10), "a"), "a", lambda _: None))
    assert "".join(pieces) == "é" * 10
    assert len(pieces) > 1


def test_what_is_no_text() -> None:
    with pytest.raises(ArchiveError, match=r"a\.csv: is not text; name a CSV or JSON file"):
        read(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")


def test_lines_that_end_as_on_old_macs() -> None:
    with pytest.raises(ArchiveError, match=r"a\.csv: its lines end as on old Macs"):
        read(b"id,title\r1,a\r2,b\r")
    assert read(b'{"id":\r1}')[0] == '{"id":\r1}'
