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
    """Give it every frame, then ask for the figures. An hour at 30 frames a second needs about 100 MB."""

    def __init__(self, fps: float, onset: str | None = None) -> None:
        """`onset` names the signal whose values `see` will be given."""
        self._index = 0
        self._detail = Detail(fps)
        self._change = Change(fps)
        self._light = Light(fps)
        self._onset = Onset(fps, onset)
        self._repeats = Repeats(fps)

    def see(self, rows: Rows, phase: str = "", onset: float = 0.0) -> None:
        """One frame as presented, uint8 [H, W, 4], either way up, with the walk's phase and the onset signal."""
        small = thumbnail(rows, HEIGHT)
        self._detail.see(self._index, rows)
        self._change.see(self._index, small, phase)
        self._light.see(small, phase)
        self._onset.see(small, onset)
        self._repeats.see(self._index, small)
        self._index += 1

    def figures(self) -> dict[str, Any]:
        """Every figure by name; None where the series was too short, or had nothing to measure."""
        found: dict[str, Any] = {}
        for part in (self._detail, self._change, self._light, self._onset, self._repeats):
            found |= part.figures()
        return found
