"""A training in a process of its own, which goes on when it is told to: `python -m models.benchmark.trainer`."""

import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from models.benchmark.game import Entry, Game
from models.benchmark.own_game import OwnGame
from models.benchmark.process import Call, serve
from models.benchmark.published_game import PublishedGame


class Trainer:
    """Holds the game; every order is a method."""

    def __init__(self, entry: Entry) -> None:
        self._device = torch.device(entry.device)
        self._game: Game = PublishedGame(entry, Path(entry.checkout)) if entry.checkout else OwnGame(entry)
        for iteration in range(2):  # one with every penalty, which warms up all there is, and one without
            self._game.iterate(iteration)

    def train(self, iterations: int) -> float:
        """Seconds of so many iterations, of which the first is one in which every penalty is due."""
        self._finish()
        start = time.perf_counter()
        for iteration in range(iterations):
            self._game.iterate(iteration)
        self._finish()
        return time.perf_counter() - start

    def shares(self, iterations: int) -> dict[str, Any]:
        """Of the parts of so many iterations, of a game against a projected discriminator."""
        assert isinstance(self._game, OwnGame)
        return self._game.shares(iterations)

    def about(self) -> dict[str, Any]:
        """Facts of the game."""
        return self._game.facts

    def _finish(self) -> None:
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)


def call(entry: Entry) -> Call:
    """What starts such a contestant."""
    return Call(f"{entry.kind} training", "models.benchmark.trainer", asdict(entry))


if __name__ == "__main__":
    serve(lambda entry: Trainer(Entry.of(entry)))
