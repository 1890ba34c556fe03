"""Lines for whoever watches: on a terminal the last one changes in place, elsewhere they follow each other."""

import contextlib
import os
import sys
from collections.abc import Callable
from typing import TextIO

from rich.console import Console
from rich.live import Live
from rich.text import Text


class Teller:
    """Writes to stdout, as long as it can: once that is closed or full it says so on stderr and is silent.

    A training that runs for weeks does not end with the terminal, or the `head`, that watched its first minutes.
    """

    def __init__(self) -> None:
        self._live = Live(console=Console(), auto_refresh=False, transient=False) if sys.stdout.isatty() else None
        if self._live is not None:
            self._try(self._live.start)

    @property
    def watched(self) -> bool:
        """Whether by a person at a terminal."""
        return self._live is not None

    def close(self) -> None:
        """Leave the terminal as it was."""
        if self._live is not None:
            self._try(self._live.stop)

    def progress(self, text: str) -> None:
        """A line that may be replaced by the next."""
        live = self._live
        if live is None:
            self._try(lambda: print(text, flush=True))
        else:
            self._try(lambda: live.update(Text(text), refresh=True))

    def note(self, text: str) -> None:
        """A line that stays."""
        live = self._live
        if live is None:
            self._try(lambda: print(text, flush=True))
        else:
            self._try(lambda: live.console.print(Text(text)))

    def _try(self, write: Callable[[], object]) -> None:
        try:
            write()
        except OSError as error:
            self._give_up(error.strerror or str(error))

    def _give_up(self, reason: str) -> None:
        _drop(sys.stdout)
        live, self._live = self._live, None
        if live is not None:
            live.stop()  # gives stderr back
        _say(f"nothing can be printed any more ({reason}): the training goes on, report.html tells of it")


def _say(text: str) -> None:
    try:
        print(text, file=sys.stderr, flush=True)
    except OSError:  # neither can this: both went to one pipe
        _drop(sys.stderr)


def _drop(stream: TextIO) -> None:
    """From here on to nowhere, in this process: also what is still in the stream's buffer."""
    with contextlib.suppress(OSError), open(os.devnull, "wb") as nowhere:  # OSError: a stream without a file
        os.dup2(nowhere.fileno(), stream.fileno())
