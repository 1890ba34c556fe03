"""The palette of a walk: its latents moved along directions in w, whatever the walk."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np

from engine.params import Parameter
from engine.walk.base import ROOT, Floats, Latent, Lookup
from engine.walk.controls import Controls

LAG = 1.5  # seconds: weather is slow, and a slider's jump is a change of light

_HELP = {
    "warmth": "blue and cold, or orange and warm, by the network's own means",
    "lightness": "dark or light, by the network's own means",
    "colourfulness": "grey or colourful, by the network's own means",
    "contrast": "flat or full of contrast, by the network's own means",
}


def palette_parameters(names: Iterable[str]) -> list[Parameter]:
    """A parameter /walk/NAME for each direction, in standard deviations of the network's pictures."""
    return [
        Parameter(f"{ROOT}/{name}", "float", 0.0, -1.0, 1.0, unit="σ", label=name, help=_HELP[name]) for name in names
    ]


class DirectionOffset:
    """Adds to the ws of a walk, after its truncation: the palette is as strong where pictures are all near the average.

    Display thread only.
    """

    def __init__(self, shifts: Mapping[str, Floats] | None = None) -> None:
        """`shifts` [num_ws, w_dim] by the name of their direction, as `models.explore.direction_file` has them."""
        self.names = tuple(shifts or ())
        self._shifts = np.stack(list(shifts.values())) if shifts else np.empty((0, 0, 0), np.float32)
        self._values = Controls(palette_parameters(self.names), LAG)

    def added(self, latent: Latent, dt: float, lookup: Lookup) -> Latent:
        """The latent `dt` seconds on, moved as the parameters say; the same one where they have all come to 0."""
        values = self._values.advance(dt, lookup)  # [directions]
        if not values.any():
            return latent
        return replace(latent, ws=latent.ws + np.tensordot(values, self._shifts, axes=1))
