"""How much the picture stays the same, and how fast it changes, phase by phase of the walk."""

from collections import deque
from typing import Any

import numpy as np

from engine.benchmark.luma import Picture, is_flat
from engine.benchmark.summary import frames_between, mean, rounded, spread

LAGS = (1, 3, 10)  # seconds
RATE = 5.0  # pairs a second
RAMP = 2.0  # seconds at both ends of a phase that do not count: a walk gets up to speed there, and slows down
TOLERANCE = 0.25  # of the mean rate of change of a phase
WHOLE = "walk"  # the one phase of a walk that tells none


def correlation(first: Picture, second: Picture) -> float:
    """Pearson's r of two pictures of one size; NaN where one is flat."""
    if is_flat(first) or is_flat(second):
        return np.nan
    return float(np.corrcoef(first.ravel(), second.ravel())[0, 1])


def change(first: Picture, second: Picture) -> float:
    """Mean |Δ| of luma."""
    return float(np.abs(first - second).mean())


def steady_share(values: list[float]) -> float:
    """Share of the values within TOLERANCE of their mean; NaN where there is none."""
    if not values:
        return np.nan
    average = np.mean(values)
    return float(np.mean(np.abs(np.array(values) - average) <= TOLERANCE * average))


class Change:
    """Compares RATE frames a second with those 1, 3 and 10 seconds before. Keeps ten seconds of thumbnails."""

    def __init__(self, fps: float) -> None:
        self._fps = fps
        self._every = frames_between(fps, RATE)
        self._frames = {lag: max(1, round(lag * fps)) for lag in LAGS}
        self._past: deque[Picture] = deque(maxlen=self._frames[LAGS[-1]] + 1)
        self._alike: dict[int, list[float]] = {lag: [] for lag in LAGS}
        self._rates: dict[str, list[float]] = {}
        self._phase_now = ""
        self._counts_from = 0.0  # frames
        self._run: list[tuple[int, float]] = []  # rates of the phase that is on, with the frame each second ends with

    def see(self, index: int, thumbnail: Picture, phase: str) -> None:
        """One frame; `index` counts them from 0, `phase` is what the walk says, "" where nothing."""
        self._past.append(thumbnail)
        if index and (phase or WHOLE) != self._phase_now:
            self._end_phase(index - RAMP * self._fps)
            self._counts_from = index + RAMP * self._fps
        self._phase_now = phase or WHOLE
        if index % self._every:
            return
        for lag, frames in self._frames.items():
            if frames < len(self._past):
                self._alike[lag].append(correlation(thumbnail, self._past[-1 - frames]))
        self._note_rate(index, thumbnail)

    def figures(self) -> dict[str, Any]:
        """Mean correlations, and |Δ| of luma over one second within each phase."""
        self._end_phase(np.inf)
        alike = {f"correlation_{lag}s": mean(self._alike[lag]) for lag in LAGS}
        return {**alike, "phases": {phase: self._phase(rates) for phase, rates in self._rates.items()}}

    def _note_rate(self, index: int, thumbnail: Picture) -> None:
        """Of a second that lies in one phase as a whole, behind its ramp."""
        frames = self._frames[LAGS[0]]
        if frames < len(self._past) and index - frames >= self._counts_from:
            self._run.append((index, change(thumbnail, self._past[-1 - frames]) * self._fps / frames))

    def _end_phase(self, until: float) -> None:
        """Keep the rates of the phase that was on, of seconds that ended by frame `until`."""
        kept = [rate for index, rate in self._run if index <= until]
        if kept:
            self._rates.setdefault(self._phase_now, []).extend(kept)
        self._run = []

    def _phase(self, rates: list[float]) -> dict[str, float | None]:
        return {
            "seconds": round(len(rates) * self._every / self._fps, 1),
            "change_per_s": mean(rates),
            "change_spread": spread(rates),
            "within_25_percent": rounded(steady_share(rates)),
        }
