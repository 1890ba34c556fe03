"""The thread that looks after a recording's folder, so that neither start nor frame waits for it."""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Event, Thread

import structlog

from engine.outputs.video.mending import UnreadableError, mend, sweep
from engine.outputs.video.names import Naming
from engine.outputs.video.retention import Keep, forget

LOOK_EVERY = 10.0  # seconds between looks at what may be kept
TOO_LARGE = "alone is more than keep_bytes; let it keep more, or record with a larger number for quality"

log = structlog.get_logger(__name__)


class Keeper:
    """Mends what earlier runs left, and deletes what is not to be kept. Starts its thread at once."""

    def __init__(self, namings: Sequence[Naming], keep: Keep) -> None:
        """The last of `namings` are those of earlier runs only: the first is what `keep` is about."""
        self._namings = namings
        self._keep = keep
        self._wake = Event()
        self._stopped = Event()
        self._said = ""
        self.problem = ""
        """What is wrong with what is kept; empty where all is well."""
        self._left: set[Path] = set()
        self._mend = True
        self._thread = Thread(target=self._run, name="recording keeper", daemon=True)
        self._thread.start()

    def look(self) -> None:
        """Look again for what was left unfinished."""
        self._mend = True
        self._wake.set()

    def stop(self, patience: float) -> None:
        """End the thread; what it is mending stays in fragments. Waits `patience` seconds at most."""
        self._stopped.set()
        self._wake.set()
        self._thread.join(patience)

    def _run(self) -> None:
        limited = self._keep != Keep()
        while True:
            self._tend()
            if self._stopped.is_set():
                return
            self._wake.wait(LOOK_EVERY if limited else None)
            self._wake.clear()

    def _tend(self) -> None:
        try:
            if self._mend:
                self._mend = False
                for mended in self._mended():
                    log.info("finished what an earlier run left", file=str(mended))
            rest = forget(self._namings[0], self._keep, time.time())
            for gone in rest.gone:
                log.info("an old recording was deleted", file=str(gone))
            self.problem = "" if rest.too_large is None else f"{rest.too_large.name} {TOO_LARGE}"
            self._said = ""
        except OSError as error:  # told once: a folder that is gone is gone at the next look too
            place = error.filename or self._namings[0].folder
            why = f"{place}: {error.strerror}; see to the folder's disk and permissions"
            if why != self._said:
                self._said = why
                log.warning("earlier recordings can be neither finished nor deleted", why=why)

    def _mended(self) -> Iterator[Path]:
        for naming in self._namings:
            sweep(naming)
            for part, name in list(naming.parts()):
                try:
                    mended = mend(part, name, naming, self._stopped.is_set)
                except UnreadableError:
                    self._tell_left(part)
                else:
                    if mended is not None:
                        yield mended

    def _tell_left(self, part: Path) -> None:
        if part not in self._left:
            self._left.add(part)
            log.warning("this is named as a recording, but cannot be finished, and is left as it is", file=str(part))
