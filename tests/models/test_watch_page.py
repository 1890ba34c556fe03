"""The report on a training in a real browser: it shows all it holds, loads nothing, and fits the window."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from playwright.sync_api import Browser, Page

from models.training.watch import page as report
from models.training.watch import pictures
from models.training.watch.history import Figures, History, Said, Steps, Strip
from models.training.watch.page import About, Seen
from tests.browser import page_in

HOSTILE = "<script>alert(1)</script><b onmouseover=alert(1)>" + "W" * 3000
ABOUT = About(
    Path("runs/museum"), 100.0, "museum.zip", "0123456789abcdef" * 4, 3980, 0, (16, 24), "many",
    {"seed": 0, "gamma": 0.02, "mirror": True, "unheard": "of"},
)  # fmt: skip


def images(count: int) -> torch.Tensor:
    """Different colours, [count, 3, 16, 24]."""
    return torch.rand(count, 3, 1, 1, generator=torch.Generator().manual_seed(0)).expand(-1, -1, 16, 24) * 2 - 1


def told(folder: Path) -> History:
    history = History(folder)
    column = pictures.column(images(6), 128)
    for kimg in range(1, 41):
        history.add(Steps(kimg=kimg, values={"loss_g": 50 / kimg, "loss_d": 0.5, "waited": 0.01, "seconds": 20.0}))
        history.add(Figures(kimg=kimg, values={"swd": 100 / kimg, "diversity": 0.9, "swd_16": 1.0, "swd_32": 2.0}))
        history.add(Strip(kimg=kimg, size=column.size, data=column.text))
    history.add(Said(kimg=12, text=HOSTILE, warning=True))
    history.add(Said(kimg=20, text="resumed on 1 May 2026, 12:00 UTC"))
    return history


def seen() -> Seen:
    walk = images(8)
    return Seen(
        40.0, 7322.0, pictures.grid(images(36), 1152), pictures.grid(images(36), 1152),
        pictures.moving(walk, "webp"), pictures.row(walk[::2], 256),
    )  # fmt: skip


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("museum")
    origin = {"name": HOSTILE, "sha256": "ab" * 32, "licence": '" onload="alert(1)'}
    about = replace(
        ABOUT, data=HOSTILE, out=folder / '<i>"run&', origin=origin, recipe=ABOUT.recipe | {"loss": HOSTILE}
    )
    path = folder / report.NAME
    report.write(path, about, told(folder), seen())
    return path.as_uri()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with page_in(browser, width=1440) as page:
        yield page


def test_nothing_is_loaded_and_all_pictures_are_seen(page: Page, address: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address)
    assert {url for url in asked if not url.startswith("data:")} == {address}
    sizes = page.evaluate("[...document.images].map(image => [image.naturalWidth, image.naturalHeight])")
    assert sizes[:3] == [[24, 16], [144, 96], [144, 96]]
    assert sizes[3:] == [[24, 96]] * (len(sizes) - 3)
    assert 8 <= len(sizes) - 3 <= report.STRIPS
    assert page.evaluate("document.querySelectorAll('script, b[onmouseover], i, iframe, [onload]').length") == 0
    assert page.locator("h1").inner_text() == '<i>"run&'


def test_the_page_tells_all_of_it(page: Page, address: str) -> None:
    page.goto(address)
    words = page.locator("body").inner_text()
    for word in ("3,980 pictures", "shown 40,000, in 2 h 2 min", "resumed on", "seed", "0.02", "unheard", "12 kimg"):
        assert word in words
    assert page.locator("figure.chart").count() == 5
    assert page.locator("figure.chart path").count() == 3 + 1 + 2 + 1 + 1
    assert page.locator("circle").count() == 1
    assert page.locator(".key .best").inner_text().split() == ["best", "2.5", "at", "40"]


def test_curves_lie_inside_their_charts_and_point_where_the_axis_says(page: Page, address: str) -> None:
    page.goto(address)
    for chart in page.locator("figure.chart").all():
        plot = chart.locator("svg.plot").bounding_box()
        assert plot is not None
        assert plot["width"] > 200
        for path in chart.locator("path").all():
            box = path.bounding_box()
            assert box is not None
            assert plot["x"] - 2 <= box["x"] <= box["x"] + box["width"] <= plot["x"] + plot["width"] + 2
            assert plot["y"] - 2 <= box["y"] <= box["y"] + box["height"] <= plot["y"] + plot["height"] + 2


@pytest.mark.parametrize("width", [1440, 1024, 390, 320])
def test_it_fits_the_window(page: Page, address: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(address)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_who_does_not_want_motion_gets_a_still(page: Page, address: str) -> None:
    page.emulate_media(reduced_motion="reduce")
    page.goto(address)
    assert page.evaluate("document.querySelector('.walk img').naturalWidth") == 4 * 24


def test_a_page_before_anything_was_drawn(page: Page, tmp_path: Path) -> None:
    path = tmp_path / report.NAME
    report.write(path, ABOUT, History(tmp_path), Seen(0.0, reals=pictures.grid(images(4), 1152)))
    page.goto(path.as_uri())
    assert "What it draws will be seen here" in page.locator(".lede").inner_text()
    assert page.locator("img").count() == 1
    assert page.locator("figure.chart").count() == 0
