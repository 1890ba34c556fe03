"""IIIF in versions 2 and 3, as museums and libraries use it."""

import json
from pathlib import Path
from typing import Any

import pytest

from models.archive.errors import RejectedError
from models.archive.importing import Imported, import_source
from models.archive.record import Rights, Status
from models.archive.sources import iiif, iiif_words
from tests.models.archive.museums import ARCHIVE, entries, needs_archive

V3 = "http://iiif.io/api/presentation/3/context.json"
V2 = "http://iiif.io/api/presentation/2/context.json"
CC0 = "http://creativecommons.org/publicdomain/zero/1.0/"
BY_NC = "http://creativecommons.org/licenses/by-nc/4.0/"
SERVICE = {"id": "http://images.example.org/iiif/1/", "type": "ImageService3", "profile": "level2"}
IMAGE = {"id": "https://images.example.org/1.jpg", "type": "Image", "service": [SERVICE]}


def canvas(number: int, *bodies: Any, **more: Any) -> dict[str, Any]:
    notes = [{"type": "Annotation", "motivation": "painting", "body": body} for body in bodies]
    key = f"https://example.org/canvas/{number}"
    return {"id": key, "type": "Canvas", "items": [{"type": "AnnotationPage", "items": notes}], **more}


def manifest(*canvases: dict[str, Any], key: str = "https://example.org/manifest", **more: Any) -> dict[str, Any]:
    return {"@context": V3, "id": key, "type": "Manifest", "rights": CC0, "items": list(canvases), **more}


def imported(tmp_path: Path, value: Any, **more: Any) -> Imported:
    (tmp_path / "m.json").write_text(json.dumps(value))
    return import_source(str(tmp_path / "m.json"), tmp_path / "archive", **more)


@needs_archive
@pytest.mark.parametrize("source", ["collection-v3.json", "."])
def test_fixtures(tmp_path: Path, source: str) -> None:
    done = import_source(str(ARCHIVE / "samples/iiif" / source), tmp_path)
    assert (done.kind, done.accepted) == ("iiif", 6)
    assert done.rejected == ({} if source != "." else {"rights": 2})
    record = entries(tmp_path)["iiif:https://example.org/iiif/canvas/0"].record
    assert (record.title, record.artists, record.years) == ("The Bedroom", ("Vincent van Gogh",), (1889, 1889))
    assert record.service == "https://www.artic.edu/iiif/2/25c31d8d-21a4-9ea1-1d73-6a2eca4dda7e"
    assert (record.image, record.rights, record.rights_text) == ("", Rights.CC0, CC0)


@needs_archive
def test_version_2_gives_the_same_pictures(tmp_path: Path) -> None:
    import_source(str(ARCHIVE / "samples/iiif/manifest-v2.json"), tmp_path / "2")
    import_source(str(ARCHIVE / "samples/iiif/manifest-v3.json"), tmp_path / "3")
    two, three = entries(tmp_path / "2"), entries(tmp_path / "3")
    assert {key: entry.record.service for key, entry in two.items()} == {
        key: entry.record.service for key, entry in three.items()
    }
    assert two["iiif:https://example.org/iiif/canvas/0"].record.title == "Fixture: six works, The Bedroom"


@needs_archive
@pytest.mark.parametrize("name", ["info-v2-level1.json", "info-v3-level0.json"])
def test_an_image_service_alone(tmp_path: Path, name: str) -> None:
    done = import_source(str(ARCHIVE / "samples/iiif" / name), tmp_path, override="a test")
    ((key, entry),) = entries(tmp_path).items()
    assert (done.accepted, key) == (1, f"iiif:{entry.record.service}")
    assert entry.record.service.startswith("https://example.org/iiif/img/")


def test_choices_parts_several_images_and_none(tmp_path: Path) -> None:
    choice = {"type": "Choice", "items": [IMAGE, IMAGE | {"id": "https://images.example.org/infrared.jpg"}]}
    part = {"type": "SpecificResource", "source": {"type": "Image", "id": "http://images.example.org/part.jpg"}}
    video = {"type": "Video", "id": "https://example.org/film.mp4"}
    done = imported(tmp_path, manifest(canvas(1, choice), canvas(2, part, IMAGE), canvas(3, video), canvas(4)))
    assert (done.accepted, done.rejected) == (3, {"no image": 2})
    found = {key.rpartition("/")[2]: entry.record for key, entry in entries(tmp_path / "archive").items()}
    assert found["1"].service == found["2#2"].service == "https://images.example.org/iiif/1"
    assert found["2"].image == "https://images.example.org/part.jpg"


