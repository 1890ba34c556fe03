"""Mean and spread of measured values, where some frames may have given none (NaN)."""

from collections.abc import Iterable

import numpy as np

DIGITS = 4


def mean(values: Iterable[float]) -> float | None:
    """The mean of those that are numbers; None where none is."""
    found = _numbers(values)
    return round(float(found.mean()), DIGITS) if found.size else None


def spread(values: Iterable[float]) -> float | None:
    """Their standard deviation."""
    found = _numbers(values)
    return round(float(found.std()), DIGITS) if found.size else None


def rounded(value: float | None) -> float | None:
    """As it is reported; NaN is no value."""
    return None if value is None or np.isnan(value) else round(float(value), DIGITS)


def frames_between(fps: float, rate: float) -> int:
    """How many frames further the next sample is, of about `rate` a second."""
    return max(1, round(fps / rate))


def _numbers(values: Iterable[float]) -> np.ndarray:
    found = np.array(list(values), np.float64)
    return found[~np.isnan(found)]
