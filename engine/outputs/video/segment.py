"""One file of a recording, from its first frame to its final name."""

from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.files import sync_folder
from engine.outputs.video.encoding import Encoding, Look
from engine.outputs.video.names import Name, Naming
from engine.outputs.video.part_file import PartFile


class Segment:
    """A file that is being written. One thread at a time; raises OSError and av.FFmpegError."""

    def __init__(self, naming: Naming, number: int, look: Look) -> None:
        """`number` is the least the file may have."""
        self._naming = naming
        self._file, self.name = _claim(naming, number)
        self._begin = 0.0
        self.frames = 0
        self.kept: Path | None = None
        """Where the pictures lie once no more come; None while they do, and where there was nothing to keep."""
        try:
            self._encoding = Encoding(self._file, look)
        except BaseException:
            self._file.path.unlink()
            self._file.close()
            raise

    def lasts(self, time: float) -> float:
        """Seconds from the first frame to display time `time`."""
        return time - self._begin if self.frames else 0.0

    @property
    def size(self) -> int:
        """Bytes so far."""
        return self._file.size

    def add(self, pixels: NDArray[np.uint8], time: float) -> None:
        """One frame at display time `time` in seconds; see Encoding.add."""
        if not self.frames:
            self._begin = time
        self._encoding.add(pixels, time - self._begin)
        self.frames += 1

    def finish(self) -> None:
        """Make it an ordinary MP4 under its final name; what cannot be ended stays in fragments."""
        try:
            if self.frames:
                self._encoding.end()
                self._file.end_syncing()
                self._settle()
            else:
                self.give_up()
        except BaseException:
            with suppress(OSError):  # the first error is the one to tell
                self.give_up()
            raise
        finally:
            self._file.close()

    def give_up(self) -> None:
        """After an error: keep what is whole, in fragments, under the final name. Raises OSError where not even that.

        Of no effect on a file that is ended.
        """
        if self._file.closed:
            return
        self._file.refuse()
        self._encoding.abandon()
        try:
            if self._file.cut_to_whole():
                self.kept = self._file.path
                self._settle()
            else:
                self._file.path.unlink()
        finally:
            self._file.close()

    def _settle(self) -> None:
        """Take the final name. The lock goes later, so that nobody takes the file for a leftover."""
        self.kept = self._naming.settle(self._file.path, self.name)
        sync_folder(self.kept.parent)


def _claim(naming: Naming, number: int) -> tuple[PartFile, Name]:
    """The first file from that number on that neither exists nor is being written; from now on ours."""
    while True:
        name = naming.name(number)
        try:
            file = PartFile(naming.part(name))
        except FileExistsError:
            number += 1
            continue
        if naming.is_free(name):  # asked once nobody else can finish it any more
            return file, name
        file.path.unlink()
        file.close()
        number += 1
