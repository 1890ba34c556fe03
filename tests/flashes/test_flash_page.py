"""The page about a recording: what it tells, and that it loads and runs nothing."""

import base64
import io
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser

from engine.flashes.analyser import judge
from engine.flashes.geometry import of_screen
from engine.flashes.page import page, write_page
from engine.flashes.pictures import heat
from engine.flashes.plot import charts, clock
from engine.flashes.recording import Judged, Wall
from engine.flashes.series import Reading
from tests.flashes.patterns import BLACK, HEIGHT, WHITE, WIDTH, solid
from tests.flashes.sequences import between, film


class Outline(HTMLParser):
    """The tags of a page, its addresses and its words."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            assert not name.startswith("on")
            assert name != "style", "the page's policy refuses it"
            if name in ("src", "href"):
                self.addresses.append(value or "")

    def handle_data(self, data: str) -> None:
        self.words += " ".join(data.split()) + " "


def judged(hz: float, path: Path = Path("day.mp4"), problem: str = "") -> Judged:
    frames = film(30, 1.5, between(solid(BLACK), solid(WHITE), hz))
    report = judge(frames, of_screen(WIDTH, HEIGHT))
    return Judged(path, (WIDTH, HEIGHT), Wall(4, 2.25, 2), 500, report, 1.5, problem)


def outline(one: Judged) -> Outline:
    return Outline(page(one, datetime(2026, 11, 30, 12, 0, tzinfo=UTC)))


def test_a_failed_recording_is_shown_with_its_worst_second_and_a_map() -> None:
    found = outline(judged(5))
    for told in ("Fails", "first exceeded at 0:00.7", "4 × 2.25 m seen from 2 m", "500 cd/m²", "not a certificate"):
        assert told in found.words
    assert found.tags.count("img") == 1 + 12  # the map of general flashes, and frames of the worst second
    assert all(address.startswith(("data:image/", "data:,")) for address in found.addresses)
    assert "script" not in found.tags


def test_a_calm_recording_says_that_nothing_flashes() -> None:
    found = outline(judged(0.1))
    assert "Passes" in found.words
    assert "No place flashes at all." in found.words
    assert "img" not in found.tags


def test_words_of_a_file_stay_words() -> None:
    found = outline(judged(5, Path("<img src=x onerror=alert(1)>.mp4"), "<b>bad</b>"))
    assert found.tags.count("img") == 1 + 12
    assert "<img src=x onerror=alert(1)>.mp4" in found.words
    assert "(<b>bad</b>); what follows is not judged" in found.words


def test_a_browser_shows_it_without_complaint(browser: Browser, tmp_path: Path) -> None:
    write_page(tmp_path / "day.html", judged(5))
    shown = browser.new_page()
    said: list[str] = []
    shown.on("console", lambda message: said.append(message.text))
    shown.goto((tmp_path / "day.html").as_uri())
    curve = shown.locator(".over .plot path").bounding_box()
    widths = shown.evaluate("[...document.images].map(image => image.naturalWidth)")
    shown.close()
    assert said == []
    assert curve is not None
    assert curve["height"] > 50, "the curve of general flashes rises"
    assert min(widths) > 0


def test_curves_are_drawn_against_their_limits() -> None:
    readings = [Reading(0.0, 0, 0, 0), Reading(1.0, 4, 0, 0), Reading(4.0, 1, 6, 8)]
    general, red, extended = charts(readings, 0.0, 4.0)
    assert (general.most, red.most, extended.most) == (4, 6, 8)
    top = 6 * 1.15
    assert general.limit == pytest.approx(100 - 100 * 3 / top)
    assert f"H250.0V{1000 - 4000 / top:.1f}" in general.path
    assert [tick.text for tick in general.along][:4] == ["0:00", "0:00.5", "0:01", "0:01.5"]
    assert general.along[-1].at == 100


def test_a_chart_of_a_day_has_as_few_ticks() -> None:
    ticks = charts([Reading(86_400.0, 0, 0, 0)], 0.0, 86_400.0)[0].along
    assert len(ticks) <= 9
    assert ticks[-1].text == "24:00:00"


def test_clocks() -> None:
    assert [clock(seconds) for seconds in (0, 0.65, 61, 3723.04)] == ["0:00", "0:00.6", "1:01", "1:02:03"]


def test_the_map_is_amber_where_it_flashes_and_red_where_too_often() -> None:
    counts = np.zeros((3, 3), np.int16)
    counts[0], counts[1] = 10, 4
    address = heat(counts, (300, 300), None).address
    with Image.open(io.BytesIO(base64.b64decode(address.partition(",")[2]))) as image:
        pixels = np.asarray(image.convert("RGB"))
    red, amber, none = pixels[100, 5], pixels[320, 5], pixels[600, 5]
    assert red[0] > 2 * red[1]
    assert amber[0] > amber[1] > amber[2] > 0
    assert none.tolist() == [0, 0, 0]
