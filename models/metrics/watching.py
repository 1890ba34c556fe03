"""What a training watches of its network: the same pictures and latents each time, so that figures can be compared."""

from typing import Any

from torch import Tensor

from models.metrics.distances import kernel_distance
from models.metrics.drawing import Pictures, at_once, fakes, reals
from models.metrics.extractors import Extractor
from models.metrics.features import Features
from models.metrics.measuring import measure

COUNT = 500
SEED = 0


class Watching:
    """`swd` (the mean), `swd_LEVEL` of each level, `thumbnails` and `diversity`; with an extractor also `kid_BACKBONE`.

    A set that is all alike has no diversity.
    """

    def __init__(self, pictures: Pictures, extractor: Extractor | None = None, count: int = COUNT) -> None:
        self._pictures, self._extractor = pictures, extractor
        self._count = min(count, len(pictures))
        self._seen: Tensor | None = None  # features of the reals

    def measure(self, generator: Any) -> dict[str, float]:
        """Raises MetricsError."""
        found = measure(generator, self._pictures, count=self._count, seed=SEED)
        levels = found["swd"]
        scales = {f"swd_{level}": value for level, value in levels.items() if level != "mean"}
        varied = {} if found["diversity"] is None else {"diversity": found["diversity"]}
        kid = {} if self._extractor is None else self._kid(generator, self._extractor)
        return {"swd": levels["mean"], **kid, "thumbnails": found["thumbnails"], **varied, **scales}

    def _kid(self, generator: Any, extractor: Extractor) -> dict[str, float]:
        """Between the reals and as many fakes."""
        size = at_once(generator.img_shape)
        drawn = Features(extractor)
        if self._seen is None:
            seen = Features(extractor)
            for images in reals(self._pictures, self._count, size, SEED):
                seen.add(images)
            self._seen = seen.all()
        for images in fakes(generator, self._pictures, self._count, size, 1.0, SEED):
            drawn.add(images)
        return {kid_of(extractor.name): kernel_distance(self._seen, drawn.all(), SEED)[0]}


def kid_of(backbone: str) -> str:
    """What the kernel distance on a backbone's features is called."""
    return f"kid_{backbone}"
