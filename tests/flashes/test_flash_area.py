"""What part of a picture is seen at once, and how much of it may flash."""

import numpy as np
import pytest

from engine.flashes.area import Area
from engine.flashes.field import FieldMeans
from engine.flashes.geometry import Geometry, of_screen, of_wall
from engine.flashes.light import MOST_CELLS, Cells

SHAPE = (27, 48)


def densest(mask: np.ndarray, height: int, width: int) -> int:
    """The most cells in any field, one field after the other."""
    rows, columns = mask.shape
    return max(
        int(mask[top : top + height, left : left + width].sum())
        for top in range(rows - height + 1)
        for left in range(columns - width + 1)
    )


def test_a_wall_is_measured_in_metres() -> None:
    wall = of_wall(4, 2, 2, 500)
    assert wall.field == pytest.approx((0.35 / 4, 0.35 / 2))
    assert wall.area == pytest.approx(0.024 / 8)
    assert wall.peak_nits == 500


def test_a_screen_is_one_of_1024_by_768() -> None:
    screen = of_screen(1024, 768)
    assert screen.field == pytest.approx((341 / 1024, 256 / 768))
    assert screen.area == pytest.approx(341 * 256 / 4 / (1024 * 768))
    assert of_screen(3840, 2160) == of_screen(640, 360), "the same picture, finer"


@pytest.mark.parametrize("seed", range(5))
def test_area_is_the_densest_field_against_what_may_flash(seed: int) -> None:
    chance = np.random.default_rng(seed)
    geometry = Geometry((0.25, 0.2), 0.02, (0.01, 0.01))  # fields of 12 × 6 cells
    mask = chance.random(SHAPE) < chance.uniform(0, 0.3)
    in_field = densest(mask, 6, 12) / (0.02 * mask.size)
    assert Area(geometry, SHAPE).of(mask) == pytest.approx(max(in_field, mask.mean() / 0.25))


def test_a_quarter_of_the_screen_may_flash_to_who_stands_far() -> None:
    area = Area(of_wall(1, 1, 50), (20, 20))
    mask = np.zeros((20, 20), bool)
    mask[:5] = True
    assert area.of(mask) == 1
    mask[5, 0] = True
    assert area.of(mask) > 1


@pytest.mark.parametrize("seed", range(5))
def test_the_level_reached_is_the_highest_on_too_large_an_area(seed: int) -> None:
    area = Area(of_screen(48, 27), SHAPE)
    values = np.random.default_rng(seed).integers(0, 40, SHAPE).astype(np.int16)
    values[: 3 * seed] //= 4
    reached = max(level for level in range(41) if level == 0 or area.of(values >= level) > 1)
    assert area.reached(values) == reached
    assert area.reached(np.zeros(SHAPE, np.int16)) == 0


def test_means_are_those_of_fields_and_of_all() -> None:
    light = np.random.default_rng(0).random(SHAPE).astype(np.float32)
    means = FieldMeans(of_screen(48, 27), SHAPE)
    found = means(light)
    assert found.shape == means.shape
    assert found[0] == pytest.approx(light[:12, :16].mean(), abs=1e-6)
    assert found[-2] == pytest.approx(light[-12:, -16:].mean(), abs=1e-6)
    assert found[-1] == pytest.approx(light.mean(), abs=1e-6)


def test_a_cell_is_the_mean_of_linear_light() -> None:
    frame = np.zeros((360, 640, 3), np.uint8)
    frame[:, ::2] = 255
    cells = Cells(of_screen(640, 360), 640, 360)(frame)
    assert cells.mean() == pytest.approx(0.5, abs=0.01)


def test_cells_are_no_more_than_are_looked_at() -> None:
    cells = Cells(of_wall(20, 11.25, 1), 1920, 1080)
    frame = np.random.default_rng(0).integers(0, 256, (1080, 1920, 3), np.uint8)
    found = cells(frame)
    assert found.shape == (*cells.shape, 3)
    assert cells.shape[0] * cells.shape[1] <= MOST_CELLS
