"""From two points in z to a w for each layer: style mixing and truncation, as every walk that has them does it.

Style mixing: Karras et al., "A Style-Based Generator Architecture for GANs" (2019), 3.1; truncation: appendix B.
"""

import numpy as np

from engine.walk.base import Floats, LatentMapping

CROSSOVER_LAG = 1.0  # seconds; at the usual lag a sweep over all layers would flip each of them within two frames
EDGE = 2.0  # layers over which style mixing sets in, so that the crossover slides instead of stepping


class Styles:
    """Style mixing and truncation over one mapping network."""

    def __init__(self, mapping: LatentMapping) -> None:
        self._mapping = mapping
        self._layers = np.arange(mapping.num_ws, dtype=np.float32)

    def __call__(self, z: Floats, psi: float, amount: float, crossover: float) -> Floats:
        """z [2, N, z_dim], N points of the walk and N that style the fine layers -> ws [N, num_ws, w_dim], truncated.

        `amount` 0 to 1 is how much of the style there is, `crossover` the layer from which on.
        """
        w = self._mapping(z.reshape(-1, z.shape[2])).reshape(2, z.shape[1], 1, -1)
        main, style = w[0], w[1]  # [N, 1, w_dim] each
        mixed = main + self._share(amount, crossover) * (style - main)  # [N, num_ws, w_dim]
        truncated: Floats = self._mapping.w_avg + np.float32(psi) * (mixed - self._mapping.w_avg)
        return truncated

    def _share(self, amount: float, crossover: float) -> Floats:
        """How much of the style each layer takes: [num_ws, 1], 0 to 1, a soft step at the crossover."""
        ramp = np.clip((self._layers - np.float32(crossover)) / EDGE + 0.5, 0, 1)
        share: Floats = np.float32(amount) * ramp * ramp * (3 - 2 * ramp)
        return share[:, None]