def test_version_2_choice_and_strange_services(tmp_path: Path) -> None:
    service = {
        "@id": "http://images.example.org/2",
        "profile": "http://library.stanford.edu/iiif/image-api/1.1/#level2",
    }
    resource = {
        "@type": "oa:Choice",
        "default": {"@id": "http://x.org/1.jpg", "@type": "dctypes:Image", "service": service},
    }
    value = {
        "@context": V2,
        "@id": "https://example.org/m",
        "@type": "sc:Manifest",
        "label": [{"@value": "Der Turm", "@language": "de"}, {"@value": "The &amp; Tower", "@language": "en"}],
        "license": [CC0, "http://creativecommons.org/publicdomain/mark/1.0/"],
        "attribution": "<b>The library</b>",
        "related": {"@id": "http://example.org/page"},
        "metadata": [{"label": [{"@value": "Künstler", "@language": "de"}], "value": ["Ann Lee", "<i>Bo Li</i>"]}],
        "sequences": [
            {"canvases": [{"@id": "https://example.org/c", "label": "1", "images": [{"resource": resource}]}]}
        ],
    }
    assert imported(tmp_path, value).accepted == 1
    record = entries(tmp_path / "archive")["iiif:https://example.org/c"].record
    assert (record.title, record.artists) == ("The & Tower", ("Ann Lee", "Bo Li"))
    assert (record.service, record.page) == ("https://images.example.org/2", "https://example.org/page")
    assert (record.rights, record.rights_text.split("; ")[-1]) == (Rights.PUBLIC_DOMAIN, "The library")


def test_the_strictest_rights_count(tmp_path: Path) -> None:
    value = manifest(canvas(1, IMAGE), canvas(2, IMAGE, rights=BY_NC), canvas(3, IMAGE | {"rights": BY_NC}))
    done = imported(tmp_path, value)
    assert (done.accepted, done.rejected) == (1, {"rights": 2})
    unsaid = manifest(canvas(4, IMAGE), requiredStatement={"label": {"en": ["By"]}, "value": {"fr": ["© La ville"]}})
    del unsaid["rights"]
    assert imported(tmp_path, unsaid).rejected == {"rights": 1}
    entry = entries(tmp_path / "archive")["iiif:https://example.org/canvas/4"]
    assert (entry.record.rights, entry.detail) == (Rights.RESTRICTED, "© La ville")


@pytest.mark.parametrize(
    "held",
    [
        canvas(1, IMAGE | {"service": [SERVICE | {"rights": BY_NC}]}),
        canvas(1, {"type": "Choice", "items": [IMAGE], "rights": BY_NC}),
        canvas(1, {"type": "SpecificResource", "source": IMAGE, "license": BY_NC}),
        canvas(1, IMAGE, rights=["not a licence"]),
        canvas(1, IMAGE, rights=7),
        canvas(1, IMAGE, requiredStatement={"value": {"en": ["The library"], "fr": ["Tous droits réservés"]}}),
        canvas(1, IMAGE, attribution=[{"@value": "© La ville", "@language": "fr"}, {"@value": "A", "@language": "en"}]),
        canvas(1, IMAGE, metadata=[{"label": {"en": ["Copyright"]}, "value": {"none": ["© Ann Lee"]}}]),
        {"items": [{"items": [{"rights": BY_NC, "body": IMAGE}]}]},
    ],
)
def test_rights_are_heard_wherever_they_stand(tmp_path: Path, held: dict[str, Any]) -> None:
    done = imported(tmp_path, manifest(held, canvas(2, IMAGE)))
    assert (done.accepted, done.rejected) == (1, {"rights": 1})


def test_rights_of_a_sequence_are_heard(tmp_path: Path) -> None:
    image = {"@id": "https://x.org/1.jpg", "@type": "dctypes:Image"}
    sequence = {"license": BY_NC, "canvases": [{"@id": "https://x.org/c", "images": [{"resource": image}]}]}
    value = {"@context": V2, "@id": "https://x.org/m", "@type": "sc:Manifest", "license": CC0, "sequences": [sequence]}
    assert imported(tmp_path, value).rejected == {"rights": 1}


def test_a_credit_line_that_thanks_closes_nothing(tmp_path: Path) -> None:
    thanks = {"value": {"en": ["Courtesy of the library"]}}
    assert imported(tmp_path, manifest(canvas(1, IMAGE), requiredStatement=thanks)).accepted == 1


