"""A contact sheet: frames evenly over a recording, each whole and, below, its middle pixel for pixel."""

import io
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from engine.benchmark.luma import Rows
from engine.errors import ReverieError
from engine.files import unwritable

FRAMES = 12
COLUMNS = 3
CELL = (640, 360)  # at most: width of both, height of the crop
LABEL = 20
GAP = 8
GROUND, INK = (24, 24, 24), (200, 200, 200)


def check_sheet(path: Path) -> None:
    """Whether a sheet can be written there, before anything is drawn. Raises ReverieError."""
    why = unwritable(path)
    if why:
        raise ReverieError(f"{path}: cannot be written ({why}); choose another place or free space")
    if path.suffix.lower() != ".png":
        raise ReverieError(f"{path}: a contact sheet needs the name of a .png file; give one such as sheet.png")


class ContactSheet:
    """Keeps FRAMES of the `total` frames it sees, each reduced at once."""

    def __init__(self, total: int) -> None:
        self._wanted = {int((place + 0.5) * total / FRAMES) for place in range(FRAMES)}
        self._cells: list[Image.Image] = []

    def see(self, index: int, rows: Rows, label: str) -> None:
        """One frame, uint8 [H, W, 4], row 0 at the bottom; `index` counts them from 0."""
        if index in self._wanted:
            frame = Image.fromarray(np.ascontiguousarray(rows[::-1, :, :3]))
            self._cells.append(_cell(frame, label))

    def png(self) -> bytes:
        """All of them, row by row."""
        width, height = self._cells[0].size
        rows = -(-len(self._cells) // COLUMNS)
        size = (COLUMNS * (width + GAP) + GAP, rows * (height + GAP) + GAP)
        sheet = Image.new("RGB", size, GROUND)
        for place, cell in enumerate(self._cells):
            row, column = divmod(place, COLUMNS)
            sheet.paste(cell, (GAP + column * (width + GAP), GAP + row * (height + GAP)))
        file = io.BytesIO()
        sheet.save(file, "PNG")
        return file.getvalue()


def _cell(frame: Image.Image, label: str) -> Image.Image:
    whole = frame.copy()
    whole.thumbnail((CELL[0], frame.height), Image.Resampling.LANCZOS)
    crop = _middle(frame, min(whole.width, frame.width), min(CELL[1], frame.height))
    cell = Image.new("RGB", (whole.width, LABEL + whole.height + crop.height), GROUND)
    ImageDraw.Draw(cell).text((0, 3), label, INK)
    cell.paste(whole, (0, LABEL))
    cell.paste(crop, (0, LABEL + whole.height))
    return cell


def _middle(frame: Image.Image, width: int, height: int) -> Image.Image:
    left, top = (frame.width - width) // 2, (frame.height - height) // 2
    return frame.crop((left, top, left + width, top + height))
