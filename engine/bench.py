"""`reverie bench pipeline`: a show run offscreen as on a wall, and the figures it reached on this machine."""

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from engine.app import open_live
from engine.build import RunOptions, load
from engine.live import Live
from engine.pacing import Frame
from engine.render.scale import starting_quality, starting_scale
from engine.startup import countdown
from models.benchmark.machine import cpu_name, resident_mib

SETTLING = 2.0  # seconds after the first generated frame that do not count: caches fill, the scale finds its step
MEMORY_MARKS = (20.0, 60.0)  # seconds of show time at which resident memory is noted


class Observer:
    """Notes each presented frame. All times are seconds since the process began."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self._started = _now() - process_age()
        self._last = 0.0
        self.moments: list[float] = []
        self.sizes: list[tuple[int, int]] = []
        self.first_dream: float | None = None
        self.resident: dict[float, float] = {}

    def __call__(self, frame: Frame) -> None:
        now = _now() - self._started
        self._last = frame.time
        self.moments.append(now)
        self.sizes.append(self._live.renderer.size)
        if self.first_dream is None and self._live.health.dreamt.count:
            self.first_dream = now
        for mark in MEMORY_MARKS:
            if frame.time >= mark and mark not in self.resident:
                self.resident[mark] = tree_mib()

    def finish(self) -> None:
        """Note memory at the end, however short the run was."""
        self.resident[round(self._last, 1)] = tree_mib()

    def report(self) -> dict[str, Any]:
        """The figures: intervals in milliseconds, memory in MiB."""
        live = self._live
        begin = (self.first_dream or self.moments[0]) + SETTLING
        gaps = [b - a for a, b in pairwise(self.moments) if a >= begin]
        if not gaps:
            return {"error": "too short: nothing was presented after the generator settled; use more --seconds"}
        span = self.moments[-1] - begin
        return {
            "presented_fps": round(len(gaps) / sum(gaps), 2),
            "presented_fps_from_first_frame": round((len(self.moments) - 1) / (self.moments[-1] - self.moments[0]), 2),
            "frame_p50_ms": round(1000 * float(np.percentile(gaps, 50)), 2),
            "frame_p99_ms": round(1000 * float(np.percentile(gaps, 99)), 2),
            "frame_worst_ms": round(1000 * max(gaps), 2),
            "nominal_ms": round(1000 * live.pacer.period, 2),
            "measured_s": round(span, 1),
            "first_frame_s": round(self.moments[0], 2),
            "first_dream_s": None if self.first_dream is None else round(self.first_dream, 2),
            "dream_fps": live.hub.health["dream_fps"],
            "dream_frames": live.health.dreamt.count,
            "dropped_frames": live.pacer.dropped,
            "internal_size": "×".join(map(str, self.sizes[-1])),
            "quality": live.renderer.quality if live.renderer.chain.has_quality else None,
            "smallest_size": "×".join(map(str, min(self.sizes))),
            "render_ms": live.hub.health["render_ms"],
            "resident_mib": {f"{mark:g}s": round(value, 1) for mark, value in self.resident.items()},
        }


def pipeline(show: Path, seconds: float) -> dict[str, Any]:
    """Run a show offscreen for that long, at the size and quality that it begins with on a machine without a GPU, and
    report. Raises ReverieError.
    """
    loaded = load(show)
    scale = starting_scale(loaded.show.canvas.width, software=True)
    rung = f"/render/scale={scale}", f"/render/quality={starting_quality(scale)}"
    sets = ("/render/adaptive=false", *rung)  # a rate says nothing if the size gives way
    with ExitStack() as stack:
        live, _ = open_live(loaded, RunOptions(offscreen=True, sets=sets), stack)
        observer = Observer(live)

        def note(frame: Frame) -> None:
            observer(frame)
            if frame.index % 30 == 0:
                passed(frame.time)

        with countdown(f"running {loaded.show.title}", seconds) as passed:
            live.perform(seconds, note)
        observer.finish()
        machine = {"cpu": cpu_name(), "cores": os.cpu_count(), "gl": live.renderer.gl.renderer}
        return {"show": str(show), **observer.report(), "generator": live.work.source.describe(), "machine": machine}


def print_report(report: dict[str, Any], title: str) -> None:
    """The same for people."""
    table = Table("figure", "value", title=title, title_justify="left")
    for name, value in _rows("", report):
        table.add_row(name, value)
    Console().print(table)


def _rows(prefix: str, figures: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in figures.items():
        if isinstance(value, dict):
            yield from _rows(f"{prefix}{name} · ", value)
        else:
            yield f"{prefix}{name}", str(value)


def process_age() -> float:
    """Seconds since this process was started, interpreter and imports included."""
    fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
    started = int(fields[19]) / os.sysconf("SC_CLK_TCK")
    return _now() - started


def _now() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def tree_mib() -> float:
    """Resident memory of this process and its children, in MiB."""
    return sum(resident_mib(pid) for pid in [os.getpid(), *_children(os.getpid())])


def _children(pid: int) -> list[int]:
    listed = [path.read_text().split() for path in Path(f"/proc/{pid}/task").glob("*/children")]
    direct = [int(child) for children in listed for child in children]
    return direct + [grandchild for child in direct for grandchild in _children(child)]
