"""Augmentation once more, in NumPy and float64, pixel by pixel, each step spelled out. Slow and independent.

Images are [H, W] or [3, H, W].
"""

import math
from functools import cache

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def mirror(index: float, size: int) -> float:
    """Bounce off the centres of the first and the last pixel until inside."""
    while not 0 <= index <= size - 1:
        index = -index if index < 0 else 2 * (size - 1) - index
    return index


def moved_pixels(image: Array, matrix: Array) -> Array:
    """Each pixel from the source that the matrix [3, 3] from output to source, about the centre, names."""
    height, width = image.shape
    out = np.empty_like(image)
    for row in range(height):
        for column in range(width):
            x, y, _ = matrix @ [column - (width - 1) / 2, row - (height - 1) / 2, 1]
            source_row = math.floor(y + (height - 1) / 2 + 0.5)
            source_column = math.floor(x + (width - 1) / 2 + 0.5)
            out[row, column] = image[int(mirror(source_row, height)), int(mirror(source_column, width))]
    return out


def warped(image: Array, matrix: Array, taps: Array, margin: int) -> Array:
    """Doubled by the wavelet's low-pass, read bilinearly at each sample, halved by the same low-pass.

    The image is mirrored as far as is asked for; what is doubled is mirrored beyond the margin.
    """
    height, width = image.shape
    count = len(taps)
    delay = float(np.arange(count) @ taps / taps.sum())

    @cache
    def doubled(row: int, column: int) -> float:
        total = 0.0
        for i in range((row - count) // 2, row // 2 + 1):
            for j in range((column - count) // 2, column // 2 + 1):
                if 0 <= row - 2 * i < count and 0 <= column - 2 * j < count:
                    weight = 2 * taps[row - 2 * i] * taps[column - 2 * j]
                    total += weight * image[int(mirror(i, height)), int(mirror(j, width))]
        return total

    def place(index: float, size: int) -> float:
        return index if -margin <= index <= size - 1 + margin else mirror(index, size)

    @cache
    def sample(row: int, column: int) -> float:
        x, y, _ = matrix @ [(column - delay) / 2 - (width - 1) / 2, (row - delay) / 2 - (height - 1) / 2, 1]
        fine_y = 2 * place(y + (height - 1) / 2, height) + delay
        fine_x = 2 * place(x + (width - 1) / 2, width) + delay
        top, left = math.floor(fine_y), math.floor(fine_x)
        down, right = fine_y - top, fine_x - left
        above = (1 - right) * doubled(top, left) + right * doubled(top, left + 1)
        below = (1 - right) * doubled(top + 1, left) + right * doubled(top + 1, left + 1)
        return (1 - down) * above + down * below

    out = np.zeros_like(image)
    for row in range(height):
        for column in range(width):
            for k in range(count):
                for j in range(count):
                    out[row, column] += taps[k] * taps[j] / 2 * sample(2 * row + k, 2 * column + j)
    return out


def turned_hue(colour: Array, angle: float) -> Array:
    """Rodrigues' rotation of a colour [3] about the grey axis."""
    axis = np.ones(3) / math.sqrt(3)
    along = axis * (axis @ colour)
    return along + math.cos(angle) * (colour - along) + math.sin(angle) * np.cross(axis, colour)


def filtered(image: Array, taps: Array) -> Array:
    """The symmetric taps along both axes of the mirrored image, by direct sums."""
    reach = len(taps) // 2
    padded = np.pad(image, reach, mode="reflect")
    across = np.stack([np.convolve(line, taps, mode="valid") for line in padded])
    return np.stack([np.convolve(line, taps, mode="valid") for line in across.T]).T
