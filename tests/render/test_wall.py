"""What the rules on flashes make of a wall's geometry."""

from math import radians, sin

import pytest

from engine.render.wall import BLOCK, CAUTION, SHARE, Wall

CANVAS = (1280, 720)


def test_the_stricter_rule_says_what_change_counts() -> None:
    assert Wall(peak_nits=500).change == pytest.approx(0.04)
    assert Wall(peak_nits=500).darker == pytest.approx(0.32)
    assert Wall(peak_nits=200).change == Wall(peak_nits=80).change == 0.1


@pytest.mark.parametrize("wall", [Wall(4, 2), Wall(4, 12), Wall(14.2, 3), Wall(0.5, 2), Wall(200, 0.5)])
@pytest.mark.parametrize("canvas", [CANVAS, (4096, 512), (96, 54)])
def test_a_field_of_view_lies_within_a_block_wherever_it_is(wall: Wall, canvas: tuple[int, int]) -> None:
    sides = wall.width_m, wall.width_m * canvas[1] / canvas[0]
    cells = [side / number for side, number in zip(sides, wall.cells(canvas), strict=True)]
    field = [min(2 * wall.nearest_viewer_m * sin(radians(5)), side) for side in sides]
    assert all((BLOCK - 1) * cell >= 0.99 * size for cell, size in zip(cells, field, strict=True))
    limited = wall.share(canvas) * BLOCK**2 * cells[0] * cells[1]
    assert limited == pytest.approx(CAUTION * SHARE * field[0] * field[1], rel=0.01)
    assert max(wall.cells(canvas)) <= 256


def test_a_quarter_of_a_field_is_what_wcag_calls_0_006_steradians() -> None:
    field = (0.175 * 2.0) ** 2
    assert SHARE * field / 2.0**2 == pytest.approx(0.006, rel=0.01)
