"""The report in a real browser: it shows all it holds, loads nothing, and fits the window."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from models.archive import report
from models.archive.record import Status
from tests.browser import page_in
from tests.models.archive.made_up import archive, work

TITLES = (
    "Water Lilies",
    "<b onmouseover=alert(1)>bold</b>",
    "‮מזרח ומערב (1912)",
    "W" * 10_000,
    "a word " * 2_000,
)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    fetched = [
        work(
            n,
            title=title,
            artists=(f"Artist {title}",),
            date="1912",
            years=(1900 + n, 1900 + n),
            page="https://museum.example",
        )
        for n, title in enumerate(TITLES)
    ]
    refused = [work(n, Status.REJECTED, title, title, title=title) for n, title in enumerate(TITLES, 100)]
    folder = archive(tmp_path_factory.mktemp("prints"), *fetched, *refused, pictures=True)
    return report.write(folder).as_uri()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with page_in(browser, width=1440) as page:
        yield page


def test_nothing_is_loaded_and_all_pictures_are_seen(page: Page, address: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address)
    assert {url for url in asked if not url.startswith("data:")} == {address}
    assert page.evaluate("[...document.images].map(image => image.naturalWidth)") == [60] * len(TITLES)
    assert page.evaluate("document.querySelectorAll('script, b, iframe').length") == 0


def test_policy_lets_the_page_s_own_style_through(page: Page, address: str) -> None:
    page.emulate_media(color_scheme="light")
    page.goto(address)
    light = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    page.emulate_media(color_scheme="dark")
    dark = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert (light, dark) == ("rgb(250, 248, 244)", "rgb(17, 16, 15)")


@pytest.mark.parametrize("width", [1440, 768, 390, 320])
def test_no_word_is_too_long_for_the_window(page: Page, address: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(address)
    page.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_label_is_read_by_pointing_by_keyboard_and_by_a_screen_reader(page: Page, address: str) -> None:
    page.goto(address)
    label = page.locator(".label", has_text="Water Lilies")
    assert not label.is_visible()
    picture = page.get_by_role("img", name="Water Lilies, Artist Water Lilies, 1912, CC0")
    picture.hover()
    label.wait_for(state="visible")
    page.mouse.move(0, 0)
    label.wait_for(state="hidden")
    page.locator(".sheet a").first.focus()
    label.wait_for(state="visible")
    assert "1912" in label.inner_text()


def test_columns_and_bars_are_named_for_those_who_cannot_see_them(page: Page, address: str) -> None:
    page.goto(address)
    nameless = "[...document.querySelectorAll('svg')].filter(one => !one.ariaLabel && one.ariaHidden !== 'true').length"
    assert page.evaluate(nameless) == 0
    page.get_by_text("As a table").click()
    assert page.locator("tbody tr").count() == len(TITLES)


def test_what_is_folded_is_unfolded_on_paper(page: Page, address: str) -> None:
    page.goto(address)
    examples = page.locator(".examples").first
    assert not examples.is_visible()
    page.emulate_media(media="print")
    examples.wait_for(state="visible")
    assert not page.locator("nav").is_visible()
