"""States that are damaged, of another time, or made by somebody who means harm: one sentence each."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from picture_sets import filled
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from models.training import TrainConfig, TrainingError, train
from tests.models.tiny import tiny

Tensors = dict[str, Tensor]
MOMENT = "optimiser_g.0.exp_avg"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> TrainConfig:
    """A run that ended."""
    folder = tmp_path_factory.mktemp("run")
    data = filled(folder / "data", *(f"{n}.png" for n in range(8)))
    config = tiny(data, folder / "run", kimg=0.008)
    train(config)
    return config


def state(run: TrainConfig) -> tuple[Tensors, dict[str, str]]:
    """Tensors and metadata, without the digest that would tell of every change."""
    path = run.out / "state.safetensors"
    with safe_open(path, framework="pt") as file:
        metadata: dict[str, str] = file.metadata()
    del metadata["sha256"]
    return load_file(path), metadata


def resumed(run: TrainConfig, folder: Path, tensors: Tensors, metadata: dict[str, str]) -> Path | None:
    save_file(tensors, folder / "state.safetensors", metadata=metadata)
    return train(TrainConfig(data=run.data, out=folder, resume=folder, kimg=0.016, threads=1))


def test_a_state_without_a_digest_is_an_older_one(run: TrainConfig, tmp_path: Path) -> None:
    assert resumed(run, tmp_path, *state(run)) is not None


@pytest.mark.parametrize("option", ["resume", "start_from"])
def test_one_bit_is_seen(run: TrainConfig, tmp_path: Path, option: str) -> None:
    content = bytearray((run.out / "state.safetensors").read_bytes())
    content[-5000] ^= 1
    (tmp_path / "state.safetensors").write_bytes(content)
    with pytest.raises(TrainingError, match=r"state\.safetensors is damaged, as its SHA-256 says"):
        train(TrainConfig(data=run.data, out=tmp_path / "out", kimg=0.016, threads=1, **{option: tmp_path}))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("shown", -8, "shown: Input should be greater than or equal to 0"),
        ("shown", float("nan"), "shown: Input should be a finite number"),
        ("seconds", 10**400, "seconds"),
        ("iteration", "many", "iteration"),
        ("adaptation", "p", "adaptation"),
        ("snapshots", {"names": ["../../elsewhere"]}, r"snapshots\.names\.0"),
        ("started_from", {"name": "a"}, r"started_from\.sha256: Field required"),
        ("recipe", {"part": 0}, "recipe: part is '0'"),
        ("recipe", {"batch": "x"}, "recipe: batch is 'x'"),
        ("recipe", {"dtype": "load"}, "recipe: dtype is 'load'"),
        ("recipe", {"gamma": float("nan")}, "recipe: gamma is 'nan'"),
    ],
)
def test_what_it_says_of_the_run(run: TrainConfig, tmp_path: Path, name: str, value: Any, words: str) -> None:
    tensors, metadata = state(run)
    metadata["progress"] = json.dumps(json.loads(metadata["progress"]) | {name: value})
    with pytest.raises(TrainingError, match=rf"does not fit this run \({words}.*\); resume with the settings"):
        resumed(run, tmp_path, tensors, metadata)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"progress": "[]"}, "does not fit this run"),
        ({"progress": "[" * 100_000}, "does not fit this run"),
        ({"format": "99"}, "is of a newer Reverie; update this one"),
        ({"sizes": "[]"}, "does not fit this run"),
        ({"sizes": json.dumps({"generator": {"img_resolution": 2**20}})}, "img_resolution: Input should be 16, 32"),
    ],
)
def test_what_it_is(run: TrainConfig, tmp_path: Path, change: dict[str, str], words: str) -> None:
    tensors, metadata = state(run)
    with pytest.raises(TrainingError, match=words) as told:
        resumed(run, tmp_path, tensors, metadata | change)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    "change",
    [
        lambda tensors: tensors | {MOMENT: torch.zeros(3, 3)},
        lambda tensors: tensors | {MOMENT: tensors[MOMENT].double()},
        lambda tensors: {name: tensor for name, tensor in tensors.items() if name != MOMENT},
    ],
)
def test_optimisers_of_other_networks(run: TrainConfig, tmp_path: Path, change: Callable[[Tensors], Tensors]) -> None:
    """Adam, fused, would read and write beyond them."""
    tensors, metadata = state(run)
    with pytest.raises(TrainingError, match="its optimisers are of other networks, or of other layers that learn"):
        resumed(run, tmp_path, change(tensors), metadata)


def test_a_run_that_is_written_anew_while_it_is_read(
    run: TrainConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashes = iter(["before", "after"])
    monkeypatch.setattr("models.training.brought.sha256", lambda path: next(hashes))
    with pytest.raises(TrainingError, match="wrote it anew just now; try again"):
        train(replace(run, out=tmp_path, start_from=run.out))
