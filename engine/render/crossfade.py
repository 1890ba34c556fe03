"""One network's pictures becoming another's: two interpolators side by side and a slow mix of what they show.

Both go on moving meanwhile. Everything is made, and drawn once, before the show begins: compiling a shader in front of
an audience would cost frames.
"""

import moderngl
import numpy as np

from engine.render.draw import Draw, Surface
from engine.render.interpolate import DUSK_SIZE, FADE, Interpolator


class Crossfade:
    """What an Interpolator is, for a show whose network may change. Display thread only; times are show time."""

    def __init__(self, context: moderngl.Context) -> None:
        self._context = context
        self._mix = Draw(context, FADE)
        self._shown = Surface(context, DUSK_SIZE)
        self._on, self._leaving = Interpolator(context), Interpolator(context)
        self._began, self._seconds = 0.0, 0.0
        self._turning = False
        self._rehearse()

    def push(self, frame: np.ndarray, now: float) -> None:
        """A frame of the network that is on, uint8 [H, W, 4], row 0 at the top."""
        self._on.push(frame, now)

    def push_leaving(self, frame: np.ndarray, now: float) -> None:
        """A frame of the network that was on before the last turn."""
        self._leaving.push(frame, now)

    def turn(self, frame: np.ndarray, now: float, seconds: float) -> None:
        """Begin with another network, whose first frame this is, and let the one before go within `seconds`."""
        self._on, self._leaving = self._leaving, self._on
        self._on.restart(frame, now)
        self._began, self._seconds, self._turning = now, seconds, True

    def render(self, now: float) -> moderngl.Texture:
        """What to show at `now`: RGBA16F at the generator's resolution, of two the larger."""
        after = self._on.render(now)
        progress = (now - self._began) / self._seconds if self._seconds > 0 else 1.0
        self._turning = self._turning and progress < 1.0
        if not self._turning:
            return after
        before = self._leaving.render(now)
        size = max(before.size, after.size)
        if self._shown.size != size:
            self._shown.release()
            self._shown = Surface(self._context, size)
        self._mix(self._shown, before=before, after=after, amount=_eased(max(progress, 0.0)))
        return self._shown.texture

    def close(self) -> None:
        """Release everything on the GPU."""
        for part in (self._on, self._leaving):
            part.close()
        self._mix.release()
        self._shown.release()

    def _rehearse(self) -> None:
        """Draw all of it once."""
        black = np.zeros((2, 2, 4), np.uint8)
        self.turn(black, 0.0, 1.0)
        self.push(black, 0.0)
        self.push_leaving(black, 0.0)
        self.render(0.5)
        self._turning = False
        self._on.forget()
        self._leaving.forget()


def _eased(progress: float) -> float:
    """0 to 1, slow at both ends."""
    return progress * progress * (3 - 2 * progress)
