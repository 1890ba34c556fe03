"""Distances between two sets of features [N, D], whatever network they come from."""

import numpy as np
import torch
from torch import Tensor

KID_SUBSETS = 100
KID_SUBSET = 1000
NEIGHBOUR = 3
AT_ONCE = 1024  # points whose distances to all others are in memory together


def frechet(a: Tensor, b: Tensor) -> float:
    """Fréchet distance between the normal distributions that have the means and covariances of a and b: FID when these
    are Inception's features (Heusel et al. 2017).

    It is biased: the fewer the points, the larger. Needs two points or more on either side.
    """
    (mean_a, root_a), (mean_b, root_b) = _moments(a), _moments(b)
    between = (mean_a - mean_b).square().sum()
    # with covariances A = PᵀP and B = QᵀQ the trace of (A B)^½ is the sum of the singular values of P Qᵀ
    shared = torch.linalg.svdvals(root_a @ root_b.T).sum()
    return max(0.0, float(between + root_a.square().sum() + root_b.square().sum() - 2 * shared))


def _moments(points: Tensor) -> tuple[Tensor, Tensor]:
    """The mean [D], and a matrix P [<= D, D] for which PᵀP is the covariance, which is never squared up itself."""
    mean = points.double().mean(dim=0)
    centred = (points - mean) / (len(points) - 1) ** 0.5
    return mean, torch.linalg.qr(centred, mode="r").R


def kernel_distance(a: Tensor, b: Tensor, seed: int = 0) -> tuple[float, float]:
    """KID (Bińkowski et al. 2018): squared maximum mean discrepancy under the kernel (x·y / D + 1)³, as mean and
    standard deviation over KID_SUBSETS random subsets of at most KID_SUBSET points of each side.

    Unbiased: equal distributions are at 0 on average, and single figures may be below it.
    """
    random = np.random.default_rng(seed)
    size = min(KID_SUBSET, len(a), len(b))
    if len(a) == len(b) == size:  # every subset would be the whole
        return _discrepancy(a, b), 0.0
    found = [
        _discrepancy(*(points[torch.from_numpy(random.choice(len(points), size, replace=False))] for points in (a, b)))
        for _ in range(KID_SUBSETS)
    ]
    return float(np.mean(found)), float(np.std(found))


def _discrepancy(x: Tensor, y: Tensor) -> float:
    """Unbiased estimate from equally many points x and y."""
    count = len(x)
    within = sum(
        float(k.sum(dtype=torch.float64) - k.diagonal().sum(dtype=torch.float64)) for k in map(_kernel, (x, y))
    )
    return within / (count * (count - 1)) - 2 * float(_kernel(x, y).mean(dtype=torch.float64))


def _kernel(x: Tensor, y: Tensor | None = None) -> Tensor:
    return ((x @ (x if y is None else y).T) / x.shape[1] + 1) ** 3


def precision_recall(reals: Tensor, fakes: Tensor) -> tuple[float, float]:
    """The share of the fakes among the reals, and of the reals among the fakes (Kynkäänniemi et al. 2019).

    A point is among others when it is no further from one of them than that one's third neighbour.
    """
    return _among(fakes.double(), reals.double()), _among(reals.double(), fakes.double())


def _among(points: Tensor, others: Tensor) -> float:
    """The share of points within the reach of any of the others."""
    nth = min(NEIGHBOUR + 1, len(others))  # a point is its own nearest
    reach = torch.cat([torch.cdist(some, others).kthvalue(nth, dim=1).values for some in torch.split(others, AT_ONCE)])
    inside = [(torch.cdist(some, others) <= reach).any(dim=1) for some in torch.split(points, AT_ONCE)]
    return float(torch.cat(inside).double().mean())
