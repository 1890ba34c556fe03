"""`reverie bench picture`: a show drawn as `reverie record` draws it, measured frame by frame and not encoded."""

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import islice
from math import ceil
from pathlib import Path
from typing import Any, NamedTuple

import moderngl
import numpy as np

from engine.app import work_at_fixed_steps
from engine.benchmark.goals import judged
from engine.benchmark.luma import Rows
from engine.benchmark.meter import PictureMeter
from engine.benchmark.sheet import ContactSheet, check_sheet
from engine.build import load
from engine.files import write_atomic
from engine.pacing import Frame, Pacer
from engine.sensing import Senses
from engine.startup import progress
from engine.stopping import STOP
from engine.work import Work
from models.benchmark.machine import cpu_name

ONSET = "onset"
OPENING = 3.0  # seconds that are drawn but not measured: the picture comes up from black, the paint is not wet yet


class Shown(NamedTuple):
    """A presented frame, uint8 [H, W, 4], row 0 at the bottom, read-only, with its show time in seconds, the phase of
    the walk and the value of the onset signal.
    """

    time: float
    rows: Rows
    phase: str
    onset: float


def measure(path: Path, seconds: float, sheet: Path | None = None) -> dict[str, Any]:
    """The figures of a show's picture over that time, every device simulated, and whether goals are met.

    `sheet` is where a contact sheet goes, .png. Raises ReverieError, and StoppedError between two frames.
    """
    if sheet is not None:
        check_sheet(sheet)
    begin, loaded = time.perf_counter(), load(path)
    fps = loaded.show.canvas.fps
    total = ceil(seconds * fps - 1e-6)
    with ExitStack() as stack:
        work, gl, clock = work_at_fixed_steps(loaded, (), stack)
        onset = onset_signal(work.senses)
        watched = Watched(PictureMeter(fps, onset), None if sheet is None else ContactSheet(total))
        opening = ceil(OPENING * fps)
        frames = islice(Pacer(clock, fps).frames(), opening + total)
        shown = _presented(work, progress(frames, opening + total, f"measuring {loaded.show.title}"), onset)
        for index, picture in enumerate(islice(shown, opening, None)):
            watched.see(index, picture)
        figures = watched.figures()
        if sheet is not None and watched.contact is not None:
            write_atomic(sheet, watched.contact.png())
        return {
            "show": str(path),
            "canvas": watched.canvas,
            "fps": fps,
            "frames": total,
            **figures,
            "goals": judged(figures),
            "took_s": round(time.perf_counter() - begin, 1),
            "measuring_s": round(watched.took, 3),
            "generator": work.source.describe(),
            "machine": {"cpu": cpu_name(), "cores": os.cpu_count(), "gl": gl.renderer},
        }


class Watched:
    """What looks at the frames, and the seconds that takes."""

    def __init__(self, meter: PictureMeter, contact: ContactSheet | None) -> None:
        self.contact = contact
        self.canvas = ""
        self.took = 0.0
        self._meter = meter

    def see(self, index: int, picture: Shown) -> None:
        """One frame; `index` counts those that are measured, from 0."""
        begin = time.perf_counter()
        height, width = picture.rows.shape[:2]
        self.canvas = f"{width}×{height}"
        self._meter.see(picture.rows, picture.time, picture.phase, picture.onset)
        if self.contact is not None:
            self.contact.see(index, picture.rows, f"{picture.time:.1f} s  {picture.phase}")
        self.took += time.perf_counter() - begin

    def figures(self) -> dict[str, Any]:
        """Of all frames."""
        begin = time.perf_counter()
        figures = self._meter.figures()
        self.took += time.perf_counter() - begin
        return figures


def onset_signal(senses: Senses) -> str | None:
    """The onset of the first sensor that has one; None where no sensor listens."""
    channels = ((name, channel.name) for name, driver in senses.drivers.items() for channel in driver.channels)
    return next((f"{sensor}.{channel}" for sensor, channel in channels if channel.endswith(ONSET)), None)


def _presented(work: Work, frames: Iterator[Frame], onset: str | None) -> Iterator[Shown]:
    for frame in frames:
        STOP.check()
        texture = work.step(frame)
        work.tree.release_triggers()
        signal = None if onset is None else work.bus.get(onset)
        value = 0.0 if signal is None else signal.value
        yield Shown(frame.time, _rows(texture), work.stage.lead.walk.phase, value)


def _rows(texture: moderngl.Texture) -> Rows:
    """As they come: row 0 at the bottom. Waits for the GPU."""
    width, height = texture.size
    return np.frombuffer(texture.read(), np.uint8).reshape(height, width, 4)
