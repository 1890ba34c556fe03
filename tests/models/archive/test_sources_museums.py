"""Tate, the Met and Chicago, from files and from their addresses."""

import json
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from models.archive import importing
from models.archive.errors import ArchiveError, RejectedError
from models.archive.importing import import_source
from models.archive.record import Rights
from tests.models.archive.museums import ARCHIVE, entries, needs_archive

MET: dict[str, Any] = {
    "objectID": 435809,
    "isPublicDomain": True,
    "primaryImage": "http://images.metmuseum.org/CRDImages/ep/original/DP119115.jpg",
    "title": "The Harvesters",
    "artistDisplayName": "Pieter Bruegel the Elder",
    "constituents": [{"constituentID": 1, "role": "Artist", "name": "Pieter Bruegel the Elder"}],
    "objectDate": "1565",
    "objectBeginDate": 1565,
    "objectEndDate": 1565,
    "objectURL": "https://www.metmuseum.org/art/collection/search/435809",
    "rightsAndReproduction": "",
}
AIC: dict[str, Any] = {
    "id": 28560,
    "title": "The Bedroom",
    "artist_titles": ["Vincent van Gogh"],
    "date_display": "1889",
    "is_public_domain": True,
    "image_id": "25c31d8d-21a4-9ea1-1d73-6a2eca4dda7e",
}


@needs_archive
def test_tate_whole_and_its_files_give_the_same_records(tmp_path: Path) -> None:
    done = import_source(str(ARCHIVE / "tate/artwork_data.csv.xz"), tmp_path / "table")
    assert (done.kind, done.accepted, done.rejected) == ("tate", 0, {"rights": 58_416, "no image": 10_786})
    assert done.problems == []
    table = entries(tmp_path / "table")
    assert len(table) == 69_202
    assert sum(entry.record.rights is Rights.RESTRICTED for entry in table.values()) == 14_239
    blake = table["tate:1035"].record
    assert (blake.artists, blake.date, blake.years) == (("Blake, Robert",), "date not known", None)
    assert blake.image == "https://www.tate.org.uk/art/images/work/A/A00/A00001_8.jpg"
    done = import_source(str(ARCHIVE / "samples/tate"), tmp_path / "files")
    assert (done.kind, done.rejected) == ("tate", {"rights": 4, "no image": 1})
    files = entries(tmp_path / "files")
    assert len(files) == 5
    assert all(table[key] == entry for key, entry in files.items())


@needs_archive
def test_chicago_files(tmp_path: Path) -> None:
    done = import_source(str(ARCHIVE / "samples/aic"), tmp_path)
    assert (done.kind, done.accepted, done.rejected) == ("aic", 10, {"unreadable record": 3})
    assert [note.partition(":")[0] for note in done.notes] == ["config.json", "image-record.json", "info.json"]
    record = entries(tmp_path)["aic:11"].record
    assert (record.title, record.artists, record.years) == ("Self-Portrait", ("Walter Shirlaw",), (1878, 1878))
    assert record.service == "https://www.artic.edu/iiif/2/7b7a6f39-1cd8-ea2f-9811-18b0e23edac0"
    assert record.rights is Rights.PUBLIC_DOMAIN


@needs_archive
def test_five_museums_by_their_usual_columns(tmp_path: Path) -> None:
    shutil.copy(ARCHIVE / "samples/five-museums-iiif-urls.csv", tmp_path / "five.csv")
    done = import_source(str(tmp_path / "five.csv"), tmp_path / "archive")
    assert (done.kind, done.accepted, done.rejected) == ("csv", 0, {"rights": 224})
    assert (done.dated, done.understood) == (224, 223)
    record = entries(tmp_path / "archive")["five:artic_28560"].record
    assert (record.title, record.artists, record.years) == ("The Bedroom", ("Vincent van Gogh",), (1889, 1889))


