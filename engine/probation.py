"""An edited shader under suspicion, until it has run for a while: should the engine hang meanwhile, it was that one."""

from collections.abc import Callable, Iterable

from engine.heartbeat import HEARTBEAT
from engine.lessons import LESSONS, Source

LONG_ENOUGH = 3.0  # seconds of pictures with an edited shader, after which it counts as good
FORGIVEN_AFTER = 3600.0  # seconds of pictures, after which it no longer counts what hung before


class Probation:
    """Keeps for a later engine what runs well. Display thread only."""

    def __init__(self, texts: Callable[[str], Source | None]) -> None:
        """`texts(NAME)` are the texts of the version of a pass that runs; None where none does."""
        self._texts = texts
        self._suspects: list[str] = []
        self._until = 0.0
        self._now = 0.0
        self._forgiven = False

    def begin(self, name: str) -> None:
        """The shader of a pass was edited and is taken up."""
        self._suspects.append(name)
        self._until = self._now + LONG_ENOUGH
        HEARTBEAT.mark(name)

    def frame(self, now: float) -> None:
        """A frame was presented at picture time `now`."""
        self._now = now
        if self._suspects and now >= self._until:
            HEARTBEAT.mark("")
            for name in self._suspects:
                LESSONS.forgive(name)
            self.passed(self._suspects)
            self._suspects = []
        if not self._forgiven and now > FORGIVEN_AFTER:
            self._forgiven = True
            LESSONS.forgive_all()

    def passed(self, names: Iterable[str]) -> None:
        """These passes run well as they are."""
        for name in names:
            sources = self._texts(name)
            if sources is not None:
                LESSONS.keep(name, sources)
