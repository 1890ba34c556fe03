"""A network measured against a set of pictures."""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from models.metrics.distances import frechet, kernel_distance, precision_recall
from models.metrics.diversity import Thumbnails, diversity
from models.metrics.drawing import Pictures, at_once, fakes, reals
from models.metrics.errors import MetricsError
from models.metrics.features import Features
from models.metrics.patches import Patches
from models.metrics.sliced import between
from models.metrics.weights import load_inception

FREE = ("swd", "diversity")
LEARNED = ("fid", "kid", "precision", "recall")  # of Inception's features
METRICS = FREE + LEARNED
LEAST, MOST = 2, 10_000  # pictures compared; the most only where no other number is asked for
WHILE_TRAINING = 500

Figures = dict[str, Any]
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Side:
    """What is gathered from one of the two streams of pictures: only what the wanted figures need."""

    patches: Patches | None
    thumbnails: Thumbnails | None
    features: Features | None

    def gather(self, stream: Iterable[Tensor]) -> None:
        """Take in uint8 batches [n, 3, H, W]."""
        parts = [part for part in (self.patches, self.thumbnails, self.features) if part is not None]
        for images in stream:
            for part in parts:
                part.add(images)


def measure(
    network: Any,
    pictures: Pictures,
    wanted: Collection[str] = FREE,
    *,
    count: int | None = None,
    truncation_psi: float = 1.0,
    seed: int = 0,
    weights: Path | None = None,
    progress: Progress = lambda done, total: None,
) -> Figures:
    """The figures in `wanted`, of METRICS, with `count` and the SHA-256 of `weights` beside them: plain JSON values.

    A generator draws as many pictures as are taken of the set: `count`, MOST where it is None, never more than there
    are. `weights` is Inception's file, which LEARNED need. The same arguments give the same figures on one machine.
    Raises MetricsError with one sentence.
    """
    check(wanted, weights)
    count = min(len(pictures), MOST if count is None else count)
    if count < LEAST:
        raise MetricsError(f"{count} picture is too little to compare; give {LEAST} or more, better thousands")
    told: Figures = {"count": count}
    device = network.mapping.w_avg.device
    inception = None
    if weights is not None:
        inception, told["weights_sha256"] = load_inception(weights, device)
    sides = [
        Side(
            Patches(network.img_shape, count, (seed, stream)) if "swd" in wanted else None,
            Thumbnails() if "diversity" in wanted else None,
            Features(inception, device) if inception is not None else None,
        )
        for stream in (0, 1)
    ]
    size = at_once(network.img_shape)
    streams = reals(pictures, count, size, seed), fakes(network, pictures, count, size, truncation_psi, seed)
    for i, (side, stream) in enumerate(zip(sides, streams, strict=True)):
        side.gather(_counted(stream, i * count, 2 * count, progress))
    return told | _figures(sides[0], sides[1], wanted, seed)


def during_training(generator: Any, pictures: Pictures, count: int = WHILE_TRAINING, seed: int = 0) -> dict[str, float]:
    """What a training watches: `swd` (the mean), `swd_LEVEL` of each level and `diversity`, over the same pictures and
    latents whenever it is called with the same set. A set that is all alike has no diversity. Raises MetricsError.
    """
    found = measure(generator, pictures, count=count, seed=seed)
    levels = found["swd"]
    scales = {f"swd_{level}": value for level, value in levels.items() if level != "mean"}
    varied = {} if found["diversity"] is None else {"diversity": found["diversity"]}
    return {"swd": levels["mean"], **varied, **scales}


def check(wanted: Collection[str], weights: Path | None) -> None:
    """Raise MetricsError for a metric that is not known, or weights that are missing or of no use."""
    for name in wanted:
        if name not in METRICS:
            raise MetricsError(f"there is no metric {name!r}; there are {', '.join(METRICS)}")
    learned = [name for name in wanted if name in LEARNED]
    if learned and weights is None:
        raise MetricsError(
            f"{', '.join(learned)}: compare what Inception sees, whose weights are not ours to give; name their file"
            f" with --features, or ask for {' and '.join(FREE)} only"
        )
    if weights is not None and not learned:
        raise MetricsError(f"{weights}: --features is for {', '.join(LEARNED)}; ask for one of them or leave it out")


def _counted(stream: Iterable[Tensor], done: int, total: int, progress: Progress) -> Iterator[Tensor]:
    for images in stream:
        yield images
        done += len(images)
        progress(done, total)


def _figures(reals: Side, fakes: Side, wanted: Collection[str], seed: int) -> Figures:
    found: Figures = {}
    if reals.patches is not None and fakes.patches is not None:
        found["swd"] = between(reals.patches, fakes.patches, seed)
    if reals.thumbnails is not None and fakes.thumbnails is not None:
        found["diversity"] = diversity(reals.thumbnails, fakes.thumbnails)
    if reals.features is not None and fakes.features is not None:
        found |= _learned(reals.features.all(), fakes.features.all(), wanted, seed)
    return found


def _learned(reals: Tensor, fakes: Tensor, wanted: Collection[str], seed: int) -> Figures:
    found: Figures = {}
    if "fid" in wanted:
        found["fid"] = frechet(reals, fakes)
    if "kid" in wanted:
        found["kid"], found["kid_deviation"] = kernel_distance(reals, fakes, seed)
    if {"precision", "recall"} & set(wanted):
        shares = zip(("precision", "recall"), precision_recall(reals, fakes), strict=True)
        found |= {name: share for name, share in shares if name in wanted}
    return found
