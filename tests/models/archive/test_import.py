"""Import: the rights gate, importing again, and sources that break."""

import csv
import gzip
import multiprocessing
import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from models.archive.catalogue import Catalogue
from models.archive.errors import ArchiveError
from models.archive.importing import import_source
from models.archive.record import Rights, Status
from tests.models.archive.museums import decisions, entries

CC0 = "https://creativecommons.org/publicdomain/zero/1.0/"
COLUMNS = ["id", "title", "artist", "date", "rights", "image_url"]


def write(path: Path, *rows: tuple[str, ...]) -> str:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([COLUMNS, *rows])
    return str(path)


def work(key: str = "1", rights: str = CC0, image: str = "https://example.org/1.jpg") -> tuple[str, ...]:
    return key, f"Work {key}", "Ann Lee", "1889", rights, image


def fetched(archive: Path, key: str) -> None:
    with Catalogue(archive, writing=True) as catalogue:
        entry = catalogue.get(key)
        assert entry is not None
        catalogue.put([replace(entry, status=Status.FETCHED, file="images/ab/c.jpg", sha256="ab", size=3)])


def test_the_gate(tmp_path: Path) -> None:
    table = write(
        tmp_path / "works.csv",
        work("1"),
        work("2", "© The estate"),
        work("3", ""),
        work("4", CC0, ""),
        work("5", "", ""),
        work("6", "public domain", "http://example.org/6.jpg"),
    )
    done = import_source(table, tmp_path / "archive")
    assert (done.kind, done.accepted, done.rejected) == ("csv", 2, {"rights": 2, "no image": 2})
    found = entries(tmp_path / "archive")
    assert [entry.kind for entry in found.values()] == ["", "rights", "rights", "no image", "no image", ""]
    assert found["works:1"].record.rights is Rights.CC0
    assert found["works:2"].detail == "© The estate"
    assert found["works:3"].detail == "the source says nothing of rights"
    assert found["works:6"].record.image == "https://example.org/6.jpg"
    assert decisions(tmp_path / "archive") == []


def test_an_override_is_logged_before_anything_else(tmp_path: Path) -> None:
    table = write(tmp_path / "works.csv", work("1"), work("2", "© The estate"), work("3", "", ""))
    done = import_source(table, tmp_path / "archive", override=" the estate's letter of 1 May ")
    assert (done.accepted, done.overridden, done.rejected) == (2, 1, {"no image": 1})
    found = entries(tmp_path / "archive")
    assert found["works:1"].record.rights is Rights.CC0
    assert found["works:2"].record.rights is Rights.OVERRIDDEN
    assert found["works:2"].record.rights_text == "© The estate"
    assert decisions(tmp_path / "archive") == [f"rights overridden for all of {table}: the estate's letter of 1 May"]


def test_an_override_without_a_reason(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="needs its reason in words"):
        import_source(write(tmp_path / "works.csv", work()), tmp_path / "archive", override=" ")


def test_importing_again_keeps_what_is_here(tmp_path: Path) -> None:
    table, archive = tmp_path / "works.csv", tmp_path / "archive"
    import_source(write(table, work("1"), work("2")), archive)
    fetched(archive, "works:1")
    fetched(archive, "works:2")
    done = import_source(write(table, work("1"), work("2", image="https://example.org/new.jpg"), work("3")), archive)
    assert (done.accepted, done.kept, done.changed) == (3, 1, 1)
    found = entries(archive)
    assert [entry.status for entry in found.values()] == [Status.FETCHED, Status.LISTED, Status.LISTED]
    assert found["works:1"].sha256 == "ab"
    assert found["works:2"].file == ""


def test_rights_that_are_withdrawn_and_given_again(tmp_path: Path) -> None:
    table, archive = tmp_path / "works.csv", tmp_path / "archive"
    import_source(write(table, work()), archive)
    fetched(archive, "works:1")
    import_source(write(table, work(rights="© The estate")), archive)
    assert entries(archive)["works:1"].status is Status.REJECTED
    import_source(write(table, work()), archive)
    assert entries(archive)["works:1"].status is Status.FETCHED
    assert entries(archive)["works:1"].kind == ""


def test_what_a_fetch_rejected_is_tried_again(tmp_path: Path) -> None:
    table, archive = write(tmp_path / "works.csv", work()), tmp_path / "archive"
    import_source(table, archive)
    with Catalogue(archive, writing=True) as catalogue:
        entry = replace(entries(archive)["works:1"], status=Status.REJECTED, kind="http 404", detail="gone")
        catalogue.put([entry])
    import_source(table, archive)
    assert entries(archive)["works:1"].status is Status.LISTED


def test_a_file_that_changed_is_listed_again(tmp_path: Path) -> None:
    folder, archive = tmp_path / "pictures", tmp_path / "archive"
    folder.mkdir()
    (folder / "a.jpg").write_bytes(b"abc")
    import_source(str(folder), archive, override="ours")
    fetched(archive, "pictures:a.jpg")
    assert import_source(str(folder), archive, override="ours").kept == 1
    assert entries(archive)["pictures:a.jpg"].status is Status.FETCHED
    (folder / "a.jpg").write_bytes(b"another")
    assert import_source(str(folder), archive, override="ours").changed == 1
    assert entries(archive)["pictures:a.jpg"].status is Status.LISTED


def test_a_catalogue_cut_in_half(tmp_path: Path) -> None:
    table = Path(write(tmp_path / "works.csv", *(work(f"{n:04}") for n in range(1000))))
    content = table.read_bytes()
    table.write_bytes(content[: content.index(b"Work 0500") + 3])
    done = import_source(str(table), tmp_path / "archive")
    assert done.accepted == 500
    assert len(entries(tmp_path / "archive")) == done.accepted
    (problem,) = done.problems
    assert problem.startswith(f"{table}: is cut off or damaged at line {done.accepted + 2}; only what comes before")
    assert decisions(tmp_path / "archive") == [*done.notes, problem]


