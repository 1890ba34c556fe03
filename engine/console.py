"""Standard output and standard error that end no show: full, closed, a pipe nobody reads, a terminal that is gone.

Between Python and the operating system stands a `Channel`. What cannot be written to standard error is dropped, since
there is nowhere left to say so. Standard output says it once, for the command to end with a sentence, and is silent
from then on, so that nothing else fails on the way out.
"""

import errno
import io
import os
import sys
from typing import TYPE_CHECKING, TextIO

from engine.errors import ReverieError

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

INPUT, OUTPUT, ERRORS = 0, 1, 2


class Unprintable(ReverieError, OSError):
    """What a command has to say cannot be written to standard output."""

    def __str__(self) -> str:
        return f"standard output cannot be written ({self.strerror}); free space or print to another place"


def prepare_streams() -> None:
    """Make both streams safe to write to, whatever the process was started with. The first thing a command does.

    A stream that was put in the place of the process's own, to catch what is printed, stays.
    """
    _fill_closed()
    if sys.stdout is sys.__stdout__:
        sys.stdout = _safe(sys.stdout, OUTPUT)
    if sys.stderr is sys.__stderr__:
        sys.stderr = _safe(sys.stderr, ERRORS)


class Channel(io.RawIOBase):
    """A descriptor that takes everything. A failure is raised once where it `tells`; a pipe's end as BrokenPipeError,
    which command lines end on quietly, anything else as Unprintable.
    """

    def __init__(self, descriptor: int, tells: bool) -> None:
        self._descriptor = descriptor
        self._tells = tells

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._descriptor

    def isatty(self) -> bool:
        return os.isatty(self._descriptor)

    def write(self, data: "ReadableBuffer", /) -> int:
        """How many bytes are done with: written or dropped."""
        try:
            return os.write(self._descriptor, data)
        except OSError as error:
            if self._tells:
                self._tells = False
                if error.errno == errno.EPIPE:
                    raise
                raise Unprintable(error.errno, error.strerror) from None
            return memoryview(data).nbytes


def _fill_closed() -> None:
    """Open /dev/null where a standard descriptor is closed: else the next file opened gets its number, and with it
    whatever a library prints.
    """
    for descriptor in (INPUT, OUTPUT, ERRORS):
        try:
            os.fstat(descriptor)
        except OSError:
            opened = os.open(os.devnull, os.O_RDWR)  # the lowest number that is free: this one
            os.set_inheritable(opened, True)  # for the generator's process, too


def _safe(stream: TextIO | None, descriptor: int) -> TextIO:
    """The same stream through a Channel. Characters its encoding lacks become question marks."""
    encoding, by_line = "utf-8", True
    if stream is not None:  # as it is where the descriptor was closed from the start
        encoding, by_line = stream.encoding, getattr(stream, "line_buffering", True)
    channel = io.BufferedWriter(Channel(descriptor, tells=descriptor == OUTPUT))
    return io.TextIOWrapper(channel, encoding, errors="replace", line_buffering=by_line)
