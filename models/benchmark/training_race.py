"""Trainings going on in turns, and what comes of it."""

import tempfile
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from models.benchmark import official, published_game
from models.benchmark.game import TURN, Entry, Size
from models.benchmark.machine import described
from models.benchmark.own_game import asked, settled
from models.benchmark.process import Runner, in_turns
from models.benchmark.trainer import call
from models.training.config import STD_GROUP
from models.training.networks import fresh
from models.training.suiting import suited


def against_features(
    size: Size, device: str, threads: int, features: str | None, feature_size: int | None, rounds: int
) -> dict[str, Any]:
    """Measure our training with a projected discriminator, and then the share of each of its parts.

    Raises CheckpointError or TrainingError with one sentence.
    """
    entry = Entry("projected", size, device, threads, features=features, feature_size=feature_size)
    _check(entry)
    with Runner(call(entry), threads) as runner:
        turns = in_turns({entry.kind: runner}, rounds, "train", iterations=TURN)
        found = figures(turns, entry.kind, size.batch) | runner("about") | runner("shares", iterations=TURN)
    return _report(size, device, threads, rounds, {entry.kind: found})


def race(size: Size, device: str, threads: int, losses: list[str], against: str | None, rounds: int) -> dict[str, Any]:
    """Measure our training with each of these losses in turns and, where `against` names the folder of a checkout,
    beside the published code and its twin of ours.

    Raises CheckpointError or TrainingError with one sentence.
    """
    entries = [Entry(loss, size, device, threads) for loss in dict.fromkeys(losses)]
    for entry in entries:
        _check(entry)
    if against is not None:
        official.check(against, *published_game.FILES)
        entries += [Entry("twin", size, device, threads), Entry("official", size, device, threads, against)]
    with ExitStack() as stack:
        runners = {entry.kind: stack.enter_context(Runner(call(entry), threads)) for entry in entries}
        turns = in_turns(runners, rounds, "train", iterations=TURN)
        about = {name: runner("about") for name, runner in runners.items()}
    trainings = {name: figures(turns, name, size.batch) | about[name] for name in runners}
    return _report(size, device, threads, rounds, trainings)


def _report(size: Size, device: str, threads: int, rounds: int, trainings: dict[str, Any]) -> dict[str, Any]:
    return {
        **asdict(size),
        "device": device,
        "threads": threads,
        "turns": rounds,
        "iterations_a_turn": TURN,
        "trainings": trainings,
        "machine": described(device),
    }


def _check(entry: Entry) -> None:
    with tempfile.TemporaryDirectory() as folder:
        config = asked(entry, Path(folder), Path(folder))
        config.check()
        recipe = settled(config)
        recipe.check(STD_GROUP)
        if recipe.projected:
            suited(fresh(config), recipe)  # looks whether the features are there


def figures(turns: dict[str, list[float]], name: str, batch: int) -> dict[str, Any]:
    """Of one contestant: medians over its turns; ratios are of neighbouring turns."""
    seconds = float(np.median(turns[name])) / TURN
    told: dict[str, Any] = {
        "s_per_iteration": round(seconds, 4),
        "s_per_iteration_quartiles": _quartiles(np.asarray(turns[name]) / TURN, 4),
        "s_per_kimg": round(1000 * seconds / batch, 2),
    }
    if "official" in turns and name != "official":
        ratios = np.asarray(turns[name]) / np.asarray(turns["official"])
        told |= {"of_official": round(float(np.median(ratios)), 3), "of_official_quartiles": _quartiles(ratios, 3)}
    return told


def _quartiles(values: Any, digits: int) -> list[float]:
    return [round(float(quartile), digits) for quartile in np.percentile(values, [25, 75])]