def test_a_packed_catalogue_cut_in_half(tmp_path: Path) -> None:
    table = Path(write(tmp_path / "works.csv", *(work(f"{n * 7919 % 100_003}") for n in range(9000))))
    packed = gzip.compress(table.read_bytes())
    (tmp_path / "works.csv.gz").write_bytes(packed[: len(packed) // 2])
    done = import_source(str(tmp_path / "works.csv.gz"), tmp_path / "archive")
    assert 1000 < done.accepted < 8999
    assert "is cut off or damaged after" in done.problems[0]


def test_damaged_records_are_counted_and_named(tmp_path: Path) -> None:
    table = write(
        tmp_path / "works.csv", work("1"), ("2", "short"), work(""), work("4", image="ftp://x/4.jpg"), work("5")
    )
    done = import_source(table, tmp_path / "archive")
    assert (done.accepted, done.rejected, done.problems) == (2, {"unreadable record": 3}, [])
    expected = ["line 3: has 2 columns where the first line has 6", "line 4: has no id"]
    assert done.notes == expected == decisions(tmp_path / "archive")
    entry = entries(tmp_path / "archive")["works:4"]
    assert (entry.status, entry.kind) == (Status.REJECTED, "unreadable record")
    assert entry.detail.startswith("line 5: 'ftp://x/4.jpg' is no address")


def test_thousands_of_damaged_records_do_not_fill_the_log(tmp_path: Path) -> None:
    table = write(tmp_path / "works.csv", *(work("") for _ in range(300)), work("1"))
    done = import_source(table, tmp_path / "archive")
    assert done.rejected == {"unreadable record": 300}
    assert len(done.notes) == 51
    assert done.notes[-1] == "250 more records could not be read"


def test_windows_1252_and_repeated_ids_are_noted(tmp_path: Path) -> None:
    table = tmp_path / "works.csv"
    table.write_bytes(f"{','.join(COLUMNS)}\n1,Café,,,{CC0},https://x/1\n1,B,,,{CC0},https://x/2\r\n".encode("cp1252"))
    done = import_source(str(table), tmp_path / "archive")
    assert len(done.notes) == 2
    assert "line 2 is not UTF-8" in done.notes[0]
    assert "1 records have the id of one before them" in done.notes[1]
    assert entries(tmp_path / "archive")["works:1"].record.title == "B"


def import_until_killed(table: str, archive: Path) -> None:
    def kill(done: int, total: int | None) -> None:
        if done == 12_000:
            os.kill(os.getpid(), signal.SIGKILL)

    import_source(table, archive, progress=kill)


def test_killed_and_imported_again(tmp_path: Path) -> None:
    table = write(tmp_path / "works.csv", *(work(f"{n:05}") for n in range(15_000)))
    child = multiprocessing.get_context("spawn").Process(target=import_until_killed, args=(table, tmp_path / "archive"))
    child.start()
    child.join()
    assert child.exitcode == -signal.SIGKILL
    saved = len(entries(tmp_path / "archive"))
    assert 10_000 <= saved <= 12_000
    fetched(tmp_path / "archive", "works:00007")
    done = import_source(table, tmp_path / "archive")
    assert (done.accepted, done.kept) == (15_000, saved)
    found = entries(tmp_path / "archive")
    assert len(found) == 15_000
    assert found["works:00007"].status is Status.FETCHED


def test_progress(tmp_path: Path) -> None:
    seen: list[tuple[int, int | None]] = []
    table = write(tmp_path / "works.csv", *(work(str(n)) for n in range(2500)))
    import_source(table, tmp_path / "archive", progress=lambda done, total: seen.append((done, total)))
    assert seen == [(1000, None), (2000, None), (2500, 2500)]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty"),
        (b" \n\n", "is empty"),
        (b"<!DOCTYPE html><html>", "is a web page or XML"),
        (b"\x89PNG\0\0", "is not text"),
        (b"colour,size\nred,1\n", "is of no known kind, it holds colour, size; say which of moma, tate,"),
        (b'{"colour": "red"}', "is of no known kind, it holds colour"),
        (b'[{"a": 1', "is cut off or damaged at line 1"),
        (b"[]", "is of no known kind, it holds nothing that can be read"),
        (b"\xfd7zXZ\0broken", "cut off or damaged|cannot be unpacked"),
    ],
)
def test_what_is_no_catalogue(tmp_path: Path, content: bytes, sentence: str) -> None:
    path = tmp_path / "works.csv"
    path.write_bytes(content)
    with pytest.raises(ArchiveError, match=sentence) as error:
        import_source(str(path), tmp_path / "archive")
    assert str(error.value).startswith(str(path))
    assert not (tmp_path / "archive").exists()


def test_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="there is no such file, folder or address"):
        import_source(str(tmp_path / "none.csv"), tmp_path / "archive")
    with pytest.raises(ArchiveError, match=r"cannot be read \(File name too long\)"):
        import_source("x" * 5000, tmp_path / "archive")
    with pytest.raises(ArchiveError, match="is neither a file nor a folder"):
        import_source("/dev/null", tmp_path / "archive")
    with pytest.raises(ArchiveError, match="addresses cannot be read here"):
        import_source("https://example.org/works.csv", tmp_path / "archive")
    with pytest.raises(ArchiveError, match="'louvre' is no kind of catalogue; name one of moma, tate, met, aic, iiif"):
        import_source(write(tmp_path / "works.csv", work()), tmp_path / "archive", "louvre")
