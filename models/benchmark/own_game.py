"""Our training, as `reverie train` does it."""

from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

import torch

from models.benchmark.game import TURN, W_DIM, Z_DIM, Entry, parameters, reals
from models.benchmark.shares import REST, watched
from models.training.config import LossName, NumberName, TrainConfig
from models.training.discrimination import Batch, Turn
from models.training.loop import keep_freed_memory
from models.training.networks import Networks, fresh, of_sizes
from models.training.players import Players
from models.training.presets import settle
from models.training.recipe import Recipe
from models.training.suiting import suited

PICTURES = 4000  # of the set that the preset is chosen for
CLAMP = 256.0  # of the published networks


class OwnGame:
    """Players with noise, on reals as they are, which only a projected discriminator sees augmented."""

    def __init__(self, entry: Entry) -> None:
        keep_freed_memory()
        torch.set_num_threads(1)  # the players' workers are the parallelism
        torch.set_flush_denormal(True)
        torch.manual_seed(0)
        config = asked(entry, Path(), Path())
        recipe = settled(config)
        networks = published(config) if entry.kind == "twin" else suited(fresh(config), recipe)[0]
        self._players = _noisy(recipe, networks, entry.device, entry.threads)
        self._reals = Batch(reals(recipe.part, entry.size.resolution, entry.device))
        self.facts: dict[str, Any] = {
            "precision": recipe.dtype,
            "parameters": [parameters(networks.generator), parameters(networks.discriminator)],
            **_of_projected(recipe),
            "penalty_interval": None if recipe.projected else recipe.penalty_interval,
            "path_interval": recipe.path_interval if recipe.path_weight else None,
        }

    def iterate(self, iteration: int) -> None:
        self._play(self._players, iteration)

    def shares(self, iterations: int) -> dict[str, Any]:
        """Seconds of an iteration and the share of each part of it, on the same networks, with one thread and timers.

        For a game with a projected discriminator.
        """
        known = self._players
        players = _noisy(known.recipe, known.networks, str(known.device), threads=1)
        with watched(players) as watch:
            self._play(players, 0)  # its optimisers make their memory
            watch.reset()
            for iteration in range(iterations):
                self._play(players, iteration)
            watch.enter(REST)
        players.close()
        whole = sum(watch.seconds.values())
        shares = {part: round(seconds / whole, 4) for part, seconds in watch.seconds.items()}
        return {"timed_s_per_iteration": round(whole / iterations, 4), "shares": shares}

    def _play(self, players: Players, iteration: int) -> None:
        players.play(lambda part: self._reals, Turn(iteration))
        players.average((iteration + 1) * players.recipe.batch)

    def close(self) -> None:
        """End the threads."""
        self._players.close()


def _noisy(recipe: Recipe, networks: Networks, device: str, threads: int) -> Players:
    players = Players(recipe, networks, device, threads)
    players.noisy = True
    return players


def _of_projected(recipe: Recipe) -> dict[str, Any]:
    names = ("features", "feature_size", "loss", "augment", "part")
    return {name: getattr(recipe, name) for name in names} if recipe.projected else {}


def usual_batch(resolution: int, device: str) -> int:
    """Of `reverie train --discriminator projected`."""
    config = TrainConfig(Path(), Path(), device=device, discriminator="projected")
    return settle(config, PICTURES, resolution, {}).batch


def asked(entry: Entry, data: Path, out: Path) -> TrainConfig:
    """What `reverie train` would be told."""
    size = {**asdict(entry.size), "z_dim": Z_DIM, "w_dim": W_DIM, "device": entry.device, "threads": entry.threads}
    if entry.kind == "projected":
        return TrainConfig(
            data, out, **size, discriminator="projected", features=entry.features, feature_size=entry.feature_size
        )
    twin = entry.kind == "twin"
    loss = "stylegan2" if twin else cast(LossName, entry.kind)
    dtype: NumberName = "float32" if twin and not entry.device.startswith("cuda") else "bfloat16"
    return TrainConfig(
        data, out, **size, augment="none", preset="stylegan2" if loss == "stylegan2" else "auto", loss=loss, dtype=dtype
    )


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
