"""All outputs of a show: one that fails is closed and retried, and never stops the others.

An output that opens again is not yet back: a recording on a full disk takes frames for a moment each time it is tried.
It is back once it has gone on for SETTLED seconds; until then its trouble stands, and the pauses go on growing. Pauses
are measured on a clock of their own: `time` comes with frames, and none may come.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import monotonic

import moderngl
import structlog

from engine.outputs.base import Canvas, Output, OutputError
from engine.render.context import GLContext

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 30.0
SETTLED = 3.0  # seconds

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Place:
    name: str
    output: Output
    is_open: bool = False
    opened_at: float = 0.0
    retry_at: float = 0.0
    pause: float = FIRST_PAUSE
    error: str = ""
    closing: str = ""  # what was last said of closing it


class OutputRack:
    """Presents each finished frame everywhere. Display thread only."""

    def __init__(
        self,
        outputs: Sequence[tuple[str, Output]],
        gl: GLContext,
        canvas: Canvas,
        now: Callable[[], float] = monotonic,
    ) -> None:
        """`outputs` by type; a second one of a type is called `type-2`. `now` gives seconds on a steady clock."""
        self._places = [_Place(name, output) for name, output in _numbered(outputs)]
        self._gl = gl
        self._canvas = canvas
        self._now = now

    def open(self, patient: bool = False) -> None:
        """Open all. Raises OutputError: at the start a wrong output is the user's to mend. Where it has worked before,
        `patient`, nothing is waited for, and what fails is lost like any other and tried again.
        """
        for place in self._places:
            try:
                place.output.open(self._gl, self._canvas)
                place.is_open = True
                if not patient:
                    place.output.confirm()
            except Exception as error:
                if patient:
                    self._lose(place, _said(error))
                elif isinstance(error, OutputError):
                    raise
                else:
                    why = f"cannot be opened ({_said(error)}); see its part of the show"
                    raise OutputError(f"output {place.name}: {why}") from error

    def present(self, texture: moderngl.Texture, frame_index: int, time: float) -> None:
        """Show one frame on every output that works; try the others again when their pause is over."""
        for place in self._places:
            try:
                self._present_on(place, texture, frame_index, time)
            except Exception as error:  # noqa: BLE001 - an output may fail in any way, and none may stop the show
                self._lose(place, _said(error))

    def _present_on(self, place: _Place, texture: moderngl.Texture, frame_index: int, time: float) -> None:
        if not place.is_open:
            if self._now() < place.retry_at:
                return
            place.output.open(self._gl, self._canvas)
            place.is_open, place.opened_at = True, self._now()
        place.output.present(texture, frame_index, time)
        if place.error and self._now() - place.opened_at >= SETTLED:
            log.info("output is back", output=place.name)
            place.error, place.closing, place.pause = "", "", FIRST_PAUSE

    def _lose(self, place: _Place, why: str) -> None:
        if not place.error:
            log.warning("output lost", output=place.name, why=why)
        place.error = why
        self._close(place)
        place.is_open = False
        place.retry_at = self._now() + place.pause
        place.pause = min(place.pause * 2, LONGEST_PAUSE)

    @property
    def closed_by_user(self) -> bool:
        """Whether somebody closed a window."""
        return any(place.output.closed_by_user for place in self._places)

    @property
    def problems(self) -> dict[str, str]:
        """What is wrong now, by output."""
        wrong = {place.name: place.error or place.output.problem for place in self._places}
        return {name: why for name, why in wrong.items() if why}

    def close(self) -> None:
        """Close all, whatever each of them does."""
        for place in self._places:
            self._close(place)

    def _close(self, place: _Place) -> None:
        try:
            place.output.close()
        except Exception as error:  # noqa: BLE001 - as in present
            why = _said(error)
            if why not in (place.error, place.closing):
                place.closing = why
                log.warning("output did not close well", output=place.name, why=why)


def _numbered(outputs: Sequence[tuple[str, Output]]) -> list[tuple[str, Output]]:
    """The same with names of their own: `recording`, `recording-2`."""
    seen: Counter[str] = Counter()
    named = []
    for name, output in outputs:
        seen[name] += 1
        named.append((name if seen[name] == 1 else f"{name}-{seen[name]}", output))
    return named


def _said(error: Exception) -> str:
    """One sentence for people, or, of an error that was not written for them, its kind as well."""
    return str(error) if isinstance(error, OutputError) else f"{type(error).__name__}: {error}"
