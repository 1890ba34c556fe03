"""A run writes where no other work is lost, and two never write into one folder."""

import fcntl
import os
from dataclasses import replace
from pathlib import Path

import pytest
from picture_sets import filled

import models
from models import checkpoint
from models.training import TrainConfig, TrainingError, train
from tests.models.states import told
from tests.models.tiny import tiny
from tests.running import reverie


@pytest.fixture
def config(tmp_path: Path) -> TrainConfig:
    data = filled(tmp_path / "data", *(f"{n}.png" for n in range(8)))
    return tiny(data, tmp_path / "run", kimg=0.008)


def test_an_earlier_run_is_not_written_over(config: TrainConfig, tmp_path: Path) -> None:
    train(config)
    before = (config.out / "state.safetensors").read_bytes()
    other = replace(config, out=tmp_path / "other")
    train(other)
    for again in (config, replace(config, start_from=config.out), replace(config, resume=other.out)):
        with pytest.raises(TrainingError, match=r"run holds a run; go on with it by --resume .*run, or give another"):
            train(again)
    assert (config.out / "state.safetensors").read_bytes() == before
    train(replace(config, resume=tmp_path / "data" / ".." / "run", kimg=0.016))


def test_two_runs_do_not_share_a_folder(config: TrainConfig) -> None:
    config.out.mkdir()
    held = os.open(config.out, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(TrainingError, match=r"another run is writing into .*run; end it first, or give another"):
            train(config)
        assert list(config.out.iterdir()) == []
    finally:
        os.close(held)
    train(config)


def test_a_run_does_not_learn_from_what_it_draws(config: TrainConfig) -> None:
    with pytest.raises(TrainingError, match=r"run lies in .*data, and what the run draws would be among the pictures"):
        train(replace(config, out=config.data / "run"))
    assert not (config.data / "run").exists()


@pytest.mark.parametrize("out", [Path("/proc/no/run"), Path(__file__), Path(__file__) / "run"])
def test_a_folder_that_cannot_be(config: TrainConfig, out: Path) -> None:
    with pytest.raises(TrainingError, match="cannot be made a folder"):
        train(replace(config, out=out))


def test_bad_input_leaves_no_folder(config: TrainConfig) -> None:
    changes = {"data": config.data / "none"}, {"part": 3}, {"publish": "nonsense://feed"}
    for change in changes:
        with pytest.raises(TrainingError):
            train(replace(config, **change))  # type: ignore[arg-type]
        assert not config.out.exists()


def test_a_script_gets_one_sentence_and_nothing_else(config: TrainConfig) -> None:
    (config.data / "0.png").write_bytes(b"nothing")
    done = reverie("train", "--data", str(config.data), "--out", str(config.out))
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)


def test_what_a_power_cut_left_is_taken_away(config: TrainConfig) -> None:
    config.out.mkdir()
    left = [".state.safetensors.77.tmp", ".network-0000.1.safetensors.77.tmp", ".best.safetensors.sha256.77.tmp"]
    for name in (*left, ".mine.tmp"):
        (config.out / name).touch()
    train(config)
    assert [path.name for path in config.out.glob(".*")] == [".mine.tmp"]


def test_the_best_network_is_known_by_its_file(config: TrainConfig) -> None:
    """Of a state and a best network that a power cut has parted."""
    path = train(config)
    assert path is not None
    best = config.out / "best.safetensors"
    checkpoint.save(best, models.load(path), {"metrics": {"swd": 0.001}})
    train(replace(config, resume=config.out, kimg=0.016))
    assert models.read_manifest(best)["provenance"]["metrics"] == {"swd": 0.001}
    best.unlink()
    train(replace(config, resume=config.out, kimg=0.024))
    assert models.read_manifest(best)["provenance"]["metrics"]["swd"] > 0.001


def test_the_preset_is_that_of_the_beginning(config: TrainConfig) -> None:
    train(replace(config, preset="stylegan2"))
    train(replace(config, resume=config.out, kimg=0.016))
    assert told(config.out)["preset"] == "stylegan2"
    assert "<dt>preset</dt><dd>stylegan2</dd>" in (config.out / "report.html").read_text()
