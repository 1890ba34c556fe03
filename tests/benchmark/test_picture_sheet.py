"""The contact sheet shows the frames it says, upright, and pixels as they are."""

import io

import numpy as np
import pytest
from PIL import Image

from engine.benchmark import sheet as module
from engine.benchmark.sheet import COLUMNS, FRAMES, GAP, LABEL, ContactSheet


def frame(index: int, width: int, height: int) -> np.ndarray:
    """Row 0 at the bottom: the upper half is red, by its number, over a chequered lower half."""
    y, x = np.mgrid[:height, :width]
    rows = np.zeros((height, width, 4), np.uint8)
    rows[..., 1] = np.where((x + y) % 2 == 0, 255, 0)
    rows[height // 2 :] = (10 + 2 * index, 0, 0, 255)
    return rows


def sheet(total: int, width: int, height: int) -> np.ndarray:
    contact = ContactSheet(total)
    for index in range(total):
        contact.see(index, frame(index, width, height), f"{index} s")
    return np.asarray(Image.open(io.BytesIO(contact.png())))


@pytest.mark.parametrize(("width", "height"), [(192, 108), (240, 30)])
def test_frames_come_evenly_upright_and_with_their_middle_as_it_is(
    width: int, height: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CELL", (96, 54))
    found = sheet(48, width, height)
    small, crop = round(height * 96 / width), min(54, height)
    step = np.array([LABEL + small + crop + GAP, 96 + GAP])
    assert found.shape == (GAP + FRAMES // COLUMNS * step[0], GAP + COLUMNS * step[1], 3)
    for place in range(FRAMES):
        row, column = divmod(place, COLUMNS)
        top, left = GAP + step[0] * row + LABEL, GAP + step[1] * column
        assert found[top + 2, left + 5].tolist() == [10 + 2 * (4 * place + 2), 0, 0]
        lower = found[top + small + crop // 2 + 2 : top + small + crop, left : left + 96, 1]
        assert set(np.unique(lower)) == {0, 255}  # a chequerboard that was resampled would be grey


def test_a_recording_of_few_and_small_frames_has_a_sheet_too() -> None:
    found = sheet(2, 64, 36)
    assert found.shape == (GAP + LABEL + 72 + GAP, GAP + COLUMNS * (64 + GAP), 3)
