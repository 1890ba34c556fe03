"""Fine energy of pictures whose spectrum is known."""

import numpy as np
import pytest

from engine.benchmark.detail import Detail, Spectrometer
from engine.benchmark.luma import Picture, luma, thumbnail

SHAPES = [(180, 320), (135, 480), (91, 161)]


def waves(shape: tuple[int, int], cycles: float, direction: tuple[float, float], shift: float = 0.0) -> Picture:
    """A sine of so many cycles per picture height along `direction`, x and y."""
    y, x = np.mgrid[: shape[0], : shape[1]] / shape[0]
    angle = 2 * np.pi * (cycles * (x * direction[0] + y * direction[1]) + shift)
    return (0.5 + 0.3 * np.sin(angle)).astype(np.float32)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("direction", [(1.0, 0.0), (0.0, 1.0), (0.6, -0.8)])
def test_a_sine_is_fine_above_sixteen_cycles_per_height(shape: tuple[int, int], direction: tuple[float, float]) -> None:
    spectrometer = Spectrometer(shape)
    for cycles, share in ((3.3, 0.0), (14.0, 0.0), (18.0, 1.0), (20.0, 1.0)):
        picture = waves(shape, cycles, direction)
        assert spectrometer.shares(picture, picture) == pytest.approx((share, share), abs=1e-3)


def test_energies_add_as_squares_of_amplitudes() -> None:
    shape = SHAPES[0]
    coarse, fine = waves(shape, 4, (1, 0)) - 0.5, waves(shape, 30, (0, 1)) - 0.5
    picture = 0.5 + coarse + 0.5 * fine
    assert Spectrometer(shape).shares(picture, picture)[0] == pytest.approx(0.2, abs=1e-3)


@pytest.mark.parametrize("shape", SHAPES)
def test_white_noise_has_the_share_of_its_frequencies_and_does_not_last(shape: tuple[int, int]) -> None:
    first, second = np.random.default_rng(1).normal(0.5, 0.1, (2, *shape)).astype(np.float32)
    fine, lasting = Spectrometer(shape).shares(first, second)
    assert fine == pytest.approx(1 - np.pi * 16**2 / shape[0] ** 2, abs=0.02)
    assert lasting == pytest.approx(0, abs=0.03)


def test_a_jump_from_one_edge_to_the_other_is_no_detail() -> None:
    ramp = np.tile(np.linspace(0, 1, 320, dtype=np.float32), (180, 1))
    assert Spectrometer((180, 320)).shares(ramp, ramp)[0] < 1e-4


def test_a_flat_picture_gives_no_figure() -> None:
    rows = np.full((90, 160, 4), 40, np.uint8)
    detail = Detail(fps=10)
    for index in range(20):
        detail.see(index, rows)
    assert detail.figures() == dict.fromkeys(("fine_energy", "fine_energy_spread", "fine_energy_lasting"))


@pytest.mark.parametrize("fps", [1, 10, 24, 60])
def test_grain_over_a_coarse_picture_is_fine_but_does_not_last(fps: int) -> None:
    numbers = np.random.default_rng(2)
    detail = Detail(fps)
    for index in range(4 * fps):
        picture = waves((90, 160), 3, (1, 0))[..., None] + numbers.normal(0, 0.1, (90, 160, 4))
        detail.see(index, (255 * picture.clip(0, 1)).astype(np.uint8))
    found = detail.figures()
    assert found["fine_energy"] is not None
    assert found["fine_energy_lasting"] is not None
    assert found["fine_energy"] > 0.05
    assert abs(found["fine_energy_lasting"]) < 0.01


def test_luma_is_that_of_rec_709_and_a_thumbnail_is_its_mean() -> None:
    assert luma(np.array([[[255, 0, 0, 9], [0, 255, 0, 9], [0, 0, 255, 9]]], np.uint8)).ravel() == pytest.approx(
        [0.2126, 0.7152, 0.0722]
    )
    rows = np.random.default_rng(3).integers(0, 256, (180, 320, 4), dtype=np.uint8)
    blocks = luma(rows).reshape(90, 2, 160, 2).mean((1, 3))
    np.testing.assert_allclose(thumbnail(rows, 90), blocks, atol=1e-5)
    assert thumbnail(rows, 500).shape == (180, 320)
    assert thumbnail(np.full((16384, 64, 4), 255, np.uint8), 90) == pytest.approx(np.ones((90, 1))), "a column of LEDs"
