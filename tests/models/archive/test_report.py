"""The report's page as text: what it tells, and that nothing in a catalogue breaks it."""

import io
import json
from html.parser import HTMLParser
from pathlib import Path

import pytest
from PIL import Image

from models.archive import report
from models.archive.catalogue import NAME, Catalogue
from models.archive.errors import ArchiveError
from models.archive.record import Rights, Status
from models.archive.report.sheet import PICTURES, thumbnails
from tests.models.archive.made_up import archive, work

WORDS = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"


class Outline(HTMLParser):
    """The tags of a page, where they lead, and all its words."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.words = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            assert not name.startswith("on"), f"{tag} has {name}"
            assert name != "style", f"{tag} has a style that the page's policy refuses"
            if name in ("src", "href"):
                self.addresses.append(value or "")

    def handle_data(self, data: str) -> None:
        self.words += data


def outline(folder: Path) -> Outline:
    return Outline(report.write(folder).read_text(encoding="utf-8"))


def test_page_lies_beside_the_catalogue_or_where_it_is_asked_for(tmp_path: Path) -> None:
    archive(tmp_path / "prints", work(1))
    assert report.write(tmp_path / "prints") == tmp_path / "prints" / "report.html"
    asked = tmp_path / "pages" / "prints.html"
    assert report.write(tmp_path / "prints", asked) == asked
    assert "prints" in Outline(asked.read_text(encoding="utf-8")).words


def test_page_tells_what_is_in_and_what_is_not(tmp_path: Path) -> None:
    archive(
        tmp_path,
        work(1, artists=("Ada",), rights_text="free to use"),
        work(2, Status.LISTED, "dropped", "no answer in 5 attempts"),
        *(work(n, Status.REJECTED, "rights", "in copyright", rights=Rights.RESTRICTED) for n in range(10, 1310)),
    )
    words = " ".join(outline(tmp_path).words.split())
    assert "1,302 works from one source." in words
    assert "1 may be used and has its picture here, 1 waits to be fetched; 1,300 were rejected." in words
    for told in ("Ada", "free to use", "in copyright", "no answer in 5 attempts", "99.8 %", "artist not named"):
        assert told in words, told


def test_empty_archive_says_how_to_go_on(tmp_path: Path) -> None:
    archive(tmp_path)
    assert "reverie archive import SOURCE --into DIR" in outline(tmp_path).words


def test_decisions_are_told_newest_first(tmp_path: Path) -> None:
    with Catalogue(archive(tmp_path, work(1)), writing=True) as catalogue:
        catalogue.log("imported a table")
        catalogue.log(f"rights overridden: {WORDS}")
    words = outline(tmp_path).words
    assert words.index(f"rights overridden: {WORDS}") < words.index("imported a table")


@pytest.mark.parametrize("field", ["title", "date", "rights_text", "source"])
def test_words_of_a_catalogue_stay_words(tmp_path: Path, field: str) -> None:
    archive(
        tmp_path, work(1, **{field: WORDS}), work(2, Status.REJECTED, WORDS, WORDS, **{field: WORDS}), pictures=True
    )
    page = outline(tmp_path)
    assert "script" not in page.tags
    assert page.tags.count("img") == 1
    assert "<script>alert(1)" in page.words


def test_links_lead_to_pages_only(tmp_path: Path) -> None:
    pages = (
        "javascript:alert(1)",
        "https://museum.example/works/2",
        "data:text/html,x",
        "https:",
        "file:///etc/passwd",
    )
    archive(tmp_path, *(work(n, page=page) for n, page in enumerate(pages)), pictures=True)
    leading = {to for to in outline(tmp_path).addresses if not to.startswith(("#", "data:image/jpeg", "data:,"))}
    assert leading == {"https://museum.example/works/2"}


def test_long_and_strange_words_are_cut_and_cleaned(tmp_path: Path) -> None:
    archive(tmp_path, work(1, title="x" * 10_000, artists=("y" * 10_000,)), work(2, title="a\0b\x1b[31m\n\n c"))
    page = report.write(tmp_path).read_text(encoding="utf-8")
    assert "x" * 199 + "…" in page
    assert "x" * 200 not in page
    assert "a b [31m c" in page
    assert "\0" not in page


def test_page_of_a_large_archive_is_small(tmp_path: Path) -> None:
    archive(
        tmp_path,
        *(
            work(
                n, Status.REJECTED, f"kind {n % 12}", f"sentence {n}", title=f"work {n} " * 40, artists=(f"artist {n}",)
            )
            for n in range(20_000)
        ),
    )
    assert report.write(tmp_path).stat().st_size < 300_000


def test_sets_are_told_by_their_manifests(tmp_path: Path) -> None:
    folder = archive(tmp_path, work(1)) / "sets"
    folder.mkdir()
    manifest = {
        "hash": "c0ffee" * 10,
        "made": "2026-05-01T12:00:00+00:00",
        "settings": {"size": [256, 128], "trim_borders": True, "near": None},
        "counts": {"images": 12_345, "rejected": {"blank": 2}},
        "rights": {"CC0": 7},
        "rejections": [{"id": "a", "kind": "blank", "detail": ""}, {"id": "b", "kind": "blank", "detail": ""}],
        "notes": [{"id": "a", "note": "page 1 of 3"}],
        "something later versions write": [[1]],
    }
    (folder / "paintings.manifest.json").write_text(json.dumps(manifest))
    words = " ".join(outline(tmp_path).words.split())
    facts = ("paintings", "c0ffee", "256 × 128", "trim bordersyes", "near–", "images12,345", "CC07", "blank2")
    for told in (*facts, "page 1 of 31", "2026-05-01 12:00 UTC"):
        assert told in words, told


@pytest.mark.parametrize(
    "text", ['{"hash": ', "[1]", "[" * 100_000, "", '{"settings": 3, "rejections": {"a": 1}, "hash": null}']
)
def test_manifest_that_is_none_costs_itself_only(tmp_path: Path, text: str) -> None:
    folder = archive(tmp_path, work(1)) / "sets"
    folder.mkdir()
    (folder / "odd.manifest.json").write_text(text)
    (folder / "whole.manifest.json").write_text('{"hash": "c0ffee"}')
    words = outline(tmp_path).words
    assert "c0ffee" in words
    assert ("sets/odd.manifest.json" in words) == (not text.startswith('{"settings'))


@pytest.mark.parametrize(("name", "why"), [("none", "there is no archive"), (300 * "a", "File name too long")])
def test_no_archive_is_one_sentence(tmp_path: Path, name: str, why: str) -> None:
    with pytest.raises(ArchiveError, match=why):
        report.write(tmp_path / name)


def test_damaged_catalogue_is_one_sentence(tmp_path: Path) -> None:
    archive(tmp_path, *(work(n, title="t" * 500) for n in range(200)))
    path = tmp_path / NAME
    path.write_bytes(path.read_bytes()[:8192].ljust(path.stat().st_size, b"\0"))
    with pytest.raises(ArchiveError, match=r"catalogue\.sqlite: is damaged"):
        report.write(tmp_path)


def test_page_that_cannot_be_written_is_one_sentence_and_leaves_nothing(tmp_path: Path) -> None:
    archive(tmp_path / "prints", work(1))
    (tmp_path / "taken").mkdir()
    for folder in (tmp_path / "taken", Path("/"), Path(".")):
        with pytest.raises(ArchiveError, match=f"{folder}: is a folder; name a file for the report"):
            report.write(tmp_path / "prints", folder)
    with pytest.raises(ArchiveError, match=r"page\.html: the report cannot be written"):
        report.write(tmp_path / "prints", Path("/proc/none/page.html"))
    assert [path.name for path in tmp_path.iterdir() if path.name not in ("prints", "taken")] == []


def test_pictures_that_cannot_be_shown_are_named_and_the_rest_is_shown(tmp_path: Path) -> None:
    archive(tmp_path, *(work(n, title=f"work {n}") for n in range(5)), pictures=True)
    (tmp_path / "images" / "1.png").unlink()
    (tmp_path / "images" / "2.png").write_text("<html>not here</html>")
    (tmp_path / "images" / "3.png").write_bytes(bytes_of_a_picture_cut_off())
    page = outline(tmp_path)
    assert page.tags.count("img") == 2
    assert "3 of them cannot be shown." in page.words
    assert "file missing" in page.words
    assert "not an image" in page.words


def bytes_of_a_picture_cut_off() -> bytes:
    buffer = io.BytesIO()
    Image.effect_noise((200, 200), 60).save(buffer, "PNG")
    return buffer.getvalue()[:4000]


def test_turned_and_enormous_pictures(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    exif = Image.Exif()
    exif[0x0112] = 6  # a camera held upright
    Image.new("RGB", (60, 40)).save(tmp_path / "images" / "1.png", exif=exif)
    Image.new("1", (30_000, 6_000)).save(tmp_path / "images" / "2.png")
    Image.new("RGB", (4_000, 10)).save(tmp_path / "images" / "3.png")
    turned, enormous, scroll = thumbnails(tmp_path, [work(1), work(2), work(3)])
    assert (turned.width, turned.height) == (40, 60)
    assert (enormous.data, enormous.problem) == ("", "too large")
    assert scroll.data
    assert scroll.width <= 576


def test_contact_sheet_is_bounded(tmp_path: Path) -> None:
    archive(tmp_path, *(work(n) for n in range(PICTURES + 50)), pictures=True)
    page = outline(tmp_path)
    assert page.tags.count("img") == PICTURES
    assert f"{PICTURES} of {PICTURES + 50}, evenly spread" in page.words
