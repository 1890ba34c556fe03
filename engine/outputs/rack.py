"""All outputs of a show: one that fails is closed and retried, and never stops the others."""

from collections.abc import Sequence
from dataclasses import dataclass

import moderngl
import structlog

from engine.outputs.base import Canvas, Output, OutputError
from engine.render.context import GLContext

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 30.0

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Place:
    name: str
    output: Output
    is_open: bool = False
    retry_at: float = 0.0
    pause: float = FIRST_PAUSE
    error: str = ""


class OutputRack:
    """Presents each finished frame everywhere. Display thread only."""

    def __init__(self, outputs: Sequence[tuple[str, Output]], gl: GLContext, canvas: Canvas) -> None:
        self._places = [_Place(name, output) for name, output in outputs]
        self._gl = gl
        self._canvas = canvas

    def open(self) -> None:
        """Open all. Raises OutputError: at the start a wrong output is the user's to mend."""
        for place in self._places:
            place.output.open(self._gl, self._canvas)
            place.is_open = True

    def present(self, texture: moderngl.Texture, frame_index: int, time: float) -> None:
        """Show one frame on every output that works; try the others again when their pause is over."""
        for place in self._places:
            try:
                self._present_on(place, texture, frame_index, time)
            except OutputError as error:
                self._lose(place, time, str(error))

    def _present_on(self, place: _Place, texture: moderngl.Texture, frame_index: int, time: float) -> None:
        if not place.is_open:
            if time < place.retry_at:
                return
            place.output.open(self._gl, self._canvas)
            place.is_open = True
        place.output.present(texture, frame_index, time)
        if place.error:
            log.info("output is back", output=place.name)
            place.error, place.pause = "", FIRST_PAUSE

    def _lose(self, place: _Place, time: float, why: str) -> None:
        if not place.error:
            log.warning("output lost", output=place.name, why=why)
        place.error = why
        self._close(place)
        place.is_open = False
        place.retry_at = time + place.pause
        place.pause = min(place.pause * 2, LONGEST_PAUSE)

    @property
    def closed_by_user(self) -> bool:
        """Whether somebody closed a window."""
        return any(place.output.closed_by_user for place in self._places)

    @property
    def problems(self) -> dict[str, str]:
        """What is wrong now, by output."""
        return {place.name: place.error for place in self._places if place.error}

    def close(self) -> None:
        """Close all, whatever each of them does."""
        for place in self._places:
            self._close(place)

    def _close(self, place: _Place) -> None:
        try:
            place.output.close()
        except OutputError as error:
            if str(error) != place.error:
                log.warning("output did not close well", output=place.name, why=str(error))
