"""All that is measured of one series of frames, as they come."""

from typing import Any

from engine.benchmark.change import Change
from engine.benchmark.detail import Detail
from engine.benchmark.light import Light
from engine.benchmark.luma import Rows, thumbnail
from engine.benchmark.onset import Onset
from engine.benchmark.repeats import Repeats

HEIGHT = 90  # of the thumbnails: film grain is gone, all that a visitor would call a change is there


class PictureMeter:
    """Give it every frame, then ask for the figures. Twenty minutes need about 110 MB."""

    def __init__(self, fps: float, onset: str | None = None) -> None:
        """`onset` names the signal whose values `see` will be given."""
        self._index = 0
        self._detail = Detail(fps)
        self._change = Change(fps)
        self._light = Light(fps)
        self._onset = Onset(fps, onset)
        self._repeats = Repeats(fps)

    def see(self, rows: Rows, time: float, phase: str, onset: float) -> None:
        """One frame as presented: uint8 [H, W, 4], either way up.

        `time` is show time in seconds, `phase` what the walk says, `onset` the value of the signal.
        """
        small = thumbnail(rows, HEIGHT)
        self._detail.see(self._index, rows)
        self._change.see(self._index, small, phase)
        self._light.see(small, phase)
        self._onset.see(small, onset)
        self._repeats.see(self._index, small, time)
        self._index += 1

    def figures(self) -> dict[str, Any]:
        """Every figure by name; None where the series was too short, or had nothing to measure."""
        found: dict[str, Any] = {}
        for part in (self._detail, self._change, self._light, self._onset, self._repeats):
            found |= part.figures()
        return found
