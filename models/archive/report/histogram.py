"""Works over the years as columns of equal width: fine where the archive spans decades, coarse where centuries."""

from dataclasses import dataclass
from itertools import accumulate

from models.archive.report.queries import Tally

COLUMNS = 60
STEPS = (1, 2, 5, 10, 20, 25, 50, 100, 200, 250, 500, 1000)
TICKS = 5
STRAY = 0.002  # of the works may lie before or after the columns: one coin of Alexander's squeezes all else to a line


@dataclass(frozen=True, slots=True)
class Column:
    """The works begun from the year `first` to the year `last`."""

    first: int
    last: int
    works: Tally


@dataclass(frozen=True, slots=True)
class Histogram:
    """Columns side by side, `step` years wide; how many works lie before, after and without a date; years to write
    beneath, each with its place along the axis in 0..1.
    """

    step: int
    columns: list[Column]
    before: int
    after: int
    undated: int
    ticks: list[tuple[int, float]]

    @property
    def highest(self) -> int:
        """Of the columns, in works; at least 1."""
        return max([1, *(column.works.total for column in self.columns)])


def histogram(counts: list[tuple[int | None, Tally]]) -> Histogram:
    """Counts are by year in ascending order; None stands for no date."""
    undated = sum(works.total for year, works in counts if year is None)
    dated = [(year, works) for year, works in counts if year is not None]
    if not dated:
        return Histogram(1, [], 0, 0, undated, [])
    earliest, latest = _bulk([(year, works.total) for year, works in dated])
    step = next((step for step in STEPS if latest // step - earliest // step < COLUMNS), STEPS[-1])
    end = (latest // step + 1) * step
    start = max(earliest // step * step, end - COLUMNS * step)
    columns = [_column(dated, first, step) for first in range(start, end, step)]
    before = sum(works.total for year, works in dated if year < start)
    after = sum(works.total for year, works in dated if year >= end)
    return Histogram(step, columns, before, after, undated, _ticks(start, end, step))


def _bulk(dated: list[tuple[int, int]]) -> tuple[int, int]:
    """The first and the last year of nearly all works."""
    reached = list(accumulate(number for _, number in dated))
    stray = int(reached[-1] * STRAY)
    earliest = next(year for (year, _), sum_ in zip(dated, reached, strict=True) if sum_ > stray)
    latest = next(year for (year, _), sum_ in zip(dated, reached, strict=True) if sum_ >= reached[-1] - stray)
    return earliest, latest


def _column(dated: list[tuple[int, Tally]], first: int, step: int) -> Column:
    inside = [works for year, works in dated if first <= year < first + step]
    parts = (sum(w.fetched for w in inside), sum(w.listed for w in inside), sum(w.rejected for w in inside))
    return Column(first, first + step - 1, Tally("", *parts))


def _ticks(start: int, end: int, step: int) -> list[tuple[int, float]]:
    apart = next((wide for wide in STEPS if wide % step == 0 and (end - start) / wide <= TICKS), end - start)
    return [(year, (year - start) / (end - start)) for year in range(-(-start // apart) * apart, end, apart)]
