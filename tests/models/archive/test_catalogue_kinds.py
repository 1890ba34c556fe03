"""The contract of every kind of catalogue, and which is told from which."""

import inspect
import json
from pathlib import Path
from typing import Any

import pytest

from models.archive.importing import import_source
from models.archive.sources import ALL, base
from models.archive.sources.base import Adapter

MOMA = "Title,Artist,ConstituentID,CreditLine,Classification,ObjectID,"
SAMPLES: dict[str, list[str | dict[str, Any]]] = {
    "moma": [
        f"{MOMA}ImageURL\n",
        f"{MOMA}ThumbnailURL\n",
        {"Title": "A", "Artist": ["B"], "CreditLine": "", "Classification": "", "ObjectID": 1},
    ],
    "tate": [
        "id,accession_number,artist,artistRole,title,thumbnailUrl,url\n",
        {"acno": "A1", "contributors": [], "id": 1},
    ],
    "met": [{"objectID": 1, "isPublicDomain": True}, {"total": 1, "objectIDs": [1]}],
    "aic": [
        {"id": 1, "image_id": None, "is_public_domain": True},
        {"data": {"id": 1, "image_id": "x"}, "config": {}},
        {"pagination": {}, "data": [{"id": 1, "image_id": "x"}]},
    ],
    "iiif": [
        {"@context": "http://iiif.io/api/presentation/3/context.json", "id": "https://x/1", "type": "Manifest"},
        {"@context": "http://iiif.io/api/presentation/2/context.json", "@id": "https://x/1", "@type": "sc:Collection"},
        {"@context": ["x", "http://iiif.io/api/presentation/3/context.json"], "id": "https://x/1", "type": "Manifest"},
        {"protocol": "http://iiif.io/api/image", "@id": "https://x/1"},
    ],
    "csv": ["id;image;title\n", "Image URL\tName\n", {"file_name": "a.jpg"}],
}


@pytest.mark.parametrize("adapter", ALL, ids=lambda adapter: adapter.NAME)
def test_contract(adapter: Adapter) -> None:
    assert adapter.NAME.isalpha()
    assert adapter.NAME.islower()
    assert list(inspect.signature(adapter.recognises).parameters) == ["source"]
    assert list(inspect.signature(adapter.records).parameters) == ["source"]
    assert inspect.getdoc(adapter)
    public = {name for name, value in vars(adapter).items() if inspect.isfunction(value) and name[0] != "_"}
    assert {"recognises", "records"} <= public


def test_names_are_those_of_the_command() -> None:
    assert [adapter.NAME for adapter in ALL] == ["moma", "tate", "met", "aic", "iiif", "imagefolder", "csv", "folder"]


@pytest.mark.parametrize(("kind", "number"), [(kind, n) for kind, some in SAMPLES.items() for n in range(len(some))])
def test_told_by_the_content_not_the_name(tmp_path: Path, kind: str, number: int) -> None:
    sample = SAMPLES[kind][number]
    (tmp_path / "data.bin").write_text(sample if isinstance(sample, str) else json.dumps(sample))
    done = import_source(str(tmp_path / "data.bin"), tmp_path / "archive")
    assert (done.kind, done.problems) == (kind, [])


@pytest.mark.parametrize(
    ("address", "safe"),
    [
        ("", ""),
        ("https://x.org/1", "https://x.org/1"),
        ("http://x.org/1?a=http://y", "https://x.org/1?a=http://y"),
        ("//x.org/1", "https://x.org/1"),
        ("HTTP://x.org", "https://x.org"),
    ],
)
def test_addresses_become_https(address: str, safe: str) -> None:
    assert base.secure(address) == safe


@pytest.mark.parametrize(
    ("first", "last", "years"),
    [
        (1889, 1890, (1889, 1890)),
        ("-500", "-400", (-500, -400)),
        (0, 0, None),
        (1890, 1889, None),
        (None, 1889, None),
        (True, True, None),
        (10**30, 10**30, None),
        ("1" * 5000, "²", None),
    ],
)
def test_years_in_columns(first: Any, last: Any, years: tuple[int, int] | None) -> None:
    assert base.span({"from": first, "to": last}, "from", "to") == years
