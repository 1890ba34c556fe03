"""Verdicts: those that EA IRIS gives, and what it does not see. What EA IRIS said is in docs/SAFETY.md."""

from dataclasses import replace

import numpy as np
import pytest

from engine.flashes.analyser import Analyser, judge
from engine.flashes.geometry import Geometry, of_screen, of_wall
from engine.flashes.report import Report, Verdict
from tests.flashes.patterns import (
    BLACK,
    HEIGHT,
    WHITE,
    WIDTH,
    Frame,
    across,
    checkerboard,
    grey,
    half,
    painted,
    scaled,
    solid,
)
from tests.flashes.sequences import GREEN_AS_LIGHT_AS_RED, RED, between, film

FPS = 30
SCREEN = of_screen(WIDTH, HEIGHT)
WHOLE = replace(SCREEN, field=(1, 1), area=0.25)  # the picture is one field: a quarter may flash, as EA IRIS has it
LONG = 7.0


def turns(first: Frame, second: Frame, hz: float, geometry: Geometry = SCREEN, seconds: float = 2.0) -> Report:
    """The report on two pictures in turn."""
    return judge(film(FPS, seconds, between(first, second, hz)), geometry)


@pytest.mark.parametrize(
    ("hz", "verdict"),
    [
        (1, Verdict.PASS),
        (2, Verdict.EXTENDED),
        (2.5, Verdict.EXTENDED),
        (3, Verdict.EXTENDED),
        (3.75, Verdict.FAIL),
        (5, Verdict.FAIL),
        (10, Verdict.FAIL),
        (15, Verdict.FAIL),
    ],
)
def test_white_and_black_as_iris_has_it(hz: float, verdict: Verdict) -> None:
    report = turns(solid(BLACK), solid(WHITE), hz, seconds=LONG)
    assert report.verdict is verdict
    assert report.most.general == pytest.approx(hz, abs=0.5)
    assert report.most.red == 0


@pytest.mark.parametrize("hz", [2, 3])
def test_extended_flashing_passes_for_five_seconds(hz: float) -> None:
    assert turns(solid(BLACK), solid(WHITE), hz, seconds=5).verdict is Verdict.PASS
    first = turns(solid(BLACK), solid(WHITE), hz, seconds=LONG).first
    assert first is not None
    assert 5 < first < 6.5


@pytest.mark.parametrize(("percent", "verdict"), [(24, Verdict.PASS), (28, Verdict.FAIL)])
def test_area_of_the_screen_as_iris_has_it(percent: int, verdict: Verdict) -> None:
    patch = across("columns") < round(WIDTH * percent / 100)
    assert turns(solid(BLACK), painted(patch), 5, WHOLE).verdict is verdict


@pytest.mark.parametrize(
    ("low", "high", "verdict"), [(120, 135, Verdict.PASS), (120, 170, Verdict.FAIL), (235, 255, Verdict.PASS)]
)
def test_greys_as_iris_has_them(low: int, high: int, verdict: Verdict) -> None:
    assert turns(solid(grey(low)), solid(grey(high)), 5).verdict is verdict


def test_red_and_green_of_equal_light_are_red_flashes_only() -> None:
    report = turns(solid(RED), solid(GREEN_AS_LIGHT_AS_RED), 5)
    assert report.verdict is Verdict.FAIL
    assert (report.most.general, report.most.red) == (0, 5)


def test_halves_in_antiphase_flash_though_their_mean_does_not() -> None:
    """The whole screen sees no change; each half sees 5 flashes in a second."""
    report = turns(painted(half("columns")), painted(~half("columns")), 5)
    assert report.verdict is Verdict.FAIL
    assert report.most.general == 5


def test_a_field_of_ten_degrees_is_stricter_than_a_quarter_of_the_screen() -> None:
    patch = across("columns") < WIDTH * 0.24
    assert turns(solid(BLACK), painted(patch), 5, SCREEN).verdict is Verdict.FAIL


