"""Gaussian paths: on the shell, smooth, never the same twice, readable anywhere."""

import numpy as np
import pytest

from engine.walk.path import GaussianPath, gaussian


def test_keys_are_standard_normal_and_independent() -> None:
    keys = np.stack([gaussian(7, 0, index, 256) for index in range(-200, 200)])
    assert abs(keys.mean()) < 0.015
    assert abs(keys.std() - 1) < 0.015
    neighbours = (keys[1:] * keys[:-1]).mean()
    assert abs(neighbours) < 0.015
    assert len({row.tobytes() for row in keys}) == 400


@pytest.mark.parametrize("other", [(8, 0, 5), (7, 1, 5), (7, 0, 6), (7, 0, -5), (-7, 0, 5)])
def test_seed_stream_and_index_all_matter(other: tuple[int, int, int]) -> None:
    assert np.abs(gaussian(7, 0, 5, 32) - gaussian(*other, 32)).max() > 0.5


def test_the_numbers_are_these_for_ever() -> None:
    """A show's pictures hang on them: a change here is a change of every work."""
    expected = [0.36606066471273996, -0.12072380398496418, 0.7279918499619387]
    np.testing.assert_allclose(gaussian(1929, 0, 0, 3), expected, rtol=1e-12)


def test_unit_variance_at_every_phase() -> None:
    for fraction in np.linspace(0, 0.95, 20):
        points = np.stack([GaussianPath(seed, 0, 64).at(3 + fraction) for seed in range(150)])
        assert points.var() == pytest.approx(1, abs=0.05)


def test_the_path_is_smooth_to_the_second_derivative() -> None:
    """The curvature across a key changes as little from step to step as it does between keys."""
    path = GaussianPath(2, 0, 32)

    def curvature_step(around: float) -> float:
        points = np.stack([path.at(around + k * 0.02).astype(np.float64) for k in range(-5, 6)])
        curvature = np.diff(points, n=2, axis=0) / 0.02**2
        return float(np.abs(np.diff(curvature, axis=0)).max())

    between = max(curvature_step(key + 0.5) for key in range(20))
    assert max(curvature_step(key) for key in range(20)) < 2 * between


def test_any_phase_may_be_read_in_any_order() -> None:
    forth = [GaussianPath(4, 0, 8).at(phase) for phase in (-1e6, -0.5, 0, 0.5, 3.25, 1e9)]
    path = GaussianPath(4, 0, 8)
    back = [path.at(phase) for phase in (1e9, 3.25, 0.5, 0, -0.5, -1e6)]
    np.testing.assert_array_equal(forth, back[::-1])


def test_it_does_not_come_round_again() -> None:
    path = GaussianPath(4, 0, 64)
    points = np.stack([path.at(phase) for phase in range(300)])
    likeness = np.corrcoef(points)
    apart = np.abs(np.subtract.outer(np.arange(300), np.arange(300))) > 3
    assert np.abs(likeness[apart]).max() < 0.65
