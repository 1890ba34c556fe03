"""The sliced Wasserstein distance against distributions whose distance is known, and over pictures made worse."""

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn.functional import interpolate

from models.metrics import sliced_wasserstein, swd
from models.metrics.patches import PER_PICTURE, Patches

COUNT = 96


def normal(count: int, dimensions: int, seed: int) -> Tensor:
    return torch.from_numpy(np.random.default_rng(seed).standard_normal((count, dimensions), dtype=np.float32))


def pictures(seed: int, count: int = COUNT, hues: int = 12) -> Tensor:
    """Soft blobs under finer grain, in one of so many hues: uint8 [count, 3, 32, 32]."""
    random = np.random.default_rng(seed)
    colours = torch.from_numpy(np.random.default_rng(0).uniform(-1, 1, (12, 3, 1, 1)).astype(np.float32))
    chosen = colours[random.integers(0, hues, count)]
    coarse, fine = (torch.from_numpy(random.standard_normal((count, 1, n, n), dtype=np.float32)) for n in (4, 16))
    forms = interpolate(coarse, (32, 32), mode="bicubic") + 0.3 * interpolate(fine, (32, 32), mode="bilinear")
    return ((forms * 0.3 + chosen * 0.5) * 127.5 + 127.5).clamp(0, 255).byte()


def distance(a: Tensor, b: Tensor, seed: int = 0) -> dict[str, float]:
    return swd(a.split(50), b.split(50), len(a), seed)


def test_on_a_line_it_is_the_mean_distance_of_the_sorted() -> None:
    a, b = torch.tensor([[0.0], [3.0], [1.0]]), torch.tensor([[6.0], [5.0], [8.0]])
    assert sliced_wasserstein(a, b) == pytest.approx(5.0)


@pytest.mark.parametrize("dimensions", [2, 12, 147])
def test_shifted_normals_are_apart_by_the_mean_shadow_of_the_shift(dimensions: int) -> None:
    shift = 3.0 * normal(1, dimensions, 5) / normal(1, dimensions, 5).norm()
    a, b = normal(8000, dimensions, 1), normal(8000, dimensions, 2) + shift
    # of a vector of length 3 a random direction sees 3 E|u| = 3 Γ(D/2) / (√π Γ((D+1)/2)) on average
    shadow = math.exp(math.lgamma(dimensions / 2) - math.lgamma((dimensions + 1) / 2)) / math.sqrt(math.pi)
    found = sliced_wasserstein(a, b, directions=4096)
    assert found == pytest.approx(3 * shadow, rel=0.04)


def test_a_wider_normal_is_apart_by_its_mean_absolute_excess() -> None:
    a, b = normal(50_000, 16, 1), 1.5 * normal(50_000, 16, 2)
    assert sliced_wasserstein(a, b) == pytest.approx(0.5 * math.sqrt(2 / math.pi), rel=0.02)


def test_two_samples_of_one_distribution_are_near_a_floor_that_falls_with_their_number() -> None:
    few, many = (sliced_wasserstein(normal(n, 16, 1), normal(n, 16, 2)) for n in (1000, 16_000))
    assert many < 0.02
    assert few / many == pytest.approx(4, rel=0.2)


def test_sets_of_different_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match="must be equal"):
        sliced_wasserstein(torch.zeros(3, 2), torch.zeros(4, 2))


def test_the_same_pictures_and_seed_give_the_same_figures_however_they_come() -> None:
    a, b = pictures(1), pictures(2)
    first = swd(a.split(7), b.split(64), COUNT, 3)
    assert first == swd(a.split(COUNT), b.split(1), COUNT, 3)
    assert first != swd(a.split(7), b.split(64), COUNT, 4)
    assert set(first) == {"16", "32", "mean"}
    assert first["mean"] == pytest.approx((first["16"] + first["32"]) / 2)


def blurred(images: Tensor, amount: int) -> Tensor:
    small = interpolate(images.float(), scale_factor=1 / amount, mode="area")
    return interpolate(small, (32, 32), mode="bilinear").clamp(0, 255).byte()


def noisy(images: Tensor, amount: int) -> Tensor:
    grain = torch.from_numpy(np.random.default_rng(9).standard_normal(images.shape, dtype=np.float32))
    return (images.float() + 8 * amount * grain).clamp(0, 255).byte()


def of_fewer_hues(images: Tensor, amount: int) -> Tensor:
    return pictures(2, len(images), hues=16 // amount)


@pytest.mark.parametrize("worse", [blurred, noisy, of_fewer_hues])
def test_it_grows_as_pictures_get_worse(worse: Callable[[Tensor, int], Tensor]) -> None:
    reals, fakes = pictures(1), pictures(2)
    found = [distance(reals, fakes)["mean"], *(distance(reals, worse(fakes, n))["mean"] for n in (2, 4, 8))]
    assert found == sorted(found)
    assert found[-1] > 1.5 * found[0]


def test_noise_is_seen_at_the_fine_level() -> None:
    reals, fakes = pictures(1), pictures(2)
    good, bad = distance(reals, fakes), distance(reals, noisy(fakes, 2))
    assert bad["32"] - good["32"] > 3 * abs(bad["16"] - good["16"])


def test_a_cast_of_colour_changes_nothing_but_rounding() -> None:
    reals, fakes = pictures(1) // 2, pictures(2) // 2
    assert distance(reals, fakes + 60)["mean"] == pytest.approx(distance(reals, fakes)["mean"], rel=0.01)


def test_patches_are_cut_from_where_they_should_be() -> None:
    rows, columns = torch.meshgrid(torch.arange(16), torch.arange(16), indexing="ij")
    images = torch.stack([rows * 16, columns * 16, rows + columns]).byte()[None]
    patches = Patches((16, 16), 1, (0,))
    patches.add(images)
    found = patches._kept[16].float().view(-1, 3, 7, 7) * 127.5 + 127.5
    assert len(found) == PER_PICTURE
    row, column = ((found[:, channel, 0, 0] / 16).round().long() for channel in (0, 1))
    assert {0, 9} <= set(row.tolist()) <= set(range(10))
    assert {0, 9} <= set(column.tolist()) <= set(range(10))
    expected = torch.stack([images[0, :, y : y + 7, x : x + 7] for y, x in zip(row, column, strict=True)]).float()
    torch.testing.assert_close(found, expected, atol=0.1, rtol=0)


def test_each_channel_is_freed_of_its_mean_and_deviation() -> None:
    patches = Patches((32, 32), COUNT, (0,))
    patches.add(pictures(1))
    found = patches.take(32).double().view(-1, 3, 49)
    torch.testing.assert_close(found.mean(dim=(0, 2)), torch.zeros(3, dtype=torch.float64), atol=1e-3, rtol=0)
    torch.testing.assert_close(found.std(dim=(0, 2)), torch.ones(3, dtype=torch.float64), atol=1e-3, rtol=0)


def test_of_very_many_pictures_fewer_patches_are_kept() -> None:
    patches = Patches((16, 16), 2**14, (0,))
    patches.add(pictures(1)[:2, :, :16, :16])
    assert patches.take(16).shape == (2 * 32, 147)


def test_grey_pictures_have_patches_of_one_channel() -> None:
    a, b = pictures(1)[:, :1], pictures(2)[:, :1]
    assert 0 < distance(a, b)["mean"] < 200
    assert math.isfinite(distance(torch.full_like(a, 7), b)["mean"])
