"""Pictures that sequences are made of: uint8 [HEIGHT, WIDTH, 3], or masks and levels [HEIGHT, WIDTH]."""

import numpy as np
from numpy.typing import NDArray

Frame = NDArray[np.uint8]
Mask = NDArray[np.bool_]

WIDTH, HEIGHT = 96, 54
BLACK, WHITE = (0, 0, 0), (255, 255, 255)
Colour = tuple[int, int, int]


def grey(level: int) -> Colour:
    return (level, level, level)


def solid(colour: Colour) -> Frame:
    return np.full((HEIGHT, WIDTH, 3), colour, np.uint8)


def painted(mask: Mask, inside: Colour = WHITE, outside: Colour = BLACK) -> Frame:
    """One colour where a mask is, another elsewhere."""
    return np.where(mask[..., None], np.array(inside, np.uint8), np.array(outside, np.uint8))


def of_levels(levels: NDArray[np.floating]) -> Frame:
    """Grey of sRGB levels, 0 to 255."""
    clipped = np.clip(np.round(levels), 0, 255).astype(np.uint8)
    return np.repeat(np.broadcast_to(clipped, (HEIGHT, WIDTH))[..., None], 3, axis=2)


def encoded(linear: float) -> float:
    """Linear light, 0 to 1 -> level of sRGB, 0 to 255."""
    return 255 * (12.92 * linear if linear <= 0.0031308 else 1.055 * linear ** (1 / 2.4) - 0.055)


def across(axis: str) -> NDArray[np.int_]:
    """Pixels along an axis: columns, rows or diagonal."""
    rows, columns = np.indices((HEIGHT, WIDTH))
    return {"columns": columns, "rows": rows, "diagonal": columns + rows}[axis]


def half(axis: str) -> Mask:
    return across(axis) < (WIDTH if axis == "columns" else HEIGHT) // 2


def checkerboard(square: int) -> Mask:
    return (across("columns") // square + across("rows") // square) % 2 == 0


def bars(axis: str, period: int, shift: float) -> Mask:
    """Of `period` pixels, half of them bright, moved by `shift` periods."""
    return (across(axis) / period - shift) % 1 < 0.5


def texture(seed: int, low: int, high: int) -> Frame:
    """Soft patches of colour with levels from `low` to `high`."""
    patches = np.random.default_rng(seed).uniform(low, high, (10, 17, 3))
    rows, columns = np.linspace(0, 8.99, HEIGHT), np.linspace(0, 15.99, WIDTH)
    top, left = rows.astype(int), columns.astype(int)
    down, right = (rows - top)[:, None, None], (columns - left)[None, :, None]
    upper = patches[top][:, left] * (1 - right) + patches[top][:, left + 1] * right
    lower = patches[top + 1][:, left] * (1 - right) + patches[top + 1][:, left + 1] * right
    return np.round(upper * (1 - down) + lower * down).astype(np.uint8)


def noise(chance: np.random.Generator, block: int) -> Frame:
    """Blocks of any grey."""
    small = chance.integers(0, 256, (-(-HEIGHT // block), -(-WIDTH // block)))
    return of_levels(np.kron(small, np.ones((block, block)))[:HEIGHT, :WIDTH])


def scaled(frame: Frame, factor: float) -> Frame:
    """The nearest pixels of a frame, in another size."""
    rows = (np.arange(round(HEIGHT * factor)) / factor).astype(int)
    columns = (np.arange(round(WIDTH * factor)) / factor).astype(int)
    return frame[rows][:, columns]
