"""What a run does where nothing is said: by pictures, resolution and device; what is said wins."""

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from models.training import TrainConfig
from models.training.presets import settle

PLAIN = TrainConfig(data=Path("data"), out=Path("out"))


def settled(config: TrainConfig = PLAIN, pictures: int = 4000, resolution: int = 64) -> dict[str, Any]:
    return asdict(settle(config, pictures, resolution, {}))


def test_a_plain_run() -> None:
    recipe = settled()
    assert (recipe["loss"], recipe["batch"], recipe["part"], recipe["gamma"]) == ("relativistic", 16, 8, 0.02)
    assert (recipe["penalty_interval"], recipe["path_weight"], recipe["ema_kimg"]) == (8, 0.0, 5.0)
    assert recipe["learning_rate"] == 0.0025


def test_few_pictures_and_many_pixels_need_a_smoother_discriminator() -> None:
    assert settled(pictures=500)["gamma"] == 4 * settled()["gamma"]
    assert (settled(pictures=500)["augment"], settled()["augment"]) == ("ada", "light")
    assert settled(resolution=256)["gamma"] == 16 * settled()["gamma"]
    assert settled(replace(PLAIN, preset="many"), pictures=500) == settled()


def test_the_published_recipe() -> None:
    recipe = settled(replace(PLAIN, preset="stylegan2"), resolution=256)
    assert (recipe["loss"], recipe["penalty_interval"]) == ("stylegan2", 16)
    assert (recipe["path_weight"], recipe["path_interval"]) == (2.0, 4)
    assert recipe["gamma"] == pytest.approx(0.0002 * 256**2 / 16)


def test_a_gpu_takes_larger_parts() -> None:
    recipe = settled(replace(PLAIN, device="cuda"), resolution=256)
    assert (recipe["batch"], recipe["part"], recipe["ema_kimg"]) == (32, 32, 10.0)


def test_what_is_said_wins_over_the_earlier_run_and_that_over_the_preset() -> None:
    earlier = asdict(settle(replace(PLAIN, batch=32, seed=5, gamma=0.0), 4000, 64, {}))
    again = settle(replace(PLAIN, seed=6, preset="stylegan2"), 100, 64, earlier)
    assert asdict(again) == earlier | {"seed": 6}
    assert again.ema_kimg == 10.0


def test_another_loss_takes_nothing_over_that_is_of_the_one_before() -> None:
    earlier = asdict(settle(replace(PLAIN, gamma=3.0, learning_rate=0.001), 4000, 64, {}))
    again = settle(replace(PLAIN, loss="stylegan2"), 4000, 64, earlier)
    fresh = settle(replace(PLAIN, loss="stylegan2", learning_rate=0.001), 4000, 64, {})
    assert again == fresh
    assert again.path_weight == 2.0
