"""Pictures that were here once, and such as their readers have something to say about."""

import io
import logging
import shutil
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from models.archive.catalogue import Catalogue
from models.archive.errors import RejectedError
from models.archive.fetch.fetching import fetch
from models.archive.fetch.picture import suffix
from models.archive.net import Policy
from models.archive.record import Entry, Record, Rights, Status
from tests.models.archive.server import Server, picture

SAMPLES_PER_PIXEL = 277


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        running.files = {f"/p/{number}": picture(number) for number in range(3)}
        yield running


def list_works(folder: Path, addresses: list[str]) -> None:
    with Catalogue(folder, writing=True) as catalogue:
        records = (Record(f"t:{n}", "t", image=at, rights=Rights.CC0) for n, at in enumerate(addresses))
        catalogue.put(Entry(record, Status.LISTED) for record in records)


def files(folder: Path) -> list[Path]:
    with Catalogue(folder) as catalogue:
        return [folder / entry.file for entry in catalogue.entries(Status.FETCHED)]


def test_a_file_that_is_gone_or_cut_is_fetched_again(server: Server, tmp_path: Path) -> None:
    policy = Policy("keeper@example.org", trusted=frozenset({server.host}))
    list_works(tmp_path, [server.url(path) for path in server.files])
    fetch(tmp_path, policy)
    gone, cut, whole = files(tmp_path)
    gone.unlink()
    cut.write_bytes(cut.read_bytes()[:100])
    assert fetch(tmp_path, policy).accepted == 2
    assert [path.read_bytes() for path in (gone, cut, whole)] == list(server.files.values())
    assert [server.hits[path] for path in server.files] == [2, 2, 1]


def test_a_disk_that_is_away_is_no_loss(server: Server, tmp_path: Path) -> None:
    policy = Policy("keeper@example.org", trusted=frozenset({server.host}))
    own = tmp_path / "own.jpg"
    own.write_bytes(picture(9))
    list_works(tmp_path / "a", [server.url("/p/0"), str(own)])
    fetch(tmp_path / "a", policy)
    own.unlink()
    assert fetch(tmp_path / "a", policy).rejected == {}
    shutil.rmtree(tmp_path / "a" / "images")
    fetch(tmp_path / "a", policy)
    assert server.hits["/p/0"] == 1


def test_a_camera_s_jpeg_with_others_behind_it_is_a_jpeg(tmp_path: Path) -> None:
    path = tmp_path / "stereo"
    with Image.open(io.BytesIO(picture(1))) as left, Image.open(io.BytesIO(picture(2))) as right:
        left.save(path, "MPO", save_all=True, append_images=[right])
    assert suffix(path, 10_000) == ".jpg"


def test_nothing_but_the_record_tells_of_damage(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    data = bytearray(picture(1, kind="TIFF"))
    (first,) = struct.unpack_from("<I", data, 4)
    (tags,) = struct.unpack_from("<H", data, first)
    places = {struct.unpack_from("<H", data, at)[0]: at for at in range(first + 2, first + 2 + 12 * tags, 12)}
    struct.pack_into("<H", data, places[SAMPLES_PER_PIXEL] + 8, 300)
    (tmp_path / "odd.tif").write_bytes(data)
    root = logging.getLogger()
    handlers, root.handlers = root.handlers, []  # pytest's own, which would take it up
    try:
        with pytest.raises(RejectedError, match="not an image"):
            suffix(tmp_path / "odd.tif", 10_000)
    finally:
        root.handlers = handlers
    assert capfd.readouterr().err == ""
