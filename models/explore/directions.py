"""Directions in w that change the palette of a network's pictures: learnt from its own pictures, linear.

The slope of an attribute in the w of each layer, mean over pictures, is the linear model. A direction is the shift of
ws, the most probable one under the covariance of w, that by this model changes its attribute by one standard deviation
and no other: neither the rest of the palette nor tint and fine detail. Only the finer layers are moved, so that forms
stay. After Shen et al., "InterFaceGAN" (2020), and Karras et al., "StyleGAN" (2019), on what layers do.

Tried and left: regression of the attributes on one w for all layers. It finds what goes together in the pictures, not
what causes it: warmth brought tint (0.7 of its own change), colourfulness blur, and freeing them of that led to shifts
five to nine standard deviations of w long, with pictures to match.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from torch import Tensor

from models.explore.attributes import ATTRIBUTES
from models.explore.direction_file import PALETTE, Directions, DirectionsError
from models.explore.sampler import Array, Sampler

PSI = 0.75  # truncation where shows walk: slopes and effects are measured there
KEPT = 0.5  # share of each attribute's squared slope that the layers which are moved must hold
RIDGE = 0.1  # against slopes that are nearly parallel, of their mean square
FEWEST, MOST = 32, 20_000  # pictures
SLOPES, PROBES, FRESH = 16, 32, 10  # pictures for each one whose slopes are taken, that scales, that judges
VARIES = 1e-3  # standard deviation below which pictures are alike in an attribute, as grey ones are in warmth
MOVES = 0.05  # standard deviations by which a shift must move its attribute to be a direction

Report = Callable[[int, int | None], None]


def learn(network: Any, samples: int = 2000, seed: int = 0, report: Report = lambda done, total: None) -> Directions:
    """The directions of an exact generator, the same for the same seed: spreads from `samples` pictures, slopes from a
    16th as many, effects from a tenth, all of them fresh.

    Raises DirectionsError for pictures that are not finite, all alike, or not to be moved.
    """
    if not FEWEST <= samples <= MOST:
        raise DirectionsError(f"directions cannot be learnt from {samples} pictures; take {FEWEST} to {MOST}")
    sampler = Sampler(network, seed, _counting(samples, report))
    ws = sampler.ws(samples, 1.0)
    seen = sampler.attributes(ws)  # [samples, attributes]
    spread = _spread(seen)
    slopes = sampler.slopes(sampler.ws(samples // SLOPES, PSI)) / spread[:, None]
    w = ws[:, 0].double().cpu().numpy()
    shifts, first = shifts_of(slopes, np.atleast_2d(np.cov(w.T)))
    moved, shifts = _scaled(sampler, sampler.ws(samples // PROBES, PSI), shifts, spread)
    effects = _effects(sampler, sampler.ws(samples // FRESH, PSI), shifts, spread)
    figures: dict[str, Any] = {
        "samples": samples,
        "seed": seed,
        "psi": PSI,
        "first_layer": first,
        "num_ws": len(slopes),
    }
    for i, effect in zip(moved, effects, strict=True):
        figures[PALETTE[i]] = _told(i, seen, w @ slopes[:, i].sum(axis=0), effect)
    return Directions({PALETTE[i]: s.astype(np.float32) for i, s in zip(moved, shifts, strict=True)}, figures)


def shifts_of(slopes: Array, covariance: Array) -> tuple[Array, int]:
    """Shifts of ws [palette, num_ws, w_dim], and the first layer they move, from slopes [num_ws, attributes, w_dim] in
    standard deviations and the covariance of w [w_dim, w_dim].
    """
    within = np.einsum("liw,wv,ljv->lij", slopes, covariance, slopes)  # [num_ws, attributes, attributes]
    first = _first_layer(within.diagonal(axis1=1, axis2=2)[:, : len(PALETTE)])
    along = np.einsum("liw,wv->liv", slopes, covariance)
    along[:first] = 0.0
    gram = within[first:].sum(axis=0)
    damped = gram + (RIDGE * np.trace(gram) / len(gram) + 1e-12) * np.eye(len(gram))
    wanted = np.linalg.inv(damped)[:, : len(PALETTE)]  # [attributes, palette]
    return np.einsum("ljv,jp->plv", along, wanted), first


def _first_layer(squares: Array) -> int:
    """The finest layer from which on each column of squares [num_ws, palette] keeps its share."""
    rest = squares[::-1].cumsum(axis=0)[::-1]  # from each layer on
    enough = (rest >= KEPT * rest[0]).all(axis=1)
    return int(np.flatnonzero(enough)[-1])


def _scaled(sampler: Sampler, ws: Tensor, shifts: Array, spread: Array) -> tuple[list[int], Array]:
    """Which attributes can be moved, and their shifts, so long that each moves its own by one standard deviation."""
    reach = _effects(sampler, ws, shifts, spread).diagonal()
    moved = [i for i in range(len(PALETTE)) if reach[i] > MOVES]
    if not moved:
        raise DirectionsError("nothing in w moves the palette of this network's pictures; train it, or give another")
    return moved, shifts[moved] / reach[moved, None, None]


def _effects(sampler: Sampler, ws: Tensor, shifts: Array, spread: Array) -> Array:
    """What each shift changes, mean over pictures, in standard deviations: [shifts, attributes]."""
    changes = [sampler.attributes(ws, shift) - sampler.attributes(ws, -shift) for shift in shifts]
    return np.stack([change.mean(axis=0) / (2 * spread) for change in changes])


def _spread(seen: Array) -> Array:
    """Standard deviations [attributes]; infinite for one in which the pictures are alike, so that it counts nowhere."""
    spread = seen.std(axis=0)
    if not (spread[: len(PALETTE)] > VARIES).any():
        raise DirectionsError("the network's pictures are all alike; train it, or give another")
    return np.where(spread > VARIES, spread, np.inf)


def _told(attribute: int, seen: Array, predicted: Array, effect: Array) -> dict[str, Any]:
    """The figures of one direction: of its attribute the spread, and how well the linear model foretells it in pictures
    that the slopes were not learnt from; what one step along the direction changes.
    """
    values = seen[:, attribute]
    return {
        "spread": _rounded(values.std()),
        "r2": _rounded(_correlation(predicted, values) ** 2),
        "rank_correlation": _rounded(_correlation(_ranks(predicted), _ranks(values))),
        "effects": dict(zip(ATTRIBUTES, map(_rounded, effect), strict=True)),
    }


def _counting(samples: int, report: Report) -> Callable[[], None]:
    """What reports each picture, of as many as are drawn at most."""
    total = samples + samples // SLOPES + 2 * len(PALETTE) * (samples // PROBES + samples // FRESH)
    done = 0

    def drawn() -> None:
        nonlocal done
        done += 1
        report(done, total)

    return drawn


def _correlation(x: Array, y: Array) -> float:
    return float(np.corrcoef(x, y)[0, 1])


def _ranks(values: Array) -> Array:
    return values.argsort().argsort().astype(np.float64)


def _rounded(value: float) -> float:
    return round(float(value), 4)
