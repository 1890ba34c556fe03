"""Which size is asked of a IIIF service, and that it is what arrives."""

import json
from pathlib import Path
from typing import Any

import pytest

from models.archive.catalogue import Catalogue
from models.archive.errors import RejectedError
from models.archive.fetch.fetching import fetch
from models.archive.fetch.iiif_image import image_address
from models.archive.net import Policy
from models.archive.record import Entry, Record, Status
from tests.models.archive.server import Server, picture

V2 = {"@context": "http://iiif.io/api/image/2/context.json", "width": 6000, "height": 4000}
V3 = {"@context": "http://iiif.io/api/image/3/context.json", "width": 6000, "height": 4000}
THUMBS = {"sizes": [{"width": 3000, "height": 2000}, {"width": 300, "height": 200}, {"width": 1500, "height": 1000}]}
LEVEL0, LEVEL1, LEVEL2 = ("level0", "level1", "level2")
IIIF = "http://iiif.io/api/image/2/"


def size(info: dict[str, Any], short_side: int = 1024) -> str:
    address = image_address("https://example.org/iiif/a%2Fb/", json.dumps(info).encode(), short_side)
    base, region, chosen, rotation, name = address.rsplit("/", 4)
    assert (base, region, rotation, name) == ("https://example.org/iiif/a%2Fb", "full", "0", "default.jpg")
    return chosen


@pytest.mark.parametrize(
    ("info", "chosen"),
    [
        # computed, in the canonical spelling of the version
        ({**V2, "profile": [f"{IIIF}level2.json"]}, "1536,"),
        ({**V2, "profile": f"{IIIF}level1.json"}, "1536,"),
        ({**V3, "profile": LEVEL2}, "1536,1024"),
        ({**V3, "profile": LEVEL1}, "1536,"),
        # listed: the smallest that is large enough
        ({**V2, **THUMBS, "profile": [f"{IIIF}level2.json"]}, "3000,"),
        ({**V3, **THUMBS, "profile": LEVEL1}, "3000,2000"),
        ({**V3, **THUMBS, "profile": LEVEL0}, "3000,2000"),
        # limits
        ({**V2, "profile": [f"{IIIF}level1.json", {"maxWidth": 1000}]}, "1000,"),
        ({**V3, "profile": LEVEL2, "maxWidth": 3000}, "1536,1024"),
        ({**V3, "profile": LEVEL2, "maxWidth": 1200}, "1200,800"),
        ({**V3, "profile": LEVEL2, "maxWidth": 5000, "maxHeight": 600}, "900,600"),
        ({**V3, "profile": LEVEL2, "maxArea": 600_000}, "948,632"),
        ({**V3, **THUMBS, "profile": LEVEL0, "maxWidth": 1500}, "1500,1000"),
        ({**V3, **THUMBS, "profile": LEVEL2, "maxWidth": 1500}, "1500,1000"),
        # smaller than what is wanted: whole
        ({**V2, "width": 900, "height": 800, "profile": f"{IIIF}level2.json"}, "full"),
        ({**V3, "width": 900, "height": 800, "profile": LEVEL2}, "max"),
        ({**V3, "width": 900, "height": 800, "profile": LEVEL2, "sizes": [{"width": 900, "height": 800}]}, "max"),
        # level 0 has only what it lists, or the whole
        ({**V2, "profile": [f"{IIIF}level0.json"]}, "full"),
        ({**V3, "profile": LEVEL0}, "max"),
        ({**V3, "profile": LEVEL0, "sizes": [{"width": 600, "height": 400}]}, "600,400"),
        ({"width": 6000, "height": 4000, "type": "ImageService3", "profile": LEVEL2}, "1536,1024"),
    ],
)
def test_the_smallest_that_is_large_enough(info: dict[str, Any], chosen: str) -> None:
    assert size(info) == chosen


def test_a_wide_scroll_keeps_its_short_side() -> None:
    assert size({**V3, "width": 40_000, "height": 1_000, "profile": LEVEL2}, 512) == "20480,512"


@pytest.mark.parametrize(
    "info",
    [
        b"",
        b"[]",
        b"null",
        b"<html>",
        b"[" * 100_000,
        b'{"width": 6000}',
        b'{"width": "6000", "height": "4000"}',
        b'{"width": 0, "height": 10}',
        b'{"width": true, "height": 10}',
        b'{"width": NaN, "height": 10}',
        b'{"width": 1e999, "height": 10}',
        b'{"width": 1e300, "height": 10}',
        b'{"width": 10, "height": 10, "maxArea": NaN}',
        b'{"width": 10, "height": 10, "sizes": 3}',
        b'{"width": 10, "height": 10, "sizes": [3]}',
        b'{"width": 10, "height": 10, "maxWidth": -1}',
        b"\xff\xfe\x00",
    ],
)
def test_a_service_that_makes_no_sense_costs_one_record(info: bytes) -> None:
    with pytest.raises(RejectedError) as caught:
        image_address("https://example.org/iiif/1", info, 1024)
    assert caught.value.kind == "bad info.json"


def test_the_samples_that_museums_serve(shared_samples: Path) -> None:
    two = (shared_samples / "iiif/info-v2-level1.json").read_bytes()
    three = (shared_samples / "iiif/info-v3-level0.json").read_bytes()
    assert image_address("b", two, 1024) == "b/full/1536,/0/default.jpg"
    assert image_address("b", three, 512) == "b/full/1000,750/0/default.jpg"


@pytest.fixture
def shared_samples() -> Path:
    found = [parent / "shared/archive/samples" for parent in Path(__file__).resolve().parents]
    folder = next((path for path in found if path.is_dir()), None)
    if folder is None:
        pytest.skip("shared/archive is not here")
    return folder


def test_a_service_is_fetched_in_the_size_that_fits(tmp_path: Path) -> None:
    with Server() as server:
        info = {**V3, "profile": LEVEL2}
        server.files = {"/iiif/1/info.json": json.dumps(info).encode(), "/iiif/1/full/96,64/0/default.jpg": picture(1)}
        with Catalogue(tmp_path, writing=True) as catalogue:
            catalogue.put([Entry(Record("i:1", "i", service=server.url("/iiif/1")), Status.LISTED)])
            catalogue.put([Entry(Record("i:2", "i", service=server.url("/iiif/2/")), Status.LISTED)])
        result = fetch(tmp_path, Policy("keeper@example.org", trusted=frozenset({server.host})), short_side=64)
    assert (result.accepted, result.rejected) == (1, {"http 404": 1})
    assert server.hits["/iiif/2/info.json"] == 1
