"""A registry that cannot be used is said before a training begins."""

from pathlib import Path

import pytest
from picture_sets import filled

from models.training import TrainConfig, TrainingError, train


@pytest.fixture
def config(tmp_path: Path) -> TrainConfig:
    return TrainConfig(
        data=filled(tmp_path / "data", *(f"{n}.png" for n in range(8))), out=tmp_path / "run", resolution=16,
        kimg=0.008, batch=8, threads=1, z_dim=8, w_dim=8, channel_base=128, channel_max=16, dtype="float32",
        publish=str(tmp_path / "feed"),
    )  # fmt: skip


def test_a_file_is_no_registry(config: TrainConfig, tmp_path: Path) -> None:
    (tmp_path / "feed").write_text("a letter")
    with pytest.raises(TrainingError, match=r"feed: this is a file, no folder; give a folder or an address"):
        train(config)
    assert not config.out.exists()


def test_a_broken_list_is_no_registry(config: TrainConfig, tmp_path: Path) -> None:
    (tmp_path / "feed").mkdir()
    (tmp_path / "feed" / "registry.json").write_text('{"format": 1, "networks": 3}')
    with pytest.raises(TrainingError, match=r"registry\.json: this is no list of networks"):
        train(config)
    assert not config.out.exists()


def test_a_new_registry_is_made_when_there_is_a_network(config: TrainConfig, tmp_path: Path) -> None:
    train(config)
    assert len(list((tmp_path / "feed" / "candidates").glob("*.safetensors"))) == 1
