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
    """A presented frame: uint8 [H, W, 4], row 0 at the bottom, read-only, and what belonged to it."""

    frame: Frame
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
    with ExitStack() as stack:
        work, gl, clock = work_at_fixed_steps(loaded, (), stack)
        onset = onset_signal(work.senses)
        opening, total = ceil(OPENING * fps), ceil(seconds * fps - 1e-6)
        frames = islice(Pacer(clock, fps).frames(), opening + total)
        shown = progress(frames, opening + total, f"measuring {loaded.show.title}")
        meter, contact = PictureMeter(fps, onset), ContactSheet(total)
        measuring = 0.0
        for picture in islice(_presented(work, shown, onset), opening, None):
            before = time.perf_counter()
            meter.see(picture.rows, picture.phase, picture.onset)
            contact.see(picture.frame.index - opening, picture.rows, f"{picture.frame.time:.1f} s  {picture.phase}")
            measuring += time.perf_counter() - before
        before = time.perf_counter()
        figures = meter.figures()
        measuring += time.perf_counter() - before
        if sheet is not None:
            write_atomic(sheet, contact.png())
        width, height = picture.rows.shape[1], picture.rows.shape[0]
        return {
            "show": str(path),
            "canvas": f"{width}×{height}",
            "fps": fps,
            "frames": total,
            **figures,
            "goals": judged(figures),
            "took_s": round(time.perf_counter() - begin, 1),
            "measuring_s": round(measuring, 1),
            "generator": work.source.describe(),
            "machine": {"cpu": cpu_name(), "cores": os.cpu_count(), "gl": gl.renderer},
        }


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
        yield Shown(frame, _rows(texture), work.stage.lead.walk.phase, value)


def _rows(texture: moderngl.Texture) -> Rows:
    """As they come: row 0 at the bottom. Waits for the GPU."""
    width, height = texture.size
    return np.frombuffer(texture.read(), np.uint8).reshape(height, width, 4)
