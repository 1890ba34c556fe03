"""What a run leaves to look at and to use: networks and pictures, written by the process that leads."""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from models import checkpoint
from models.training.data import ImageSet
from models.training.players import Players
from models.training.randomness import Purpose, generator
from models.training.recipe import Recipe
from models.training.report import save_grid

GRID = 36
PSI = 0.7


class Snapshots:
    """Writes into the folder `out` of a run."""

    def __init__(self, out: Path, players: Players, recipe: Recipe, images: ImageSet) -> None:
        self._out = out
        self._players = players
        self._recipe = recipe
        self._images = images
        self._z = torch.randn(GRID, players.generator.z_dim, generator=generator(recipe.seed, 0, 0, Purpose.GRID))

    def reals(self) -> None:
        """A grid of the set's pictures."""
        save_grid(self._images.spread(GRID), self._out / "reals.png")

    def write(self, kimg: float, provenance: dict[str, Any]) -> Path:
        """The moving average as it is at `kimg`, and a grid of its pictures; returns the network's path."""
        name = f"{kimg:06.1f}"
        save_grid(self._fakes(), self._out / f"fakes_{name}.png")
        path = self._out / f"network-{name}.safetensors"
        checkpoint.save(path, self._players.ema, provenance)
        return path

    @torch.no_grad()
    def _fakes(self) -> Tensor:
        """[GRID, 3, H, W] of z that are the same throughout a run."""
        ema = self._players.ema
        ws = ema.mapping(self._z.to(self._players.device), truncation_psi=PSI)
        return torch.cat([ema.synthesis(part).cpu() for part in ws.split(self._recipe.part)])