class Museum:
    """An address book instead of the net: what `read_url` gives."""

    def __init__(self, **pages: Any) -> None:
        self.pages = pages
        self.read: list[str] = []

    def __call__(self, address: str) -> bytes:
        self.read.append(address)
        page = self.pages.get(urlsplit(address).path.rpartition("/")[2])
        if isinstance(page, list):
            page = page[int(parse_qs(urlsplit(address).query).get("page", ["1"])[0]) - 1]
        if page is None:
            raise RejectedError("http 404", "there is nothing at this address")
        return page if isinstance(page, bytes) else json.dumps(page).encode()


def test_the_met_by_its_address(tmp_path: Path) -> None:
    modern = MET | {"objectID": 2, "isPublicDomain": False, "primaryImage": "", "rightsAndReproduction": "© 2020"}
    strange = MET | {"objectID": 4, "title": ["a list"]}
    listed = {"total": 5, "objectIDs": [435809, 2, 3, 4, "5?x=/../"]}
    museum = Museum(objects=listed, **{"435809": MET, "2": modern, "4": strange})
    address = "https://collectionapi.metmuseum.org/public/collection/v1/objects?departmentIds=11"
    done = import_source(address, tmp_path, read_url=museum)
    assert (done.kind, done.accepted, done.rejected) == ("met", 1, {"no image": 1, "unreadable record": 3})
    base = "https://collectionapi.metmuseum.org/public/collection/v1/objects"
    assert museum.read == [address, *(f"{base}/{key}" for key in (435809, 2, 3, 4))]
    found = entries(tmp_path)
    harvesters = found["met:435809"].record
    assert harvesters.image == "https://images.metmuseum.org/CRDImages/ep/original/DP119115.jpg"
    assert (harvesters.artists, harvesters.years) == (("Pieter Bruegel the Elder",), (1565, 1565))
    assert harvesters.rights is Rights.PUBLIC_DOMAIN
    assert found["met:2"].record.rights is Rights.RESTRICTED
    assert found["met:3"].detail.endswith("there is nothing at this address")
    assert "title holds a list" in found["met:4"].detail


def test_what_a_slow_museum_gave_is_soon_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "_PATIENCE", -1.0)
    saved: list[int] = []

    def museum(address: str) -> bytes:
        key = address.rpartition("/")[2]
        if key == "objects":
            return json.dumps({"total": 3, "objectIDs": [1, 2, 3]}).encode()
        saved.append(len(entries(tmp_path)))
        return json.dumps(MET | {"objectID": int(key)}).encode()

    import_source("https://example.org/v1/objects", tmp_path, read_url=museum)
    assert saved == [0, 1, 2]


def test_a_file_of_the_met_reads_no_addresses(tmp_path: Path) -> None:
    (tmp_path / "objects.json").write_text('{"total": 1, "objectIDs": [1]}')
    museum = Museum()
    done = import_source(str(tmp_path / "objects.json"), tmp_path / "archive", read_url=museum)
    assert (done.rejected, museum.read) == ({"unreadable record": 1}, [])


def test_chicago_page_by_page(tmp_path: Path) -> None:
    config = {"iiif_url": "https://images.example.org/iiif/3/"}
    pages = [
        {"data": [AIC, AIC | {"id": 2, "is_public_domain": False}], "pagination": {"total_pages": 2}, "config": config},
        {"data": [AIC | {"id": 3, "image_id": None}, {"id": 4}], "pagination": {"total_pages": 2}, "config": config},
    ]
    museum = Museum(artworks=pages)
    done = import_source("https://api.artic.edu/api/v1/artworks?query=x", tmp_path, read_url=museum)
    assert (done.kind, done.accepted) == ("aic", 1)
    assert done.rejected == {"rights": 1, "no image": 1, "unreadable record": 1}
    queries = [parse_qs(urlsplit(address).query) for address in museum.read[1:]]
    assert [(query["page"], query["limit"], query["query"]) for query in queries] == [
        (["1"], ["100"], ["x"]),
        (["2"], ["100"], ["x"]),
    ]
    assert "is_public_domain" in queries[0]["fields"][0]
    assert entries(tmp_path)["aic:28560"].record.service == f"https://images.example.org/iiif/3/{AIC['image_id']}"


