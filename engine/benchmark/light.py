"""The picture's mean light, and how far it swings within a few seconds.

Light is mean luma, the display-referred value: equal steps of it look about equally large, so one bound serves a dark
and a bright picture. (Of mean linear luminance, the same bound would be strict for a bright one and nothing to a dark.)
"""

from itertools import groupby

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from engine.benchmark.luma import Picture
from engine.benchmark.summary import mean, rounded, spread

WINDOW = 5.0  # seconds
PASSAGE = "passage"  # the phase of a walk in which light may change


def largest_swing(light: NDArray[np.float64], window: int) -> float:
    """Largest difference between two values no more than `window` apart in the series; NaN of an empty one."""
    if not light.size:
        return np.nan
    views = sliding_window_view(light, min(window + 1, light.size))
    return float(np.ptp(views, axis=1).max())


def largest_swing_outside(light: NDArray[np.float64], phases: list[str], window: int, left_out: str) -> float:
    """The same of stretches without the phase `left_out`; no difference is taken across one. NaN where none is left."""
    largest, begin = np.nan, 0
    for phase, frames in groupby(phases, lambda phase: phase == left_out):
        end = begin + sum(1 for _ in frames)
        if not phase:
            largest = np.fmax(largest, largest_swing(light[begin:end], window))
        begin = end
    return float(largest)


class Light:
    """Notes the light of every frame."""

    def __init__(self, fps: float) -> None:
        self._window = round(WINDOW * fps)
        self._light: list[float] = []
        self._phases: list[str] = []

    def see(self, thumbnail: Picture, phase: str) -> None:
        """One frame."""
        self._light.append(float(thumbnail.mean()))
        self._phases.append(phase)

    def figures(self) -> dict[str, float | None]:
        """Mean luma, and its largest change within any WINDOW seconds: from the darkest to the brightest moment."""
        light = np.array(self._light)
        outside = largest_swing_outside(light, self._phases, self._window, PASSAGE)
        return {
            "mean_light": mean(self._light),
            "mean_light_spread": spread(self._light),
            "light_swing_5s": rounded(largest_swing(light, self._window)),
            "light_swing_5s_outside_passages": rounded(outside),
        }
