"""How strongly reals and fakes are augmented: as much as keeps the discriminator from knowing the reals by heart."""

import math
from typing import Any

TARGET = 0.6  # of the mean sign (Karras et al. 2020, ADA)
INTERVAL = 4  # iterations
LIMIT = 0.8  # beyond it the changes begin to show in the fakes (the same)
KIMG_TO_FULL = 500.0  # thousands of images in which p can go from 0 to 1
KIMG_TO_FULL_FROM = 100.0  # for a run that starts from a trained network


class Adaptation:
    """Probability `p` of each change, moved every INTERVAL iterations towards the target."""

    def __init__(self, kimg_to_full: float) -> None:
        self.p = 0.0
        self._per_image = 1 / (kimg_to_full * 1000)
        self._signs: list[float] = []

    def step(self, confidence: float, batch: int) -> None:
        """Take in the mean sign of one iteration of `batch` images."""
        self._signs.append(confidence)
        if len(self._signs) < INTERVAL:
            return
        excess = math.fsum(self._signs) / INTERVAL - TARGET
        direction = (excess > 0) - (excess < 0)
        self.p = min(max(self.p + direction * batch * INTERVAL * self._per_image, 0.0), LIMIT)
        self._signs.clear()

    def state(self) -> dict[str, Any]:
        """Plain JSON values, exact."""
        return {"p": self.p, "signs": list(self._signs)}

    def restore(self, state: dict[str, Any]) -> None:
        self.p, self._signs = state["p"], list(state["signs"])
