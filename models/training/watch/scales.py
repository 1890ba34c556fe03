"""From numbers to places in a chart."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

MOST_TICKS = 4
WIDE = 30.0  # from the least to the greatest value that a chart shows on a linear scale
NARROW = 1e-12  # of the greatest value: what is less lies at the foot of a logarithmic scale
MARGIN = 0.06  # of the height, above and below


@dataclass(frozen=True)
class Scale:
    """Values from `low` to `high`, which differ, along 0..1; `log`: by their logarithm, and `low` is above 0."""

    low: float
    high: float
    log: bool = False

    def __call__(self, value: float) -> float:
        """Where it lies: 0 is `low`, 1 is `high`."""
        low, high = self._of(self.low), self._of(self.high)
        return (self._of(max(value, self.low) if self.log else value) - low) / (high - low)

    def _of(self, value: float) -> float:
        return math.log10(value) if self.log else value

    def ticks(self) -> list[float]:
        """A few round values."""
        if not self.log:
            return _round_values(self.low, self.high)
        first, last = math.floor(math.log10(self.low)), math.ceil(math.log10(self.high))
        powers = [10.0**power for power in range(first, last + 1) if self.low <= 10.0**power <= self.high]
        if len(powers) > 1:
            return powers[:: math.ceil(len(powers) / MOST_TICKS)]
        finer = (digit * 10.0**power for power in range(first, last + 1) for digit in (1, 2, 5))
        return [value for value in finer if self.low <= value <= self.high]


def scale_of(values: Sequence[float], include: Sequence[float] = (), floor: float | None = None) -> Scale:
    """One on which all values can be seen, and those in `include`; `floor` is where they end by nature."""
    low, high = min([*values, *include]), max([*values, *include])
    if low > 0 and high / low > WIDE:
        low = max(low, high * NARROW)
        room = (high / low) ** MARGIN
        return Scale(low / room, high * room, log=True)
    room = (high - low) * MARGIN or abs(high) * MARGIN or 1.0
    bottom = low - room if floor is None else max(low - room, min(floor, low))
    return Scale(bottom, high + room)


def _round_values(low: float, high: float) -> list[float]:
    rough = (high - low) / MOST_TICKS
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(step * power for step in (1, 2, 2.5, 5, 10) if step * power >= rough)
    first = math.ceil(low / step)
    return [place * step for place in range(first, math.floor(high / step) + 1)]
