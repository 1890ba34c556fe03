"""A recording judged: the file, the geometry of the wall, and what the analyser says."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import ReverieError
from engine.flashes.analyser import Analyser
from engine.flashes.definition import SDR_NITS
from engine.flashes.geometry import Geometry, of_screen, of_wall
from engine.flashes.report import Report, Verdict
from engine.flashes.video import Video, opened

WALL = re.compile(r"(\d{1,6}(?:\.\d{1,6})?)[x×](\d{1,6}(?:\.\d{1,6})?)@(\d{1,6}(?:\.\d{1,6})?)")
LARGEST = 200.0  # metres, as in a show file

Progress = Callable[[int, int | None], None]


@dataclass(frozen=True)
class Wall:
    """Width, height and distance of the nearest viewer in metres."""

    width: float
    height: float
    distance: float

    def __str__(self) -> str:
        return f"{self.width:g} × {self.height:g} m seen from {self.distance:g} m"


@dataclass(frozen=True)
class Judged:
    """A recording and its report. `wall` is None where nothing is known of it; `seen` is how many seconds were read,
    and `problem` why these are not all of them, empty where they are.
    """

    path: Path
    size: tuple[int, int]
    wall: Wall | None
    peak_nits: float
    report: Report
    seen: float
    problem: str

    def figures(self) -> dict[str, Any]:
        """For machines."""
        most = self.report.most
        return {
            "file": str(self.path),
            "verdict": self.report.verdict.value,
            "general_flashes_per_s": most.general,
            "red_flashes_per_s": most.red,
            "extended_s": most.extended,
            "first_exceeded_s": self.report.first,
            "frames": self.report.frames,
            "seconds": round(self.seen, 3),
            "size": list(self.size),
            "wall": None if self.wall is None else [self.wall.width, self.wall.height, self.wall.distance],
            "peak_nits": self.peak_nits,
            "incomplete": self.problem or None,
        }


def parse_wall(text: str) -> Wall:
    """`WIDTHxHEIGHT@DISTANCE` in metres. Raises ReverieError."""
    found = WALL.fullmatch(text.strip())
    values = [float(value) for value in found.groups()] if found else []
    if not values or not all(0 < value <= LARGEST for value in values):
        raise ReverieError(
            f"--wall {text}: is not a wall; give WIDTHxHEIGHT@DISTANCE in metres, each above 0 and at most"
            f" {LARGEST:g}, such as 4x2.25@2"
        )
    return Wall(*values)


def judge_recording(
    path: Path, wall: Wall | None, peak_nits: float = SDR_NITS, progress: Progress | None = None
) -> Judged:
    """Judge a file from its first frame to its last. Raises ReverieError where that leads to no verdict."""
    with opened(path) as video:
        analyser = Analyser(_geometry(video, wall, peak_nits))
        count = 0
        for frame, time in video.frames():
            analyser.add(frame, time)
            count += 1
            if progress is not None:
                progress(round(video.seen), None if video.length is None else round(video.length))
        if count < 2:
            _refuse(path, count, video.problem)
        judged = Judged(
            path, (video.width, video.height), wall, peak_nits, analyser.report(), video.seen, video.problem
        )
    if judged.problem and judged.report.verdict is Verdict.PASS:
        raise ReverieError(
            f"{path}: is cut short or damaged: after {judged.seen:.1f} s nothing can be read ({judged.problem}); up to"
            " there it passes, of the rest nothing is known: record it again"
        )
    return judged


def _geometry(video: Video, wall: Wall | None, peak_nits: float) -> Geometry:
    if wall is None:
        return of_screen(video.width, video.height, peak_nits)
    return of_wall(wall.width, wall.height, wall.distance, peak_nits)


def _refuse(path: Path, count: int, problem: str) -> None:
    why = f" ({problem})" if problem else ""
    if count:
        raise ReverieError(f"{path}: has one frame only{why}, and flashes need more; give a recording")
    raise ReverieError(f"{path}: none of its frames can be read{why}; give a video that plays, such as an MP4")