@pytest.mark.parametrize(("distance", "verdict"), [(4, Verdict.FAIL), (20, Verdict.PASS)])
def test_what_is_large_from_near_is_small_from_far(distance: float, verdict: Verdict) -> None:
    """A square metre of a wall of 8 × 4.5 m; 0.006 sr are 0.1 m² at 4 m, and 2.4 m² at 20 m."""
    patch = (across("columns") < WIDTH // 8) & (across("rows") < HEIGHT // 4.5)
    assert turns(solid(BLACK), painted(patch), 5, of_wall(8, 4.5, distance)).verdict is verdict


def test_bright_walls_are_judged_by_bt1702_too() -> None:
    """27 cd/m² of 500 count there; by WCAG they are 5 % of white, and do not."""
    frames = solid(grey(120)), solid(grey(135))
    assert turns(*frames, 5, replace(SCREEN, peak_nits=200)).verdict is Verdict.PASS
    assert turns(*frames, 5, replace(SCREEN, peak_nits=500)).verdict is Verdict.FAIL


def test_fine_patterns_may_flash_and_coarse_ones_may_not() -> None:
    """A period of a fine pattern is 12 pixels here, so its squares have less than 6."""
    seen = replace(SCREEN, fine=(12 / WIDTH, 12 / HEIGHT))
    for side, verdict in ((2, Verdict.PASS), (4, Verdict.PASS), (18, Verdict.FAIL)):
        board = checkerboard(side)
        assert turns(painted(board), painted(~board), 5, seen).verdict is verdict, side


@pytest.mark.parametrize(("side", "verdict"), [(18, Verdict.PASS), (26, Verdict.FAIL)])
def test_large_walls_are_looked_at_in_samples(side: int, verdict: Verdict) -> None:
    """A pixel is a cell here, and one of four is looked at."""
    wall = of_wall(10, 5.625, 4.4)
    dark = np.zeros((360, 640, 3), np.uint8)
    bright = dark.copy()
    bright[100 : 100 + side, 77 : 77 + side] = 255
    limit = wall.area * 640 * 360
    assert (side**2 > limit) is (verdict is Verdict.FAIL)
    assert turns(dark, bright, 5, wall, seconds=1).verdict is verdict


def test_frames_may_change_their_size() -> None:
    analyser = Analyser(SCREEN)
    for index in range(60):
        level = solid(WHITE if index // 3 % 2 else BLACK)
        reading = analyser.add(scaled(level, (1, 0.5, 2)[index % 3]), index / FPS)
    assert reading.general == 5
    assert analyser.report().verdict is Verdict.FAIL


def test_the_report_says_when_where_and_what() -> None:
    patch = (across("columns") >= 48) & (across("rows") < 40)
    shown = between(solid(BLACK), painted(patch), 5)
    report = judge(film(FPS, 6, lambda time: shown(time) if 2 <= time < 4 else solid(BLACK)), SCREEN)
    assert report.first == pytest.approx(2.7, abs=0.11)
    assert report.general_map.shape == (HEIGHT, WIDTH)
    assert (report.general_map[patch] == 10).all()
    assert (report.general_map[~patch] == 0).all()
    assert not report.red_map.any()
    assert 2 <= report.worst[0].time < report.worst[-1].time < 4
    assert report.worst[-1].time - report.worst[0].time <= 1
    assert any(moment.picture.max() == 255 for moment in report.worst)
    peaks = [reading.time for reading in report.readings if reading.general == report.most.general]
    assert 2.9 < min(peaks) < max(peaks) < 4.1


def test_frames_that_go_back_in_time_are_refused() -> None:
    analyser = Analyser(SCREEN)
    with pytest.raises(ValueError, match="no frame"):
        analyser.report()
    analyser.add(solid(BLACK), 1.0)
    for time in (1.0, 0.5):
        with pytest.raises(ValueError, match="cannot follow"):
            analyser.add(solid(BLACK), time)
