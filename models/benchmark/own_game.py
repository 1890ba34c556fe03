"""Our training, as `reverie train` does it."""

from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

import torch

from models.benchmark.game import TURN, W_DIM, Z_DIM, Entry, parameters, reals
from models.training.config import LossName, NumberName, TrainConfig
from models.training.discrimination import Batch, Turn
from models.training.loop import keep_freed_memory
from models.training.networks import Networks, fresh, of_sizes
from models.training.players import Players
from models.training.presets import settle
from models.training.recipe import Recipe

PICTURES = 4000  # of the set that the preset is chosen for
CLAMP = 256.0  # of the published networks


class OwnGame:
    """Players with noise, on reals as they are."""

    def __init__(self, entry: Entry) -> None:
        keep_freed_memory()
        torch.set_num_threads(1)  # the players' workers are the parallelism
        torch.set_flush_denormal(True)
        torch.manual_seed(0)
        config = asked(entry, Path(), Path())
        recipe = settled(config)
        networks = published(config) if entry.kind == "twin" else fresh(config)
        self._players = Players(recipe, networks, entry.device, entry.threads)
        self._players.noisy = True
        self._reals = Batch(reals(recipe.part, entry.size.resolution, entry.device))
        self.facts: dict[str, Any] = {
            "precision": recipe.dtype,
            "parameters": [parameters(networks.generator), parameters(networks.discriminator)],
            "penalty_interval": recipe.penalty_interval,
            "path_interval": recipe.path_interval if recipe.path_weight else None,
        }

    def iterate(self, iteration: int) -> None:
        self._players.play(lambda part: self._reals, Turn(iteration))
        self._players.average((iteration + 1) * self._players.recipe.batch)

    def close(self) -> None:
        """End the threads."""
        self._players.close()


def asked(entry: Entry, data: Path, out: Path) -> TrainConfig:
    """What `reverie train` would be told."""
    twin = entry.kind == "twin"
    loss = "stylegan2" if twin else cast(LossName, entry.kind)
    dtype: NumberName = "float32" if twin and not entry.device.startswith("cuda") else "bfloat16"
    return TrainConfig(
        data, out, **asdict(entry.size), z_dim=Z_DIM, w_dim=W_DIM, device=entry.device, threads=entry.threads,
        augment="none", preset="stylegan2" if loss == "stylegan2" else "auto", loss=loss, dtype=dtype,
    )  # fmt: skip


def settled(config: TrainConfig) -> Recipe:
    """The recipe it leads to."""
    recipe = settle(config, PICTURES, config.size("resolution"), {})
    assert not any(TURN % interval for interval in (recipe.penalty_interval, recipe.path_interval))
    return recipe


def published(config: TrainConfig) -> Networks:
    """Networks built as the published ones are: a discriminator that takes pixels, not patches; bounded values."""
    sizes = fresh(config).sizes()
    bounded = {part: values | {"conv_clamp": CLAMP} for part, values in sizes.items()}
    bounded["discriminator"] |= {"patch_size": 1}
    return of_sizes(bounded)
