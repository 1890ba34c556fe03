"""How good a run's network is as it stands: the best so far is kept, and a collapse is said."""

import math
from typing import Any

from models.base import GeneratorBase
from models.metrics import MetricsError
from models.metrics.extractors import Extractor
from models.metrics.watching import Watching, kid_of
from models.training.data import ImageSet

DISTANCE = "swd"  # sliced Wasserstein distance: smaller is better
LEAST = 2  # pictures that can be compared
COLLAPSED = 0.3  # of the reals' variety


class Judge:
    """Measures a network against the pictures it learns from.

    `figures` are the last ones, `at_best` whether they are the best so far by `metric`, of which less is better;
    `warning` what there is to say of them.
    """

    def __init__(self, network: GeneratorBase, images: ImageSet, extractor: Extractor | None = None) -> None:
        """With an extractor the kernel distance of its features decides, else DISTANCE."""
        self.metric = DISTANCE if extractor is None else kid_of(extractor.name)
        self._watching = Watching(images, extractor)
        self.figures: dict[str, float] = {}
        self.at_best = False
        self.warning: str | None = None
        self._network = network
        self._images = images
        self._best: float | None = None
        self._varied = False  # whether the fakes once were as various as they should be: at the start none are

    def state(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {"varied": self._varied}

    def restore(self, state: dict[str, Any], best: float | None) -> None:
        """`best`: the distance of the best network that is kept, None where there is none."""
        self._best, self._varied = best, state.get("varied", False)

    def measure(self) -> None:
        """Look at the network as it is now."""
        if len(self._images) < LEAST:
            return
        try:
            found = self._watching.measure(self._network)
        except MetricsError as error:
            self.figures, self.at_best, self.warning = {}, False, str(error)
            return
        self.figures = {name: value for name, value in found.items() if math.isfinite(value)}
        self._compare()
        self._look_for_collapse()

    def _compare(self) -> None:
        now = self.figures.get(self.metric, math.inf)
        self.at_best = now < (math.inf if self._best is None else self._best)
        if self.at_best:
            self._best = now

    def _look_for_collapse(self) -> None:
        diversity = self.figures.get("diversity")
        self.warning = None
        if diversity is None:
            return
        if self._varied and diversity < COLLAPSED:
            self.warning = (
                f"the fakes vary only {diversity:.0%} as much as the reals, and did more: the generator may have"
                " collapsed; go back to an earlier network with --from, with a higher --gamma or --augment ada"
            )
        self._varied = diversity >= COLLAPSED
