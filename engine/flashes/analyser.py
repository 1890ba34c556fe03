"""Judges frames by the definitions of flashes: frames in, a report out. Any thread; one at a time.

A place of the picture (a cell of 0.2°) flashes too often when it has more than six transitions in a second; a picture
fails when such places are more than may flash, in any field of 10° or on the whole screen. Which of them change at one
moment does not matter, nor in which direction: halves that flash in antiphase, checkerboards and bars that pass are
flashes to the places that see them. Means of fields are followed too, for places that flash in turn.
"""

from collections.abc import Iterable

from engine.flashes.area import Area
from engine.flashes.counting import TENTHS, Counter
from engine.flashes.definition import MEAN_RULES, general_rules
from engine.flashes.field import FieldMeans
from engine.flashes.geometry import Geometry
from engine.flashes.light import Cells, Frame, chromaticity, luminance
from engine.flashes.report import Report, Verdict, verdict_of
from engine.flashes.series import Reading, Series
from engine.flashes.transitions import LuminanceTransitions, RedTransitions
from engine.flashes.worst import WorstSecond

NOTHING = Reading(0.0, 0.0, 0.0, 0.0)


class Analyser:
    """Takes frames as they are shown. Needs the memory of a second of them, reduced, however long it goes on."""

    def __init__(self, geometry: Geometry) -> None:
        self._geometry = geometry
        self._frames = 0
        self._begin = self._end = 0.0
        self._most = NOTHING
        self._first: float | None = None
        self._series = Series()
        self._worst = WorstSecond()

    def add(self, frame: Frame, time: float) -> Reading:
        """One frame, sRGB uint8 [H, W, 3], shown at `time` in seconds, later than the one before; what the second has
        that ends with it. Frames may change their size. Raises ValueError.
        """
        if not self._frames:
            self._prepare(frame, time)
        elif time <= self._end:
            raise ValueError(f"a frame at {time} s cannot follow one at {self._end} s")
        self._frames, self._end = self._frames + 1, time
        reading = self._read(frame, time)
        if self._first is None and verdict_of(reading) is not Verdict.PASS:
            self._first = time
        self._most = self._most.with_peaks_of(reading)
        self._series.add(reading)
        self._worst.see(frame, time, max(reading.general, reading.red))
        return reading

    def report(self) -> Report:
        """Of all frames so far. Raises ValueError before the first."""
        if not self._frames:
            raise ValueError("nothing to report: no frame was added")
        return Report(
            self._frames,
            self._begin,
            self._end,
            self._most,
            self._first,
            tuple(self._series.readings),
            self._general.peaks.copy(),
            self._red.peaks.copy(),
            self._worst.moments,
        )

    def _prepare(self, frame: Frame, time: float) -> None:
        self._begin = time
        self._cells = Cells(self._geometry, frame.shape[1], frame.shape[0])
        shape = self._cells.shape
        self._area = Area(self._geometry, shape)
        self._means = FieldMeans(self._geometry, shape)
        self._general, self._red, self._mean = Counter(shape), Counter(shape), Counter(self._means.shape)
        self._general_changes = LuminanceTransitions(general_rules(self._geometry.peak_nits))
        self._mean_changes = LuminanceTransitions(MEAN_RULES)
        self._red_changes = RedTransitions()

    def _read(self, frame: Frame, time: float) -> Reading:
        linear = self._cells(frame)
        light = luminance(linear)
        self._general.add(self._general_changes.see(light), time)
        self._mean.add(self._mean_changes.see(self._means(light)), time)
        self._red.add(self._red_changes.see(*chromaticity(linear)), time)
        general = max(self._area.reached(self._general.counts), int(self._mean.counts.max()))
        lasting = (
            self._area.reached(self._general.lasting(time)),
            self._area.reached(self._red.lasting(time)),
            int(self._mean.lasting(time).max()),
        )
        return Reading(time, general / 2, self._area.reached(self._red.counts) / 2, max(lasting) / TENTHS)


def judge(frames: Iterable[tuple[Frame, float]], geometry: Geometry) -> Report:
    """The report on frames with their times, as `Analyser.add` takes them. Raises ValueError."""
    analyser = Analyser(geometry)
    for frame, time in frames:
        analyser.add(frame, time)
    return analyser.report()
