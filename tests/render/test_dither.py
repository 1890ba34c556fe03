"""Levels of 8 bits are mixed in a pattern that stands still, so that dark slopes show no bands."""

from collections.abc import Iterator
from itertools import groupby

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.render.context import GLContext
from tests.render.flashing import Picture, Stage, rgb, times

SIZE = (256, 64)
LONGEST = 12  # pixels of one value along a slope whose bands would be 64 wide


@pytest.fixture
def stage(gl: GLContext) -> Iterator[Stage]:
    made = Stage(gl, canvas=SIZE)
    yield made
    made.close()


def settled(stage: Stage, picture: Picture) -> NDArray[np.uint8]:
    """What is shown of a picture that stands, once it has come up from black."""
    for now in times(30, 2.0):
        shown = stage.show(picture, now)
    return shown


def slope() -> Picture:
    """Four levels of 255 from left to right, in the dark."""
    return rgb(np.broadcast_to(np.linspace(4, 8, SIZE[0]) / 255, (SIZE[1], SIZE[0])))


def longest_run(row: NDArray[np.uint8]) -> int:
    return max(len(list(run)) for _, run in groupby(row.tolist()))


def test_a_dark_slope_has_no_bands(stage: Stage) -> None:
    shown = settled(stage, slope())[..., 0]
    middles = np.flatnonzero(np.abs(np.linspace(4, 8, SIZE[0]) % 1 - 0.5) < 0.35)
    between = [shown[:, part] for part in np.split(middles, np.flatnonzero(np.diff(middles) > 1) + 1)]
    assert max(longest_run(row) for part in between for row in part) <= LONGEST
    assert longest_run((slope()[0, :, 0] * 255).round().astype(np.uint8)) > 4 * LONGEST, "or there is nothing to see"


def test_what_is_shown_is_as_bright_as_what_is_wanted(stage: Stage) -> None:
    shown = settled(stage, slope())[..., 0] / 255
    wanted = slope()[..., 0]
    assert np.abs(shown - wanted).max() <= 1 / 255
    blocks = [x.reshape(8, 8, 32, 8).mean((1, 3)) for x in (shown, wanted)]
    assert np.abs(blocks[0] - blocks[1]).max() < 1e-3


def test_the_pattern_stands_still(stage: Stage) -> None:
    still = settled(stage, slope())
    assert all(np.array_equal(stage.show(slope(), 2.0 + now), still) for now in times(30, 0.5))


def test_levels_of_8_bits_come_out_as_they_were(stage: Stage) -> None:
    levels = np.random.default_rng(1).integers(0, 256, (SIZE[1], SIZE[0], 3), dtype=np.uint8)
    assert np.array_equal(settled(stage, levels / 255), levels)


def test_grey_stays_grey(stage: Stage) -> None:
    shown = settled(stage, slope())
    assert (shown == shown[..., :1]).all()
