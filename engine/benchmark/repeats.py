"""Whether the work comes back to a picture it has shown: the most similar two frames more than a minute apart."""

from typing import Any

import numpy as np

from engine.benchmark.luma import Picture, is_flat, reduced
from engine.benchmark.summary import frames_between, rounded

SIZE = (64, 36)
RATE = 2.0  # samples a second
APART = 60.0  # seconds
BLOCK = 512  # pictures that are compared with all later ones at once


def most_similar(pictures: Picture, apart: int) -> tuple[float, int, int] | None:
    """Of pictures [N, pixels] the two that correlate most of those more than `apart` places apart: r and both places.

    None where no two are so far apart. Flat pictures correlate with nothing.
    """
    if len(pictures) < apart + 2:
        return None
    unit = _unit(pictures)
    best = (-np.inf, 0, 0)
    for begin in range(0, len(unit) - apart - 1, BLOCK):
        later = begin + apart + 1
        found = unit[begin : begin + BLOCK] @ unit[later:].T  # [block, later ones]
        found[np.tril_indices(found.shape[0], -1, found.shape[1])] = -np.inf  # too near
        row, column = np.unravel_index(int(found.argmax()), found.shape)
        best = max(best, (float(found[row, column]), begin + int(row), later + int(column)))
    return best


def _unit(pictures: Picture) -> Picture:
    """Without mean and of length 1; flat ones 0."""
    unit: Picture = pictures - pictures.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(unit, axis=1, keepdims=True)
    unit /= np.where(lengths > 0, lengths, 1)
    return unit


class Repeats:
    """Keeps RATE small pictures a second: 66 MB of an hour."""

    def __init__(self, fps: float) -> None:
        self._every = frames_between(fps, RATE)
        self._fps = fps
        self._kept: list[Picture] = []
        self._times: list[float] = []

    def see(self, index: int, thumbnail: Picture, time: float) -> None:
        """One frame; `index` counts them from 0, `time` is show time in seconds."""
        if index % self._every == 0:
            self._times.append(time)
            small = reduced(thumbnail, SIZE).ravel()
            self._kept.append(np.zeros_like(small) if is_flat(small) else small)

    def figures(self) -> dict[str, Any]:
        """The largest correlation, and the two moments in seconds of show time."""
        apart = round(APART * self._fps / self._every)
        best = most_similar(np.array(self._kept), apart)
        r, *places = best if best is not None else (None,)
        moments = [round(self._times[place], 1) for place in places]
        return {"largest_repeat": rounded(r), "largest_repeat_at_s": moments or None}