def test_manifests_without_ids_keep_all_their_pictures(tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    for name in ("a", "b"):
        nameless = manifest(canvas(1, IMAGE))
        del nameless["id"], nameless["items"][0]["id"]
        (tmp_path / f"set/{name}.json").write_text(json.dumps(nameless))
    assert import_source(str(tmp_path / "set"), tmp_path / "archive").accepted == 2


def test_ids_of_half_characters(tmp_path: Path) -> None:
    assert imported(tmp_path, manifest(canvas(1, IMAGE) | {"id": "https://x.org/\ud800"})).accepted == 1
    assert imported(tmp_path, manifest(canvas(1, IMAGE) | {"id": "https://x.org/\ud800"})).kept == 1
    assert list(entries(tmp_path / "archive")) == ["iiif:https://x.org/?"]


def collection(key: str, *members: dict[str, Any]) -> dict[str, Any]:
    return {"@context": V3, "id": key, "type": "Collection", "items": list(members)}


def test_collections_mix_versions_recurse_and_go_in_circles(tmp_path: Path) -> None:
    two = {
        "@context": V2,
        "@id": "https://net.example.org/two",
        "@type": "sc:Collection",
        "manifests": [{"@id": "https://net.example.org/a", "@type": "sc:Manifest"}],
        "collections": [{"@id": "https://example.org/top", "@type": "sc:Collection"}],
        "members": [{"@id": "https://net.example.org/gone", "@type": "sc:Manifest"}, {"@type": "sc:Manifest"}],
    }
    top = collection(
        "https://example.org/top",
        {"id": "https://example.org/beside", "type": "Manifest"},
        {"id": two["@id"], "type": "Collection"},
        manifest(canvas(3, IMAGE), key="https://example.org/inside"),
    )
    (tmp_path / "beside.json").write_text(json.dumps(manifest(canvas(1, IMAGE), key="https://example.org/beside")))
    pages = {two["@id"]: two, "https://net.example.org/a": manifest(canvas(2, IMAGE), key="https://net.example.org/a")}
    read: list[str] = []

    def net(address: str) -> bytes:
        read.append(address)
        if address not in pages:
            raise RejectedError("http 404", "it is gone")
        return json.dumps(pages[address]).encode()

    done = imported(tmp_path, top, read_url=net)
    assert (done.accepted, done.rejected) == (3, {"unreadable record": 2})
    assert done.notes == [
        "https://net.example.org/gone: it is gone",
        "https://net.example.org/two: names a member without an id",
    ]
    assert read == [two["@id"], "https://net.example.org/gone", "https://net.example.org/a"]


def test_without_the_net_a_member_is_missing_not_the_rest(tmp_path: Path) -> None:
    top = collection("https://x/top", {"id": "https://x/m", "type": "Manifest"}, manifest(canvas(1, IMAGE)))
    done = imported(tmp_path, top)
    assert (done.accepted, done.rejected) == (1, {"unreadable record": 1})
    assert "addresses cannot be read here" in done.notes[0]
    assert "1 of its members are missing" in done.problems[0]


def test_depth_and_number_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def endless(address: str) -> bytes:
        below = {"id": f"{address}/x", "type": "Collection"}
        return json.dumps(collection(address, below)).encode()

    done = imported(
        tmp_path, collection("https://x/top", {"id": "https://x/1", "type": "Collection"}), read_url=endless
    )
    assert "in more than 8 others" in done.notes[0]
    monkeypatch.setattr(iiif, "MOST", 3)
    many = collection("https://x/top", *(manifest(canvas(n, IMAGE), key=f"https://x/{n}") for n in range(9)))
    done = imported(tmp_path, many)
    assert done.accepted == 2
    assert "leads to more than 3 manifests" in done.problems[0]


@pytest.mark.parametrize(
    "change",
    [
        {"items": "none"},
        {"items": [3, None, {"items": [{"items": ["x", {"body": [4]}]}]}]},
        {"label": 3, "metadata": "x", "homepage": [7], "rights": 5, "requiredStatement": []},
        {"items": [canvas(1, IMAGE | {"id": "javascript:alert(1)", "service": "x"})]},
        {"items": [canvas(1, IMAGE | {"service": [{"id": ["x"], "type": "ImageService3"}], "id": {}})]},
        {"items": [canvas(1, IMAGE, label={"en": ["x" * 200_000]}, metadata=[{}])]},
        {"id": 7, "items": [{"items": []}]},
    ],
)
def test_strange_manifests_end_nothing(tmp_path: Path, change: dict[str, Any]) -> None:
    good = manifest(canvas(9, IMAGE), key="https://example.org/good")
    top = collection("https://x/top", manifest(canvas(1)) | change, good)
    done = imported(tmp_path, top)
    assert done.problems == []
    assert entries(tmp_path / "archive")["iiif:https://example.org/canvas/9"].status is Status.LISTED


def test_words() -> None:
    assert iiif_words.words({"de": ["Turm"], "en": ["Tower", "Spire"]}) == "Tower; Spire"
    assert iiif_words.words({"fr": ["Tour"]}) == "Tour"
    assert iiif_words.words([{"@value": "Turm", "@language": "de"}, "Tower"]) == "Tower"
    assert iiif_words.words("<span class='x'>a &lt; b</span>\n c") == "a < b c"
    assert iiif_words.words(None) == iiif_words.words([]) == iiif_words.words(7) == ""
