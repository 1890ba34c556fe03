"""What the analyser found."""

from dataclasses import dataclass
from enum import StrEnum

from engine.flashes.counting import Counts
from engine.flashes.definition import EXTENDED_SECONDS, MOST_TRANSITIONS
from engine.flashes.series import Reading
from engine.flashes.worst import Moment

MOST_FLASHES = MOST_TRANSITIONS / 2


class Verdict(StrEnum):
    """`extended` fails as well: no second has too many flashes, but they go on for too long."""

    PASS = "pass"
    EXTENDED = "extended"
    FAIL = "fail"


def verdict_of(reading: Reading) -> Verdict:
    """What a second with these figures is."""
    if reading.general > MOST_FLASHES or reading.red > MOST_FLASHES:
        return Verdict.FAIL
    return Verdict.EXTENDED if reading.extended > EXTENDED_SECONDS else Verdict.PASS


@dataclass(frozen=True)
class Report:
    """Of all frames.

    most: the largest of each figure; its `time` means nothing.
    first: when the limits were first exceeded, in seconds; None where they never were.
    readings: the figures over time, as peaks over short steps.
    general_map, red_map: the most transitions in any second of each place [rows, columns], whatever its size.
    worst: frames of the worst second; none where too little flashed.
    """

    frames: int
    begin: float
    end: float
    most: Reading
    first: float | None
    readings: tuple[Reading, ...]
    general_map: Counts
    red_map: Counts
    worst: tuple[Moment, ...]

    @property
    def verdict(self) -> Verdict:
        """Of the whole."""
        return verdict_of(self.most)
