"""The thread that encodes: frames from a queue into one file after another."""

import queue
from contextlib import suppress
from math import inf
from pathlib import Path
from threading import Event, Thread
from time import monotonic
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.outputs.base import OutputError, cannot_write
from engine.outputs.video.encoding import Look
from engine.outputs.video.names import Naming
from engine.outputs.video.segment import Segment

SHORTEST = 1.0  # seconds: files do not get shorter for the sake of their size
QUEUE = 8  # frames the encoder may be behind

Rows = NDArray[np.uint8]
Frame = tuple[Rows, float]


class Plan(NamedTuple):
    """How frames become files. One ends after `segment` seconds, or when it has `size` bytes; see SHORTEST."""

    naming: Naming
    look: Look
    segment: float
    size: float = inf

    def is_full(self, segment: Segment, time: float) -> bool:
        """Whether the frame at display time `time` begins another file."""
        lasts = segment.lasts(time)
        return lasts >= self.segment or (lasts >= SHORTEST and segment.size >= self.size)


class Recorder:
    """Takes frames until it is closed or fails; `error` is then one sentence. Only its threads touch files."""

    def __init__(self, plan: Plan, number: int = 1, *, first: bool = True) -> None:
        """`number` is that of the next file. `first`: whether this is the start, when a wrong name is a mistake."""
        self._plan = plan
        self._first = first
        self._queue: queue.Queue[Frame | None] = queue.Queue(QUEUE)
        self._endings: list[Ending] = []
        self.number = number
        self.kept: Path | None = None
        """The newest file that was ended; None while there is none."""
        self.error: OutputError | None = None
        self.ready = Event()
        """Set once the first file is open, or cannot be."""
        self._thread = Thread(target=self._run, name="recorder", daemon=True)
        self._thread.start()

    @property
    def full(self) -> bool:
        """Whether the encoder is as far behind as it may be."""
        return self._queue.full()

    def put(self, rows: Rows, time: float) -> None:
        """Hand over one frame, [H, W, 4], row 0 at the bottom, at `time`; waits while the queue is full."""
        self._hand_over((rows, time), inf)

    def close(self, patience: float) -> bool:
        """Encode what is queued and end the file; whether that took no more than `patience` seconds."""
        begun = monotonic()
        self._hand_over(None, patience)
        rest = max(0.0, begun + patience - monotonic())
        self._thread.join(None if rest == inf else rest)
        return not self._thread.is_alive()

    def dismiss(self) -> None:
        """Have it end as soon as it answers, without waiting for that: no frame has been handed over."""
        self._queue.put_nowait(None)

    def _hand_over(self, item: Frame | None, patience: float) -> None:
        """Queue an item, as long as there is a thread to take it."""
        begun = monotonic()
        while self._thread.is_alive() and monotonic() - begun < patience:
            with suppress(queue.Full):
                self._queue.put(item, timeout=0.5)
                return

    def _run(self) -> None:
        try:
            self._record()
        except Exception as error:  # noqa: BLE001 - a thread that ends without a word would be a silent end
            self.error = self._sentence(error)
        self.ready.set()

    def _record(self) -> None:
        naming = self._plan.naming
        if self._first:
            naming.prepare()
        else:
            naming.make_folder()
        segment = self._begin()
        self.ready.set()
        try:
            while (item := self._queue.get()) is not None:
                rows, time = item
                segment = self._on_time(segment, time)
                segment.add(np.ascontiguousarray(rows[::-1]), time)
                self._check_endings()
            segment.finish()
        except BaseException:
            with suppress(OSError):  # said by the first error; what can be saved at the next start is saved then
                segment.give_up()
            raise
        finally:
            self._note(segment)
            self._await_endings()
        self._check_endings()

    def _begin(self) -> Segment:
        segment = Segment(self._plan.naming, self.number, self._plan.look)
        self.number = segment.name.number
        return segment

    def _on_time(self, segment: Segment, time: float) -> Segment:
        """The file for a frame at `time`. The one before is ended beside, so that no frame waits for the disk."""
        if not self._plan.is_full(segment, time):
            return segment
        self.number += 1
        following = self._begin()
        self._await_endings()
        self._check_endings()
        self._endings = [Ending(segment)]
        return following

    def _await_endings(self) -> None:
        for ending in self._endings:
            ending.wait()

    def _check_endings(self) -> None:
        for ending in self._endings:
            ending.check()

    def _note(self, segment: Segment) -> None:
        if segment.kept is not None:
            self.kept = segment.kept
            self.number += 1

    def _sentence(self, error: Exception) -> OutputError:
        path, kept = self._plan.naming.path, "" if self.kept is None else f"; what is whole is kept in {self.kept.name}"
        if isinstance(error, OutputError):
            return error
        if isinstance(error, OSError):
            return OutputError(f"{cannot_write(path, error.strerror)}{kept}")
        why = getattr(error, "strerror", error)  # FFmpeg's whole text lists every setting
        return OutputError(f"{path}: the encoder failed ({type(error).__name__}: {why}); try another size{kept}")


class Ending:
    """A file that is ended on a thread of its own, while the next one is written."""

    def __init__(self, segment: Segment) -> None:
        self._segment = segment
        self._error: Exception | None = None
        self._thread = Thread(target=self._run, name="recorder ending", daemon=True)
        self._thread.start()

    def check(self) -> None:
        """Raise what went wrong, if anything has."""
        if self._error is not None:
            error, self._error = self._error, None
            raise error

    def wait(self) -> None:
        """Until it is ended."""
        self._thread.join()

    def _run(self) -> None:
        try:
            self._segment.finish()
        except Exception as error:  # noqa: BLE001 - for the recorder to raise
            self._error = error
