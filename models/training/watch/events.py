"""What TensorBoard shows of a run.

torch's SummaryWriter writes from a thread, which dies with a traceback when the disk is full and leaves half a record,
behind which nothing can be read any more. A run tells something every half minute: it can wait for the disk itself.
"""

import io
import os
import socket
import time
from collections.abc import Mapping
from pathlib import Path

from tensorboard.compat.proto.event_pb2 import Event, SessionLog  # type: ignore[import-untyped]
from tensorboard.compat.proto.summary_pb2 import Summary  # type: ignore[import-untyped]
from tensorboard.summary.writer.record_writer import RecordWriter  # type: ignore[import-untyped]

from models.training.watch.pictures import Encoded

RGB = 3  # of Summary.Image


class Events:
    """One event file in `folder`, made when there is something to write. Steps are pictures shown.

    A call has written all of it, or nothing and raises OSError. Of a run that goes on, `after` is what it had seen:
    TensorBoard forgets the scalars that came later.
    """

    def __init__(self, folder: Path, after: int | None = None) -> None:
        now, fraction = divmod(time.time_ns(), 10**9)
        self.path = folder / f"events.out.tfevents.{now:010}.{socket.gethostname()}.{os.getpid()}.{fraction:09}"
        self._after = after
        self._descriptor: int | None = None

    def close(self) -> None:
        """Let go of the file; may be called again."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def scalars(self, room: str, values: Mapping[str, float], step: int) -> None:
        """Values by name, as `room/name`."""
        found = [Summary.Value(tag=f"{room}/{name}", simple_value=value) for name, value in values.items()]
        self._write(Event(wall_time=time.time(), step=step, summary=Summary(value=found)))

    def picture(self, name: str, picture: Encoded, step: int) -> None:
        """A PNG, a JPEG or a GIF, which moves."""
        width, height = picture.size
        image = Summary.Image(height=height, width=width, colorspace=RGB, encoded_image_string=picture.data)
        value = Summary.Value(tag=name, image=image)
        self._write(Event(wall_time=time.time(), step=step, summary=Summary(value=[value])))

    def forget(self, after: int) -> None:
        """What came after that step is no longer part of the run."""
        self._write(Event(wall_time=time.time(), step=after + 1, session_log=SessionLog(status=SessionLog.START)))

    def _write(self, event: Event) -> None:
        if self._descriptor is None:
            self._open()
        self._append(event)

    def _open(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o666)
        try:
            self._append(Event(wall_time=time.time(), file_version="brain.Event:2"))
            if self._after is not None:
                self.forget(self._after)
        except OSError:
            self.close()
            raise

    def _append(self, event: Event) -> None:
        assert self._descriptor is not None
        record = io.BytesIO()
        RecordWriter(record).write(event.SerializeToString())
        before = os.fstat(self._descriptor).st_size
        rest = memoryview(record.getvalue())
        try:
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
        except OSError:
            os.ftruncate(self._descriptor, before)
            raise
