"""A network measured against a set of pictures."""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from models.metrics.distances import frechet, kernel_distance, precision_recall
from models.metrics.drawing import Pictures, Shape, at_once, fakes, halves, reals
from models.metrics.errors import MetricsError
from models.metrics.extractors import INCEPTION, Extractor, load_extractor, of_family
from models.metrics.features import Features
from models.metrics.patches import Patches
from models.metrics.sliced import between
from models.metrics.thumbnails import Thumbnails, diversity, thumbnails

FREE = ("swd", "thumbnails", "diversity")
LEARNED = ("frechet", "kid", "precision", "recall")  # of features; that of Fréchet is `fid` on Inception's alone
METRICS = (*FREE, "fid", *LEARNED)
LEAST, MOST = 2, 10_000  # pictures compared; the most only where no other number is asked for

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
    features: str | None = None,
    progress: Progress = lambda done, total: None,
) -> Figures:
    """The figures in `wanted`, of METRICS, with `count` and the SHA-256 of the features' weights: plain JSON values.

    A generator draws as many pictures as are taken of the set: `count`, MOST where it is None, never more than there
    are. `features`, which LEARNED need, are the name of a family's member or Inception's file; what they tell is named
    with the backbone. The same arguments give the same figures on one machine. Raises MetricsError with one sentence.
    """
    check(wanted, features)
    count = _counted(len(pictures), count)
    size = at_once(network.img_shape)
    streams = reals(pictures, count, size, seed), fakes(network, pictures, count, size, truncation_psi, seed)
    extractor = None if features is None else load_extractor(features, network.mapping.w_avg.device)
    return _compared(streams, network.img_shape, count, wanted, seed, extractor, progress)


def floor(
    network: Any,
    pictures: Pictures,
    wanted: Collection[str] = FREE,
    *,
    count: int | None = None,
    seed: int = 0,
    features: str | None = None,
    progress: Progress = lambda done, total: None,
) -> Figures:
    """The same figures of two halves of the set, in pictures of the network's size: what a perfect network would
    get with as many pictures. `count` is of either half, at most half of the set. Raises MetricsError.
    """
    check(wanted, features)
    count = _counted(len(pictures) // 2, count)
    streams = halves(pictures, count, at_once(network.img_shape), seed)
    extractor = None if features is None else load_extractor(features, network.mapping.w_avg.device)
    return _compared(streams, network.img_shape, count, wanted, seed, extractor, progress)


def _counted(there: int, asked: int | None) -> int:
    count = min(there, MOST if asked is None else asked)
    if count < LEAST:
        raise MetricsError(f"{count} picture is too little to compare; give {LEAST} or more, better thousands")
    return count


def _compared(
    streams: tuple[Iterator[Tensor], Iterator[Tensor]], shape: Shape, count: int, wanted: Collection[str], seed: int,
    extractor: Extractor | None, progress: Progress,
) -> Figures:  # fmt: skip
    sides = [
        Side(
            Patches(shape, count, (seed, stream)) if "swd" in wanted else None,
            Thumbnails() if {"thumbnails", "diversity"} & set(wanted) else None,
            Features(extractor) if extractor is not None else None,
        )
        for stream in (0, 1)
    ]
    for i, (side, stream) in enumerate(zip(sides, streams, strict=True)):
        side.gather(_watched(stream, i * count, 2 * count, progress))
    return {"count": count} | _figures(sides[0], sides[1], wanted, seed, extractor)


def check(wanted: Collection[str], features: str | None) -> None:
    """Raise MetricsError for a metric that is not known, or features that are missing or of no use."""
    for name in wanted:
        if name not in METRICS:
            raise MetricsError(f"there is no metric {name!r}; there are {', '.join(METRICS)}")
    learned = [name for name in wanted if name not in FREE]
    if learned and features is None:
        raise MetricsError(
            f"{', '.join(learned)}: compare what a pretrained network sees; choose it with --features, such as"
            f" efficientnet-lite2, or ask for {', '.join(FREE)} only"
        )
    if features is None:
        return
    if not learned:
        raise MetricsError(f"{features}: --features is for fid, {', '.join(LEARNED)}; ask for one or leave it out")
    if "fid" in wanted and of_family(features):
        raise MetricsError(f"fid is told by Inception's features only; ask for frechet, of those of {features}")


def _watched(stream: Iterable[Tensor], done: int, total: int, progress: Progress) -> Iterator[Tensor]:
    for images in stream:
        yield images
        done += len(images)
        progress(done, total)


def _figures(reals: Side, fakes: Side, wanted: Collection[str], seed: int, extractor: Extractor | None) -> Figures:
    found: Figures = {}
    if reals.patches is not None and fakes.patches is not None:
        found["swd"] = between(reals.patches, fakes.patches, seed)
    if reals.thumbnails is not None and fakes.thumbnails is not None:
        if "thumbnails" in wanted:
            found["thumbnails"] = thumbnails(reals.thumbnails, fakes.thumbnails)
        if "diversity" in wanted:
            found["diversity"] = diversity(reals.thumbnails, fakes.thumbnails)
    if extractor is not None and reals.features is not None and fakes.features is not None:
        told = _learned(reals.features.all(), fakes.features.all(), wanted, seed)
        found["weights_sha256"] = extractor.sha256
        found |= told if extractor.name == INCEPTION else {extractor.name: told}
    return found


def _learned(reals: Tensor, fakes: Tensor, wanted: Collection[str], seed: int) -> Figures:
    found: Figures = {}
    found |= {name: frechet(reals, fakes) for name in ("fid", "frechet") if name in wanted}
    if "kid" in wanted:
        found["kid"], found["kid_deviation"] = kernel_distance(reals, fakes, seed)
    if {"precision", "recall"} & set(wanted):
        shares = zip(("precision", "recall"), precision_recall(reals, fakes), strict=True)
        found |= {name: share for name, share in shares if name in wanted}
    return found
