"""The panel as an artist uses it: real pages in headless Chromium, against a real server."""

import io
import re
import time
from collections.abc import Callable, Iterator

import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

from engine.control.server import ControlServer
from engine.signals import Signal
from tests.browser import page_in
from tests.control.fake_show import FakeShow, signals, wait_until

TOKEN = "a long and secret word"


def jpeg(colour: tuple[int, int, int]) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (160, 90), colour).save(file, "JPEG", quality=90)
    return file.getvalue()


def row(page: Page, address: str) -> Locator:
    return page.locator(f"[data-address='{address}']")


def opened(page: Page, server: ControlServer) -> Page:
    page.goto(server.url)
    expect(page.locator("#link")).to_have_text("live")
    return page


def drag(page: Page, address: str, share: float) -> None:
    """Take the knob of a slider with the mouse and put it down at `share` of its length."""
    track = row(page, address).locator(".tp-sldv_t")
    track.scroll_into_view_if_needed()
    box = track.bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 0.1, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * (share + 0.1) / 2, middle, steps=4)
    page.mouse.move(box["x"] + box["width"] * share, middle, steps=4)
    page.mouse.up()


def colour_shown(page: Page) -> tuple[float, ...]:
    """The colour in the middle of the preview, as the page is drawn."""
    with Image.open(io.BytesIO(page.locator("#preview").screenshot())) as picture:
        pixel = picture.convert("RGB").getpixel((picture.width // 2, picture.height // 2))
    assert isinstance(pixel, tuple)
    return pixel


@pytest.fixture
def page(browser: Browser, server: ControlServer) -> Iterator[Page]:
    with page_in(browser) as fresh:
        yield opened(fresh, server)


def test_every_parameter_has_its_control(page: Page, show: FakeShow) -> None:
    expect(page.locator("h1")).to_have_text("First light")
    for parameter in show.hub.parameters:
        expect(row(page, parameter.address)).to_have_count(1)
        if parameter.help:
            expect(row(page, parameter.address)).to_have_attribute("title", parameter.help)
    expect(page.locator("[data-group='passes/flow'] .tp-rotv_t")).to_have_text("passesflow")
    expect(row(page, "/walk/speed").locator(".unit")).to_have_text("1/s")
    expect(row(page, "/walk/speed").locator("input")).to_have_value("0.12")


def test_a_dragged_slider_sets_the_parameter_and_the_second_page_follows(
    page: Page, browser: Browser, show: FakeShow, server: ControlServer
) -> None:
    with page_in(browser) as second:
        opened(second, server)
        drag(page, "/passes/flow/amount", 0.8)
        wait_until(lambda: show.tree.value("/passes/flow/amount") == pytest.approx(0.8, abs=0.02))
        written = row(page, "/passes/flow/amount").locator("input").input_value()
        assert float(written) == pytest.approx(show.tree.value("/passes/flow/amount"), abs=0.001)
        expect(row(second, "/passes/flow/amount").locator("input")).to_have_value(written)


def test_while_one_hand_holds_a_slider_no_echo_moves_it(page: Page, show: FakeShow) -> None:
    track = row(page, "/walk/style_mixing").locator(".tp-sldv_t")
    box = track.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.9, box["y"] + box["height"] / 2)
    page.mouse.down()
    wait_until(lambda: show.tree.value("/walk/style_mixing") == pytest.approx(0.9, abs=0.02))
    held = row(page, "/walk/style_mixing").locator("input").input_value()
    show.hub.commands.submit("/walk/style_mixing", 0.2)
    show.hub.commands.submit("/dream/crossfade", 2.0)
    expect(row(page, "/dream/crossfade").locator("input")).to_have_value("2.00")
    assert row(page, "/walk/style_mixing").locator("input").input_value() == held
    page.mouse.up()  # which says the value once more: the hand that lets go last wins
    wait_until(lambda: show.tree.value("/walk/style_mixing") == pytest.approx(0.9, abs=0.02))
    expect(row(page, "/walk/style_mixing").locator("input")).to_have_value(held)


def test_typed_numbers_are_the_parameters_own_on_a_log_slider_too(page: Page, show: FakeShow) -> None:
    for address, typed, stored in [
        ("/passes/flow/scale", "20", 20.0),
        ("/passes/flow/scale", "4000", 40.0),
        ("/walk/speed", "0,5", 0.5),
        ("/walk/seed", "77", 77),
        ("/walk/offset", "-1234.5", -1234.5),
    ]:
        field = row(page, address).locator("input")
        field.fill(typed)
        field.press("Enter")
        wait_until(lambda at=address, wanted=stored: show.tree.value(at) == pytest.approx(wanted))
    field = row(page, "/walk/speed").locator("input")
    field.fill("quick")
    field.press("Enter")
    expect(field).to_have_value("0.50")
    drag(page, "/passes/flow/scale", 0.5)
    wait_until(lambda: show.tree.value("/passes/flow/scale") == pytest.approx((0.1 * 40) ** 0.5, rel=0.1))


def test_the_keyboard_moves_a_slider(page: Page, show: FakeShow) -> None:
    slider = page.get_by_role("slider", name="truncation psi")
    slider.press("ArrowRight")
    wait_until(lambda: show.tree.value("/walk/truncation_psi") == pytest.approx(0.73))
    expect(slider).to_have_attribute("aria-valuenow", re.compile(r"^0\.7"))


def test_every_other_type_can_be_set(page: Page, show: FakeShow) -> None:
    row(page, "/dream/paused").locator(".tp-ckbv_w").click()
    row(page, "/dream/noise").locator("select").select_option("random")
    page.get_by_role("button", name="Begin again").click()
    colour = row(page, "/picture/border").locator(".tp-colv_t input")
    colour.fill("#ff8000ff")
    colour.press("Enter")
    point = row(page, "/picture/centre").locator("input").first
    point.fill("0.25")
    point.press("Enter")
    wait_until(lambda: show.tree.value("/dream/paused") is True)
    wait_until(lambda: show.tree.value("/dream/noise") == "random")
    wait_until(lambda: show.tree.value("/walk/restart") is True)
    wait_until(lambda: show.tree.value("/picture/border") == pytest.approx((1.0, 0.502, 0.0, 1.0), abs=0.01))
    wait_until(lambda: show.tree.value("/picture/centre") == pytest.approx((0.25, 0.5)))


def test_what_others_set_is_shown_for_every_type(page: Page, show: FakeShow) -> None:
    for address, value in {
        "/dream/paused": True,
        "/dream/noise": "none",
        "/picture/border": (0.0, 1.0, 0.0, 1.0),
        "/picture/centre": (0.75, 0.1),
        "/walk/seed": 3,
        "/passes/grain/size": 4.0,
    }.items():
        show.hub.commands.submit(address, value)
    expect(row(page, "/dream/paused").locator("input")).to_be_checked()
    expect(row(page, "/dream/noise").locator("select")).to_have_value("none")
    expect(row(page, "/picture/border").locator(".tp-colv_t input")).to_have_value("#00ff00ff")
    expect(row(page, "/picture/centre").locator("input").first).to_have_value("0.75")
    expect(row(page, "/walk/seed").locator("input")).to_have_value("3")
    expect(row(page, "/passes/grain/size").locator("input")).to_have_value("4")


@pytest.mark.parametrize(
    "way", [lambda line: line.locator(".label").dblclick(), lambda line: line.locator(".reset").click()]
)
def test_a_changed_parameter_goes_back_to_its_default(
    page: Page, show: FakeShow, way: Callable[[Locator], None]
) -> None:
    line = row(page, "/walk/speed")
    expect(line.locator(".reset")).to_be_hidden()
    show.hub.commands.submit("/walk/speed", 1.5)
    expect(line.locator(".reset")).to_be_visible()
    way(line)
    wait_until(lambda: show.tree.value("/walk/speed") == 0.12)
    expect(line.locator(".reset")).to_be_hidden()


def test_the_value_in_force_stands_beside_the_artists_own(page: Page, show: FakeShow) -> None:
    line = row(page, "/passes/grade/warmth")
    expect(line.locator(".effective")).to_have_text("")
    show.modulation = {"/passes/grade/warmth": 0.4}
    expect(line.locator(".effective")).to_have_text("0.50")
    expect(line.locator("input")).to_have_value("0.10")
    assert line.locator(".marker").evaluate("mark => mark.style.left") == "75%"


def test_the_preview_shows_each_new_picture(page: Page, show: FakeShow) -> None:
    expect(page.locator("#waiting")).to_be_visible()
    show.show(jpeg((200, 30, 30)))
    expect(page.locator("#preview")).to_have_attribute("data-frames", "1")
    wait_until(lambda: colour_shown(page) == pytest.approx((200, 30, 30), abs=6))
    show.show(b"\xff\xd8 no picture at all")
    show.show(jpeg((30, 30, 200)))
    wait_until(lambda: colour_shown(page) == pytest.approx((30, 30, 200), abs=6))
    expect(page.locator("#waiting")).to_be_hidden()


def test_signals_move_and_say_how_good_they_are(page: Page, show: FakeShow) -> None:
    show.hub.signals = signals(1.0)
    expect(page.locator("[data-signal]")).to_have_count(11)
    bass = page.locator("[data-signal='hall.bass']")
    show.hub.signals = {"hall.bass": Signal("hall.bass", 0.25, "", 0.0, 1.0, 0.01, "live")}
    expect(bass.locator(".value")).to_have_text("0.25")
    expect(bass.locator(".quality")).to_have_text("live")
    expect(page.locator("[data-signal]")).to_have_count(1)
    show.hub.signals = {"hall.bass": Signal("hall.bass", float("nan"), "", 0.0, 1.0, 75.0, "stale")}
    expect(bass.locator(".value")).to_have_text("–")
    expect(bass.locator(".quality")).to_have_text("stale 75 s")
    expect(bass).to_have_attribute("data-quality", "stale")


def test_health_is_one_line(page: Page, show: FakeShow) -> None:
    problems = {"shader flow": "line 12: undeclared identifier"}
    figures = {"fps": 29.97, "frame_p99_ms": 36.4, "render_quality": 0.5}
    show.hub.health = {"status": "degraded", "problems": problems, **figures}
    expect(page.locator("[data-figure='fps']")).to_have_text("fps30.0")
    expect(page.locator("[data-figure='render_quality']")).to_have_text("quality0.5")
    expect(page.locator("[data-figure='frame_p99_ms'] dd")).to_have_text("36")
    expect(page.locator("#health")).to_contain_text("degraded")
    expect(page.locator("#problems li")).to_have_text("shader flow line 12: undeclared identifier")
    expect(page.locator("[data-figure='render_scale']")).to_have_count(0)


def test_a_small_meter_says_what_the_flash_limiter_does(page: Page, show: FakeShow) -> None:
    flashes = {"limited_tiles": 0, "tiles": 1196, "transitions_per_s": 0.0, "engagements": 2}
    show.hub.health = {"status": "ok", "problems": {}, "flashes": flashes}
    meter = page.locator("[data-figure='flashes']")
    expect(meter).to_have_text("flashesquiet")
    show.hub.health = show.hub.health | {"flashes": flashes | {"limited_tiles": 299, "transitions_per_s": 19.6}}
    expect(meter).to_have_text("flashes25 % · 20/s")
    expect(meter).to_have_attribute("title", re.compile("^299 of 1196 tiles limited, 19.6 transitions"))
    assert meter.locator(".held i").evaluate("bar => bar.style.transform") == "scaleX(0.25)"


def test_a_wall_that_stands_still_is_said_to(page: Page, show: FakeShow) -> None:
    show.hub.health = {"status": "ok", "problems": {}, "fps": 28.0}
    show.hub.presented_at = time.monotonic() - 3000
    expect(page.locator("#health .unwell")).to_have_text(re.compile(r"stalled for 30\d\d s"))
    expect(page.locator("[data-figure='fps']")).to_have_text("fps0.0")
    expect(page.locator("#problems li")).to_have_text(re.compile(r"display no frame for 30\d\d s"))


def test_a_new_tree_is_drawn_and_what_was_folded_stays_so(page: Page, show: FakeShow) -> None:
    page.locator("[data-group='walk'] .tp-rotv_b").click()
    expect(page.locator("[data-group='walk'] .tp-rotv")).not_to_have_class(re.compile("tp-rotv-expanded"))
    show.hub.parameters = tuple(p for p in show.hub.parameters if not p.address.startswith("/passes/grain"))
    show.hub.revision += 1
    expect(row(page, "/passes/grain/amount")).to_have_count(0)
    expect(page.locator("[data-group='walk'] .tp-rotv")).not_to_have_class(re.compile("tp-rotv-expanded"))


def test_f_gives_the_picture_the_screen(page: Page) -> None:
    page.keyboard.press("f")
    page.wait_for_function("document.fullscreenElement?.id === 'stage'")
    page.keyboard.press("f")
    page.wait_for_function("document.fullscreenElement === null")


def test_it_comes_back_by_itself(browser: Browser, show: FakeShow) -> None:
    server = ControlServer(show.hub, port=0)
    server.start()
    port = int(server.url.rstrip("/").rpartition(":")[2])
    context = browser.new_context()
    page = opened(context.new_page(), server)
    server.close()
    expect(page.locator("#notice")).to_have_text(re.compile("^Show not reachable, trying again"))
    again = ControlServer(show.hub, port=port)
    again.start()
    expect(page.locator("#link")).to_have_text("live")
    expect(page.locator("#notice")).to_be_hidden()
    drag(page, "/walk/speed", 0.5)
    wait_until(lambda: show.tree.value("/walk/speed") == pytest.approx(1.0, abs=0.05))
    context.close()
    again.close()


def test_a_locked_show_asks_for_its_token(browser: Browser, show: FakeShow) -> None:
    server = ControlServer(show.hub, port=0, token=TOKEN)
    server.start()
    with page_in(browser) as page:
        page.goto(server.url)
        page.get_by_label("Token").fill("wrong")
        page.get_by_label("Token").press("Enter")
        expect(page.locator("dialog p")).to_have_text("That token was not accepted.")
        page.get_by_label("Token").fill(TOKEN)
        page.get_by_role("button", name="Open the panel").click()
        expect(page.locator("#link")).to_have_text("live")
    server.close()


def test_it_fits_a_phone_and_a_scrolling_finger_changes_nothing(
    browser: Browser, show: FakeShow, server: ControlServer
) -> None:
    with page_in(browser, width=360, height=740, touch=True) as page:
        opened(page, server)
        assert page.evaluate("document.documentElement.scrollWidth") == 360
        x, y, width, height = resting(row(page, "/walk/truncation_psi").locator(".tp-sldv_t"))
        assert height >= 40
        swipe(page, (x + width * 0.2, y), (x + width * 0.2 + 3, y - 120))
        page.wait_for_function("scrollY > 50")
        x, y, width, _ = resting(row(page, "/walk/style_mixing").locator(".tp-sldv_t"))
        swipe(page, (x + width * 0.2, y), (x + width * 0.5, y + 4))
        wait_until(lambda: show.tree.value("/walk/style_mixing") == pytest.approx(0.5, abs=0.1))
        assert show.tree.value("/walk/truncation_psi") == 0.7


def resting(track: Locator) -> tuple[float, float, float, float]:
    """Left, middle, width and height of a slider, brought to the middle of the screen, once the page lies still."""
    before = None
    while before != (box := track.bounding_box()) or box is None:
        before = box
        track.evaluate("track => track.scrollIntoView({block: 'center'})")
        track.page.wait_for_timeout(100)
    return box["x"], box["y"] + box["height"] / 2, box["width"], box["height"]


def swipe(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    """One finger down, along, and up, as the browser's own touch input."""
    session = page.context.new_cdp_session(page)

    def touch(kind: str, *points: tuple[float, float]) -> None:
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in points]})

    touch("touchStart", start)
    for step in range(1, 9):
        share = step / 8
        touch("touchMove", (start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share))
    touch("touchEnd")
