"""The best network is kept, a collapse is said, candidates are published, and a full disk spoils nothing."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from safetensors.torch import load_file

import models
from models.training import TrainConfig, TrainingError, judge, train
from models.training.data import ImageSet, open_set
from models.training.judge import Judge
from models.training.networks import fresh
from tests.models.states import told


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    for i in range(8):
        pixels = np.random.default_rng(i).integers(0, 256, (16, 16, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{i}.png")
    return folder


@pytest.fixture
def config(data: Path, tmp_path: Path) -> TrainConfig:
    return TrainConfig(
        data=data, out=tmp_path / "run", resolution=16, kimg=0.016, batch=8, threads=1, z_dim=8, w_dim=8,
        channel_base=128, channel_max=16, dtype="float32",
    )  # fmt: skip


def scripted(monkeypatch: pytest.MonkeyPatch, figures: list[dict[str, float]]) -> None:
    """The metrics find these, one after the other."""
    coming = iter(figures)
    monkeypatch.setattr(judge, "during_training", lambda network, pictures: next(coming))


def test_the_figures_are_real_and_in_the_record(config: TrainConfig, capsys: pytest.CaptureFixture[str]) -> None:
    metrics = models.read_manifest(train(config))["provenance"]["metrics"]
    assert metrics.keys() == {"swd", "swd_16", "diversity"}
    assert metrics["swd"] > 1
    assert "kimg 0.0: swd" in capsys.readouterr().out
    assert told(config.out)["snapshots"]["judge"]["best"] == metrics["swd"]


def test_the_best_network_is_kept(config: TrainConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also over a run that goes on: what is worse does not take its place."""
    scripted(monkeypatch, [{"swd": 20.0}, {"swd": 30.0}, {"swd": float("nan")}, {"swd": 10.0}])
    best = config.out / "best.safetensors"

    def kimg() -> float:
        return float(models.read_manifest(best)["provenance"]["kimg"])

    train(config)
    assert kimg() == 0.016
    for end in (0.024, 0.032):
        train(replace(config, resume=config.out, kimg=end))
        assert kimg() == 0.016
    train(replace(config, resume=config.out, kimg=0.040))
    assert kimg() == 0.04


def test_a_collapse_is_said_when_it_happens(config: TrainConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    variety = [0.1, 0.8, 0.2, 0.1, 0.9, 0.25, float("nan")]
    scripted(monkeypatch, [{"swd": 1.0, "diversity": value} for value in variety])
    images: ImageSet = open_set(config.data, (16, 16))
    watched, warnings = Judge(fresh(config).ema, images), []
    for _ in variety:
        watched.measure()
        warnings.append(watched.warning)
    assert [warning is not None for warning in warnings] == [False, False, True, False, False, True, False]
    assert str(warnings[2]).startswith("the fakes vary only 20% as much as the reals, and did more")


def test_each_network_becomes_a_candidate(config: TrainConfig, tmp_path: Path) -> None:
    registry = tmp_path / "registry"
    path = train(replace(config, publish=str(registry)))
    (entry,) = json.loads((registry / "registry.json").read_text())["networks"]
    assert (entry["status"], entry["kimg"]) == ("candidate", 0.016)
    assert entry["metrics"]["swd"] == models.read_manifest(path)["provenance"]["metrics"]["swd"]


def test_a_registry_that_cannot_be_reached_stops_nothing(config: TrainConfig, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    assert train(replace(config, publish=str(tmp_path / "file" / "registry"))).is_file()
    with pytest.raises(TrainingError, match="nosuch"):
        train(replace(config, publish="nosuch://place"))


FULL = """
import resource, sys
from pathlib import Path
from models.training import TrainConfig, TrainingError, train
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), resource.RLIM_INFINITY))
try:
    train(TrainConfig(data=Path(sys.argv[1]), out=Path(sys.argv[2]), resume=Path(sys.argv[2]), kimg=0.024, threads=1))
except TrainingError as error:
    print(error)
    sys.exit(2)
"""


def test_a_disk_without_room_leaves_the_last_state_whole(config: TrainConfig) -> None:
    """The kernel refuses to write a file as large as the state: as a full disk does, halfway through."""
    train(config)
    state = config.out / "state.safetensors"
    before = state.read_bytes()
    command = [sys.executable, "-c", FULL, str(config.data), str(config.out), str(len(before) // 2)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=150, check=False)
    assert done.returncode == 2, done.stderr
    assert done.stdout.splitlines()[-1].endswith("mend that or give another folder")
    assert state.read_bytes() == before
    assert not list(config.out.glob(".*.tmp"))
    train(replace(config, resume=config.out, kimg=0.024))
    assert all(bool(tensor.isfinite().all()) for tensor in load_file(state).values())