def test_chicago_promises_pages_that_are_empty(tmp_path: Path) -> None:
    read: list[str] = []

    def museum(address: str) -> bytes:
        read.append(address)
        return json.dumps({"data": [AIC] if len(read) < 3 else [], "pagination": {"total_pages": 99_999}}).encode()

    assert import_source("https://api.artic.edu/api/v1/artworks", tmp_path, read_url=museum).accepted == 1
    assert len(read) == 3


def test_chicago_goes_away_half_way(tmp_path: Path) -> None:
    def museum(address: str) -> bytes:
        if "page=2" in address:
            raise RejectedError("http 503", "the server is busy")
        return json.dumps({"data": [AIC], "pagination": {"total_pages": 9}, "config": {}}).encode()

    done = import_source("https://api.artic.edu/api/v1/artworks", tmp_path, read_url=museum)
    assert done.accepted == 1
    assert len(done.problems) == 1
    assert "page=2" in done.problems[0]
    assert "the server is busy" in done.problems[0]


def test_a_single_work_of_chicago_and_one_not_free(tmp_path: Path) -> None:
    work = {"data": AIC | {"is_public_domain": False, "copyright_notice": "© 2018 The estate"}, "config": {}}
    (tmp_path / "work.json").write_text(json.dumps(work, indent=2))
    done = import_source(str(tmp_path / "work.json"), tmp_path / "archive")
    assert (done.kind, done.rejected) == ("aic", {"rights": 1})
    assert entries(tmp_path / "archive")["aic:28560"].detail == "© 2018 The estate"


def test_an_address_whose_catalogue_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match=r"https://x\.org/none: cannot be read \(there is nothing at this address"):
        import_source("https://x.org/none", tmp_path, read_url=Museum())
    with pytest.raises(ArchiveError, match="is a web page"):
        import_source("https://x.org/page", tmp_path, read_url=Museum(page=b"<html>"))


def test_a_catalogue_from_the_net_names_no_files(tmp_path: Path) -> None:
    table = (
        b"id,image,rights\n1,/etc/passwd,CC0\n2,../secret.png,CC0\n3,file:///etc/passwd,CC0\n4,https://x.org/4,CC0\n"
    )
    done = import_source("https://x.org/works.csv", tmp_path, read_url=Museum(**{"works.csv": table}))
    assert (done.accepted, done.rejected) == (3, {"unreadable record": 1})
    images = [entry.record.image for entry in entries(tmp_path).values()]
    assert images == ["https://x.org/etc/passwd", "https://x.org/secret.png", "", "https://x.org/4"]


@pytest.mark.parametrize(
    "values", [{"id": [1]}, {"contributors": [3]}, {"title": {}}, {"thumbnailUrl": "javascript:x"}]
)
def test_strange_values_cost_one_record(tmp_path: Path, values: dict[str, Any]) -> None:
    good = {
        "acno": "A1",
        "id": 1,
        "contributors": [{"mda": "Lee, Ann"}],
        "title": "\ud800 lone",
        "thumbnailUrl": "http://x/1",
    }
    (tmp_path / "a.json").write_text("\n".join(json.dumps(work) for work in (good, good | {"id": 2} | values)))
    done = import_source(str(tmp_path / "a.json"), tmp_path / "archive", override="a test")
    assert (done.kind, done.accepted, done.rejected) == ("tate", 1, {"unreadable record": 1})
    assert entries(tmp_path / "archive")["tate:1"].record.title == "? lone"


@pytest.mark.parametrize("work", [AIC | {"copyright_notice": "© 2018"}, MET | {"rightsAndReproduction": "© 2018"}])
def test_a_work_that_is_free_and_held_is_not_free(tmp_path: Path, work: dict[str, Any]) -> None:
    (tmp_path / "a.json").write_text(json.dumps(work))
    done = import_source(str(tmp_path / "a.json"), tmp_path / "archive")
    assert (done.accepted, done.rejected) == (0, {"rights": 1})
