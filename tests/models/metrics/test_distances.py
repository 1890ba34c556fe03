"""Distances between sets of features, against distributions and sums that are known."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from models.metrics import distances
from models.metrics.distances import frechet, kernel_distance, precision_recall


def normal(count: int, dimensions: int, seed: int) -> Tensor:
    return torch.from_numpy(np.random.default_rng(seed).standard_normal((count, dimensions)))


def exactly(points: Tensor, mean: Tensor, covariance: Tensor) -> Tensor:
    """The points [N, D], moved and bent so that these are their mean and covariance to the last digit."""
    centred = points - points.mean(dim=0)
    whitened = centred @ torch.linalg.inv(torch.linalg.cholesky(torch.cov(centred.T))).T
    return whitened @ torch.linalg.cholesky(covariance).T + mean


def covariance(dimensions: int, seed: int) -> Tensor:
    root = normal(dimensions, dimensions, seed)
    return root @ root.T / dimensions + 0.1 * torch.eye(dimensions, dtype=torch.float64)


def test_frechet_of_round_normals_is_known() -> None:
    mean_b, deviations_a, deviations_b = normal(1, 6, 3)[0], normal(1, 6, 4)[0].abs(), normal(1, 6, 5)[0].abs()
    a = exactly(normal(100, 6, 1), torch.zeros(6, dtype=torch.float64), torch.diag(deviations_a**2))
    b = exactly(normal(80, 6, 2), mean_b, torch.diag(deviations_b**2))
    expected = mean_b.square().sum() + (deviations_a - deviations_b).square().sum()
    assert frechet(a, b) == pytest.approx(float(expected), rel=1e-9)


def test_frechet_of_normals_that_lie_askew_is_known() -> None:
    zero, cov_a, cov_b = torch.zeros(8, dtype=torch.float64), covariance(8, 3), covariance(8, 4)
    a, b = exactly(normal(100, 8, 1), zero, cov_a), exactly(normal(100, 8, 2), zero, cov_b)
    product = torch.linalg.eigvals(cov_a @ cov_b).real.sqrt().sum()  # tr (A B)^½ from its own eigenvalues
    assert frechet(a, b) == pytest.approx(float(cov_a.trace() + cov_b.trace() - 2 * product), rel=1e-8)
    assert frechet(a, b) == pytest.approx(frechet(b, a), rel=1e-9)


def test_frechet_of_fewer_points_than_dimensions_is_finite_and_nought_for_the_same_points() -> None:
    a = normal(10, 64, 1)
    assert frechet(a, a) == pytest.approx(0, abs=1e-6)
    assert 0 < frechet(a, normal(10, 64, 2)) < 200
    assert math.isfinite(frechet(torch.zeros(4, 64), a))


def test_frechet_nears_its_value_from_above_as_points_grow_in_number() -> None:
    found = [frechet(normal(n, 16, 1), normal(n, 16, 2) + 0.5) for n in (50, 500, 50_000)]
    assert found == sorted(found, reverse=True)
    assert found[-1] == pytest.approx(16 * 0.25, rel=0.03)


def naive_kid(x: Tensor, y: Tensor) -> float:
    def kernel(p: Tensor, q: Tensor) -> float:
        return (float(p @ q) / len(p) + 1) ** 3

    n = len(x)
    within = sum(kernel(s[i], s[j]) for s in (x, y) for i in range(n) for j in range(n) if i != j) / (n * (n - 1))
    return within - 2 * sum(kernel(p, q) for p in x for q in y) / n**2


def test_kid_is_the_unbiased_discrepancy() -> None:
    x, y = normal(12, 5, 1), normal(12, 5, 2) + 0.4
    mean, deviation = kernel_distance(x, y)  # every subset is the whole
    assert mean == pytest.approx(naive_kid(x, y), rel=1e-9)
    assert deviation == pytest.approx(0, abs=1e-9)


def test_kid_of_equal_distributions_is_nought_on_average(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distances, "KID_SUBSET", 100)
    pool = normal(4000, 8, 1)
    equal, spread = kernel_distance(pool[:2000], pool[2000:])
    other, _ = kernel_distance(pool[:2000], pool[2000:] + 0.5)
    assert abs(equal) < spread
    assert other > 10 * spread
    assert kernel_distance(pool[:2000], pool[2000:], seed=1)[0] != equal


def test_precision_and_recall_of_one_distribution_are_high() -> None:
    precision, recall = precision_recall(normal(600, 4, 1), normal(600, 4, 2))
    assert precision > 0.85
    assert recall > 0.85


def test_fakes_of_one_mode_are_precise_and_recall_the_half() -> None:
    reals = normal(400, 4, 1)
    reals[200:] += 100
    precision, recall = precision_recall(reals, normal(400, 4, 2))
    assert precision > 0.85
    assert recall == pytest.approx(0.45, abs=0.06)


def test_fakes_beside_the_reals_are_not_precise() -> None:
    assert precision_recall(normal(200, 4, 1), normal(200, 4, 2) + 100) == (0.0, 0.0)


def test_precision_and_recall_are_those_of_the_definition() -> None:
    reals, fakes = normal(40, 3, 1), normal(30, 3, 2) * 1.5

    def among(points: Tensor, others: Tensor) -> float:
        reach = [sorted(float((o - p).norm()) for p in others)[3] for o in others]
        return sum(any((p - o).norm() <= r for o, r in zip(others, reach, strict=True)) for p in points) / len(points)

    assert precision_recall(reals, fakes) == (among(fakes, reals), among(reals, fakes))
