"""`type: recording`: MP4 files of what is shown. Other threads encode and write, so that the display never waits."""

from math import inf
from pathlib import Path
from typing import Literal

import moderngl
import structlog
from pydantic import Field

from engine.outputs.base import Canvas, Output, OutputConfig, OutputError
from engine.outputs.pixels import Reader
from engine.outputs.video.encoding import Look, even
from engine.outputs.video.keeper import Keeper
from engine.outputs.video.names import DatedNames, Naming
from engine.outputs.video.recorder import Plan, Recorder
from engine.outputs.video.retention import Keep
from engine.render.context import GLContext
from sensors.units import Bytes, Seconds

FAREWELL = 10.0  # seconds the last frames of a show may take to encode
START = 8.0  # seconds the first file of a show may take to open: less than a watchdog waits for a frame
SILENT = "the disk does not answer"
SHARES = 4  # files at least that make up what may be kept, so that deleting one leaves most of it
BEHIND = 10.0  # seconds for which a frame that was left out is a problem

log = structlog.get_logger(__name__)


class RecordingConfig(OutputConfig):
    """`{type: recording, path: day.mp4, keep_days: 14}`"""

    type: Literal["recording"] = "recording"
    path: Path = Field(description="what the files are called, .mp4: date, time and number are added to the name")
    quality: int = Field(16, ge=0, le=40, description="H.264 constant rate factor: smaller is better and larger")
    segment: Seconds = Field(3600.0, ge=1, description="length of one file, such as 1h; then the next begins")
    keep_days: float | None = Field(None, gt=0, description="older files are deleted; left out: none is")
    keep_bytes: Bytes | None = Field(
        None, gt=0, description="size of all files together, such as 5GB; the oldest are deleted; left out: no limit"
    )


class RecordingOutput(Output):
    """H.264 through PyAV. Live, frames the encoder has no time for are left out and counted; `exact` waits instead.

    `naming` is how files are called where not by date.
    """

    Config = RecordingConfig

    def __init__(self, config: RecordingConfig, *, exact: bool = False, naming: Naming | None = None) -> None:
        self._config = config
        self._exact = exact
        self._naming = naming or DatedNames(config.path)
        self._reader: Reader | None = None
        self._recorder: Recorder | None = None
        self._keeper: Keeper | None = None
        self._number = 1
        self._behind_until = -inf
        self._time = 0.0
        self.dropped = 0
        self.kept: Path | None = None
        """The newest file that was ended."""

    def open(self, gl: GLContext, canvas: Canvas) -> None:
        size = even(canvas)
        look = Look(size, canvas.fps, self._config.quality)
        keep = self._config.keep_bytes
        plan = Plan(self._naming, look, self._config.segment, inf if keep is None else keep // SHARES)
        self._reader = Reader(gl.ctx, size)  # first: what fails here has begun no file
        self._recorder = Recorder(plan, self._number, first=self._keeper is None)
        if self._keeper is not None:
            self._keeper.look()

    def confirm(self) -> None:
        assert self._recorder is not None
        recorder = self._recorder
        opened = recorder.ready.wait(START)
        if opened and recorder.error is None:
            self._look_after()
            return
        recorder.dismiss()
        self._recorder = None
        raise recorder.error or OutputError(f"{self._config.path}: {SILENT}; choose another place")

    def present(self, texture: moderngl.Texture, frame_index: int, time: float) -> None:
        assert self._recorder is not None
        assert self._reader is not None
        if self._recorder.error is not None:
            raise self._recorder.error
        if self._keeper is None and self._recorder.ready.is_set() and self._recorder.error is None:
            self._look_after()
        self._time = time
        if not self._exact and self._recorder.full:
            self.dropped += 1
            self._behind_until = time + BEHIND
        else:
            self._recorder.put(self._reader.read_rows(texture), time)

    def close(self) -> None:
        recorder, reader = self._recorder, self._reader
        self._recorder = self._reader = None
        if reader is not None:
            reader.close()
        if self.dropped:
            log.warning("the recording lacks frames: encoder or disk are too slow", frames=self.dropped)
            self.dropped = 0
        if recorder is None or recorder.error is None:
            self._end(recorder)
        else:  # lost while frames go on: nothing here waits, and the keeper is there for the next try
            self._note(recorder)
            raise recorder.error

    @property
    def problem(self) -> str:
        if self._time < self._behind_until:
            if self._recorder is not None and not self._recorder.ready.is_set():
                return f"frames are left out: {SILENT}"
            return "frames are left out: encoder or disk are too slow; record a smaller canvas or fewer frames a second"
        return "" if self._keeper is None else self._keeper.problem

    def describe(self) -> str:
        return f"recording to {self._naming.describe()}"

    def _look_after(self) -> None:
        """Begin to look after the folder, once the recorder has seen to what earlier runs left under its own name."""
        path, keep = self._config.path, Keep(self._config.keep_days, self._config.keep_bytes)
        dated = isinstance(self._naming, DatedNames)
        self._keeper = Keeper([self._naming] if dated else [self._naming, DatedNames(path)], keep)

    def _end(self, recorder: Recorder | None) -> None:
        """No more frames: end the file and the looking after."""
        patience = inf if self._exact else FAREWELL
        ended = recorder is None or recorder.close(patience)
        if self._keeper is not None:
            self._keeper.stop(FAREWELL)
            self._keeper = None
        if recorder is None:
            return
        self._note(recorder)
        if recorder.error is not None:
            raise recorder.error
        if not ended:
            raise OutputError(
                f"{self._config.path}: not ended yet; the next start will finish what is in {self._naming.folder}"
            )

    def _note(self, recorder: Recorder) -> None:
        self._number, self.kept = recorder.number, recorder.kept
