"""What a run notices of itself: weights that are no numbers, fakes that no longer vary; and pictures it mirrors."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from picture_sets import filled
from torch import Tensor

from models import stylegan2
from models.training import TrainConfig, TrainingError, train
from models.training.data import open_set, scaled
from models.training.judge import Judge
from models.training.loop import Run
from models.training.networks import fresh
from models.training.players import Players
from models.training.presets import settle
from models.training.state import NAME, capture, write
from tests.models.states import told
from tests.models.tiny import tiny


@pytest.fixture
def config(tmp_path: Path) -> TrainConfig:
    data = filled(tmp_path / "data", *(f"{n}.png" for n in range(8)))
    return tiny(data, tmp_path / "run", kimg=0.04)


@pytest.fixture
def players(config: TrainConfig) -> Iterator[Players]:
    made = Players(settle(config, 8, 16, {}), fresh(config))
    yield made
    made.close()


def test_fakes_that_no_longer_vary(tmp_path: Path) -> None:
    """Not at the start, when none do; but once they did."""
    torch.manual_seed(0)
    network = stylegan2.Generator(img_resolution=16, channel_max=16).eval().requires_grad_(False)
    to_w = network.mapping.layers[-1].weight  # all nought, every z gives the same w
    learned = to_w.clone()
    with open_set(filled(tmp_path / "set", *(f"{n}.png" for n in range(8))), (16, 16)) as images:
        judge = Judge(network, images)
        to_w.zero_()
        judge.measure()
        assert judge.figures["diversity"] < 0.3
        assert judge.warning is None
        to_w.copy_(learned)
        judge.measure()
        assert judge.figures["diversity"] >= 0.3
        assert judge.warning is None
        to_w.zero_()
        judge.measure()
    assert judge.warning is not None
    assert "the generator may have collapsed; go back to an earlier network" in judge.warning


@pytest.mark.parametrize("place", ["generator", "discriminator", "ema"])
def test_a_state_that_is_no_number_is_not_written(players: Players, tmp_path: Path, place: str) -> None:
    good = capture(players, {"shown": 8})
    assert good.finite()
    write(tmp_path, good, players.networks.sizes())
    before = (tmp_path / NAME).read_bytes()
    next(getattr(players, place).parameters()).data.view(-1)[0] = torch.nan
    bad = capture(players, {"shown": 16})
    assert not bad.finite()
    with pytest.raises(TrainingError, match=r"the weights are no longer finite; resume from .*state\.safetensors with"):
        write(tmp_path, bad, players.networks.sizes())
    assert (tmp_path / NAME).read_bytes() == before
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == [NAME]


def poison(monkeypatch: pytest.MonkeyPatch, times: int, network: str) -> None:
    """Put a NaN into the weights of a player in the second iteration, and as often as that comes again."""
    left = [times]
    iterate = Run._iterate

    def poisoned(run: Run, report: object) -> None:
        if run.iteration == 1 and left[0]:
            left[0] -= 1
            next(getattr(run.players, network).parameters()).data.view(-1)[0] = torch.nan
        iterate(run, report)  # type: ignore[arg-type]

    monkeypatch.setattr(Run, "_iterate", poisoned)


@pytest.mark.parametrize("network", ["generator", "discriminator"])
def test_a_weight_that_is_no_number_takes_the_run_back(
    config: TrainConfig, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], network: str
) -> None:
    poison(monkeypatch, 2, network)
    train(config)
    assert told(config.out)["shown"] == 40
    assert told(config.out)["attempt"] == 2
    printed = capsys.readouterr()
    assert (printed.out + printed.err).count("back to kimg 0.0, with other random numbers") == 2


def test_an_average_that_is_no_number_is_found_at_the_snapshot(
    config: TrainConfig, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No loss shows it, as the average plays no part in the game."""
    poison(monkeypatch, 1, "ema")
    path = train(replace(config, kimg=0.016))
    assert path is not None
    printed = capsys.readouterr()
    assert "the weights are not finite at kimg" in printed.out + printed.err


def test_a_run_that_cannot_be_mended_ends(config: TrainConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    poison(monkeypatch, 9, "generator")
    with pytest.raises(TrainingError, match=r"not finite at kimg 0\.0, after 3 tries from the last good state"):
        train(config)


def batches(config: TrainConfig, monkeypatch: pytest.MonkeyPatch) -> list[Tensor]:
    """The reals that each iteration of a run plays with."""
    seen: list[Tensor] = []
    make = Run._batch

    def noted(run: Run, part: int, pixels: Tensor) -> object:
        made = make(run, part, pixels)
        seen.append(torch.stack((scaled(pixels), made.images)))
        return made

    monkeypatch.setattr(Run, "_batch", noted)
    train(config)
    return seen


def test_about_half_of_the_reals_are_mirrored(config: TrainConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    found = torch.cat(batches(config, monkeypatch), dim=1)  # [2, 40, 3, 16, 16]: as they are, as they are shown
    mirrored = (found[1] == found[0].flip(3)).flatten(1).all(dim=1)
    kept = (found[1] == found[0]).flatten(1).all(dim=1)
    assert bool((mirrored ^ kept).all())
    assert 10 <= int(mirrored.sum()) <= 30


def test_no_mirror(config: TrainConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    found = torch.cat(batches(replace(config, mirror=False), monkeypatch), dim=1)
    assert torch.equal(found[0], found[1])
