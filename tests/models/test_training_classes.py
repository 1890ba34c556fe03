"""Networks that learn the classes of their pictures, from dataset.json."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

import models
from models.training import TrainConfig, TrainingError, train
from models.training.discrimination import Batch, Turn
from models.training.players import Players, Step
from tests.models.tiny import tiny

CLASSES = 3


def folder(path: Path, classes: int) -> Path:
    """Pictures of one grey for each class; of 0 classes, without labels."""
    path.mkdir()
    for i in range(12):
        Image.fromarray(np.full((16, 16, 3), 40 + 80 * (i % 3), np.uint8)).save(path / f"{i:02}.png")
    if classes:
        labels = [[f"{i:02}.png", i % classes] for i in range(12)]
        (path / "dataset.json").write_text(json.dumps({"labels": labels}))
    return path


@pytest.fixture
def config(tmp_path: Path) -> TrainConfig:
    return tiny(folder(tmp_path / "data", CLASSES), tmp_path / "run", classes=True)


def test_both_players_are_told_the_class_of_each_picture(config: TrainConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    play, seen = Players.play, []

    def watching(players: Players, batch: Callable[[int], Batch], turn: Turn) -> Step:
        seen.append(batch(0))
        return play(players, batch, turn)

    monkeypatch.setattr(Players, "play", watching)
    fresh = load_file(train(replace(config, kimg=0.008)).with_name("state.safetensors"))
    trained = load_file(train(replace(config, out=config.out / "more")).with_name("state.safetensors"))
    for part in seen:
        greys = ((part.images.mean(dim=(1, 2, 3)) + 1) * 127.5 - 40) / 80  # the class, as the picture shows it
        assert part.c.shape == (8, CLASSES)
        torch.testing.assert_close(part.c.argmax(dim=1).float(), greys, atol=1e-3, rtol=0)
    for name in ("generator.mapping.embed.weight", "discriminator.mapping.embed.weight"):
        assert not torch.equal(trained[name], fresh[name]), name


def test_pictures_are_learned_by_their_class(config: TrainConfig) -> None:
    """Each class has its grey."""
    network = models.load(
        train(replace(config, kimg=3.2, learning_rate=0.01, ema_kimg=0.2, augment="none", gamma=0.01))
    )
    z = torch.randn(16, 8, generator=torch.Generator().manual_seed(0))
    greys = [
        float(network.synthesis(network.mapping(z, torch.eye(CLASSES)[[number] * 16])).mean())
        for number in range(CLASSES)
    ]
    assert greys == pytest.approx([(40 + 80 * number) / 127.5 - 1 for number in range(CLASSES)], abs=0.25)


def test_a_run_with_classes_goes_on_and_begins_others(config: TrainConfig, tmp_path: Path) -> None:
    path = train(config)
    assert models.load(path).c_dim == CLASSES
    more = replace(config, classes=False, kimg=0.024)
    assert models.load(train(replace(more, resume=config.out))).c_dim == CLASSES
    assert models.load(train(replace(more, start_from=path, out=tmp_path / "other"))).c_dim == CLASSES


@pytest.mark.parametrize(
    ("classes", "words"),
    [
        (0, "data2 has 0 classes, and the network in .*run has 3; give pictures with as many classes"),
        (2, "data2 has 2 classes, and the network in .*run has 3; give pictures with as many classes"),
    ],
)
def test_pictures_with_other_classes(config: TrainConfig, tmp_path: Path, classes: int, words: str) -> None:
    train(config)
    other = replace(config, data=folder(tmp_path / "data2", classes), resume=config.out, kimg=0.024)
    with pytest.raises(TrainingError, match=words):
        train(other)


def test_classes_that_nobody_knows(config: TrainConfig, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"names no classes; put labels into its dataset.json, or leave out"):
        train(replace(config, data=folder(tmp_path / "data2", 0)))
    train(replace(config, classes=False))
    with pytest.raises(TrainingError, match=r"the network there has no classes; leave out --classes, or begin with"):
        train(replace(config, resume=config.out))
