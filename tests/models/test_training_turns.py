"""What a run hands to each of its steps, and what it says of the network: through the run itself."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch
from picture_sets import filled
from torch import Tensor

from models.training import train
from models.training.adaptation import Adaptation
from models.training.augment import ALL, Ada, light
from models.training.discrimination import Batch, Turn
from models.training.loop import Run
from models.training.players import AUGMENTATIONS, Players
from models.training.randomness import Purpose, generator
from tests.models.tiny import PICTURES, tiny, tiny_players


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return filled(tmp_path / "data", *(f"{n}.png" for n in range(PICTURES)))


@contextmanager
def watched() -> Iterator[list[tuple[Turn, list[Tensor]]]]:
    """The turns of the runs in here, each with the reals of its parts, as they come a second time."""
    seen: list[tuple[Turn, list[Tensor]]] = []
    play = Players.play

    def noted(players: Players, batch: Any, turn: Turn) -> Any:
        first, again = ([batch(part).images for part in range(players.recipe.parts)] for _ in range(2))
        assert all(torch.equal(one, other) for one, other in zip(first, again, strict=True))
        seen.append((turn, again))
        return play(players, batch, turn)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Players, "play", noted)
        yield seen


def test_the_learning_rate_of_the_generator_rises(data: Path, tmp_path: Path) -> None:
    with watched() as seen:
        train(tiny(data, tmp_path / "run", kimg=0.040, warm_up=0.032))
    assert [turn.warmth for turn, _ in seen] == [0.0, 0.25, 0.5, 0.75, 1.0]


def test_reals_and_fakes_are_augmented_with_the_runs_own_p(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def rise(adaptation: Adaptation, confidence: float, batch: int) -> None:
        adaptation.p += batch / 100

    told: list[float] = []

    def noted(images: Tensor, p: float, draw: torch.Generator) -> Tensor:
        told.append(p)
        return images

    monkeypatch.setattr(Adaptation, "step", rise)
    monkeypatch.setitem(AUGMENTATIONS, "ada", noted)
    train(tiny(data, tmp_path / "run", kimg=0.024, augment="ada"))
    assert told == pytest.approx([0.0, 0.0, 0.08, 0.08, 0.16, 0.16])


@pytest.mark.parametrize(
    ("name", "augmentation"), [("light", light), ("ada", Ada()), ("ada-all", Ada(transforms=ALL)), ("none", None)]
)
def test_an_augmentation_is_the_one_of_its_name(name: str, augmentation: Any) -> None:
    """The reals that the discriminator judges, and those whose slope is measured, are those of its own draw."""
    reals = torch.rand(8, 3, 16, 16, generator=torch.Generator().manual_seed(5)) * 2 - 1
    judged: list[Tensor] = []
    with tiny_players(augment=name) as players:
        players.discriminator.register_forward_pre_hook(lambda _, inputs: judged.append(inputs[0].detach()))
        players.play(lambda part: Batch(reals), Turn(0, p=0.8))
    wanted = reals
    if augmentation is not None:
        wanted = augmentation(reals, 0.8, generator(0, 0, 0, Purpose.AUGMENT_REAL))
        assert not torch.allclose(wanted, reals, atol=0.1)
    assert sum(torch.allclose(images, wanted, atol=1e-6) for images in judged) == 2
    assert len(judged) == 4


def shown(data: Path, out: Path, **options: Any) -> list[Tensor]:
    """The reals of every part of a run of five iterations of two parts."""
    with watched() as seen:
        train(tiny(data, out, kimg=0.040, part=4, **options))
    return [images for _, parts in seen for images in parts]


def test_mirroring_is_the_same_in_every_run_and_at_any_time(data: Path, tmp_path: Path) -> None:
    plain, once, again = (
        shown(data, tmp_path / name, mirror=mirror) for name, mirror in (("a", False), ("b", True), ("c", True))
    )
    assert all(torch.equal(one, other) for one, other in zip(once, again, strict=True))
    flips = [tuple((one != other).flatten(1).any(dim=1).tolist()) for one, other in zip(once, plain, strict=True)]
    assert len(flips) == 10
    assert len(set(flips)) > 4, "each part of each iteration draws for itself"


def test_a_run_whose_fakes_no_longer_vary_says_so(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its generator, lively at first, hears nothing of z from the third iteration on; it is measured after each."""
    iterate = Run._iterate

    def deafened(run: Run, report: Any) -> None:
        if run.iteration == 0:
            for block in run.players.generator.synthesis.blocks:
                block.torgb.weight.data *= 10
        if run.iteration == 2:
            run.players.generator.mapping.layers[-1].weight.data.zero_()
        iterate(run, report)

    monkeypatch.setattr(Run, "_iterate", deafened)
    train(tiny(data, tmp_path / "run", kimg=0.024, snapshot_s=1e-9))
    printed = capsys.readouterr().out
    assert printed.count("the generator may have collapsed") == 1
    assert "the generator may have collapsed" in (tmp_path / "run" / "report.html").read_text()
