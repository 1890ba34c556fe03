"""Whether a drum is seen: the correlation of the onset signal with the motion of the presented frames.

Both series run at the show's frame rate. Motion is the mean |Δ| of luma from one frame to the next. From each its
moving mean over TREND seconds is taken away: that a lively minute of music meets a lively minute of the walk is no
answer to a drum. Silent stretches stay in, and so does motion that has no cause in the sound; nothing is smoothed or
left out. r is the best at lags of 0 to 100 ms, motion after sound: of so few and so similar lags, hardly above chance.
"""

import numpy as np
from numpy.typing import NDArray

from engine.benchmark.change import change
from engine.benchmark.luma import Picture
from engine.benchmark.summary import rounded

TREND = 2.0  # seconds
LATEST = 0.1  # seconds after the onset
STILL = 1e-9  # standard deviation of a series in which nothing happens

Series = NDArray[np.float64]


def detrended(series: Series, window: int) -> Series:
    """A series without its moving mean over `window` values around each, or as many as there are at the ends."""
    sums = np.concatenate([[0.0], np.cumsum(series)])
    places = np.arange(series.size)
    first, end = np.maximum(places - window // 2, 0), np.minimum(places + window // 2 + 1, series.size)
    found: Series = series - (sums[end] - sums[first]) / (end - first)
    return found


def best_lag(onset: Series, motion: Series, latest: int) -> tuple[float, int] | None:
    """The largest r of `onset` with `motion` 0 to `latest` values later, and that lag; None where one stands still."""
    count = min(onset.size, motion.size) - latest
    if count < 2 or onset[:count].std() < STILL or motion.std() < STILL:
        return None
    found = [float(np.corrcoef(onset[:count], motion[lag : lag + count])[0, 1]) for lag in range(latest + 1)]
    lag = int(np.argmax(found))
    return found[lag], lag


class Onset:
    """Notes both series, frame by frame. `signal` names the onset; None where the show hears nothing."""

    def __init__(self, fps: float, signal: str | None) -> None:
        self._fps = fps
        self._signal = signal
        self._onset: list[float] = []
        self._motion: list[float] = []
        self._before: Picture | None = None

    def see(self, thumbnail: Picture, onset: float) -> None:
        """One frame, with what the onset signal said as it was drawn."""
        if self._before is not None:
            self._motion.append(change(self._before, thumbnail))
            self._onset.append(onset)
        self._before = thumbnail

    def figures(self) -> dict[str, str | float | None]:
        """The signal, r, and its lag in ms."""
        best = self._best() if self._signal is not None and self._onset else None
        r, lag = best if best is not None else (None, None)
        return {
            "onset_signal": self._signal,
            "onset_motion_r": rounded(r),
            "onset_lag_ms": None if lag is None else round(1000 * lag / self._fps),
        }

    def _best(self) -> tuple[float, int] | None:
        window = max(1, round(TREND * self._fps))
        onset, motion = (detrended(np.array(series), window) for series in (self._onset, self._motion))
        return best_lag(onset, motion, int(LATEST * self._fps + 1e-6))
