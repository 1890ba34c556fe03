"""What the limiter does, read back without making the display wait."""

from dataclasses import dataclass

import moderngl
import numpy as np

from engine.render.flicker import BUCKET, Flicker
from engine.render.flicker_glsl import BUCKETS

TEXEL = 16  # bytes
COUNTED = (BUCKETS - 0.5) * BUCKET  # seconds that counts reach back, on average


@dataclass(frozen=True, slots=True)
class Limits:
    """What was limited since the answer before: `limited` of `cells`, and the most transitions per second that were
    wanted in one of them.
    """

    limited: int = 0
    cells: int = 0
    transitions: float = 0.0

    @property
    def engaged(self) -> bool:
        """Whether anything was limited."""
        return self.limited > 0


class LimitMeter:
    """Asks the GPU and takes its answer when asked again, as it is there by then. Display thread only."""

    def __init__(self, context: moderngl.Context, flicker: Flicker) -> None:
        self._flicker = flicker
        width, height = flicker.cells
        self._answer = context.buffer(reserve=TEXEL * width * height)
        self._asked = False

    def read(self) -> Limits:
        """What was limited between the two calls before this one. Call it some frames apart."""
        cells = self._flicker.cells[0] * self._flicker.cells[1]
        limits = self._taken() if self._asked else Limits(cells=cells)
        self._flicker.limits.front.texture.read_into(self._answer)
        self._flicker.forget_peaks()
        self._asked = True
        return limits

    def close(self) -> None:
        """Release the GPU's part."""
        self._answer.release()

    def _taken(self) -> Limits:
        texels = np.frombuffer(self._answer.read(), np.float32).reshape(-1, 4)
        return Limits(int((texels[:, 2] > 0).sum()), len(texels), float(texels[:, 3].max()) / COUNTED)
