"""What a run leaves to look at and to use: networks and pictures, written by the process that leads."""

import math
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from models import checkpoint
from models.errors import CheckpointError
from models.features import other_than
from models.feed.errors import FeedError
from models.feed.publisher import Publisher
from models.manifest import hash_file, read_manifest
from models.metrics import MetricsError
from models.metrics.extractors import Extractor, load_extractor
from models.training.config import TrainConfig, TrainingError
from models.training.data import ImageSet
from models.training.judge import Judge
from models.training.players import Players
from models.training.randomness import Purpose, generator
from models.training.recipe import Recipe
from models.training.watch.pictures import Drawn, save_grid
from models.training.watch.walk import FRAMES, STOPS, eased_loop

SIDE = 6
GRID = SIDE * SIDE
PSI = 0.7
BEST = "best.safetensors"


def _witness(recipe: Recipe, players: Players) -> Extractor | None:
    """Features that a projected discriminator does not look through: the best network is kept by them.

    Raises TrainingError.
    """
    if not recipe.projected:
        return None
    try:
        return load_extractor(other_than(recipe.features), players.device)
    except MetricsError as error:
        raise TrainingError(str(error)) from None


class Snapshots:
    """Networks and grids in the folder of a run.

    The last `config.keep` of the networks that the run wrote stay, and the best of all as BEST.
    """

    def __init__(self, config: TrainConfig, players: Players, recipe: Recipe, images: ImageSet) -> None:
        """Raises TrainingError for a registry that cannot be used as things are."""
        self._out = config.out
        self._keep = config.keep
        self._players = players
        self._recipe = recipe
        self._images = images
        self._names: list[str] = []  # of the networks written, the newest last
        self.judge = Judge(players.ema, images, _witness(recipe, players))
        self._z = torch.randn(GRID, players.generator.z_dim, generator=generator(recipe.seed, 0, 0, Purpose.GRID))
        try:
            self._publisher = None if config.publish is None else Publisher(config.publish)
            if self._publisher is not None:
                self._publisher.registry.check()
        except FeedError as error:
            raise TrainingError(str(error)) from None

    def close(self) -> None:
        """Until what is on its way to the registry is there, or was refused."""
        if self._publisher is not None:
            self._publisher.wait()

    def state(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {"names": list(self._names), "judge": self.judge.state()}

    def restore(self, state: dict[str, Any]) -> None:
        self._names = list(state.get("names", []))
        self.judge.restore(state.get("judge", {}), self._kept())

    def _kept(self) -> float | None:
        """The distance of the network in BEST, as that says: no other record can be older or newer than the file."""
        try:
            value = read_manifest(self._out / BEST)["provenance"]["metrics"][self.judge.metric]
        except (CheckpointError, KeyError, TypeError):  # none, or nothing that is known of it
            return None
        return float(value) if isinstance(value, int | float) and math.isfinite(value) else None

    def reals(self) -> Tensor:
        """A grid of the set's pictures; returns them, [GRID, 3, H, W] in [-1, 1] or fewer."""
        reals = self._images.spread(GRID)
        save_grid(reals, self._out / "reals.png")
        return reals

    def name(self, kimg: float) -> None:
        """What `write` is about to write, so that the state can say it."""
        name = f"{kimg:06.1f}"
        self._names = [*(other for other in self._names if other != name), name]

    def write(self, provenance: dict[str, Any]) -> Path:
        """The moving average, and a grid of its pictures, as last named; returns the network's path."""
        self.drawn = self._draw()
        save_grid(self.drawn.fakes, self._grid(self._names[-1]))
        path = self._network(self._names[-1])
        facts = provenance | {"metrics": self.judge.figures}
        checkpoint.save(path, self._players.ema, facts)
        if self.judge.at_best:
            checkpoint.save(self._out / BEST, self._players.ema, facts)
        self._prune()
        if self._publisher is not None:
            self._publisher.publish(path, {"kimg": facts["kimg"], "metrics": facts["metrics"]})
        return path

    def _network(self, name: str) -> Path:
        return self._out / f"network-{name}.safetensors"

    def _grid(self, name: str) -> Path:
        return self._out / f"fakes_{name}.png"

    def _prune(self) -> None:
        for name in self._names[: -self._keep]:
            for file in (self._network(name), hash_file(self._network(name)), self._grid(name)):
                file.unlink(missing_ok=True)
        del self._names[: -self._keep]

    @torch.no_grad()
    def _draw(self) -> Drawn:
        """Pictures of GRID z that are the same throughout a run, and a walk through some of them.

        Of a network with classes, a class for each row.
        """
        ema, c = self._players.ema, None
        if ema.c_dim:
            c = one_hot(torch.arange(GRID) // SIDE % ema.c_dim, ema.c_dim).float().to(self._players.device)
        ws = ema.mapping(self._z.to(self._players.device), c, truncation_psi=PSI)
        walk = eased_loop(ws[::SIDE][:STOPS])
        return Drawn(self._pictures(ws), SIDE, self._pictures(walk), FRAMES)

    def _pictures(self, ws: Tensor) -> Tensor:
        """[N, 3, H, W] on the CPU, of ws [N, num_ws, w_dim]"""
        ema = self._players.ema
        return torch.cat([ema.synthesis(some).cpu() for some in torch.split(ws, self._recipe.part)])
