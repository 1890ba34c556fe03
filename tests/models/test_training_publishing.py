"""A registry that cannot be used is said before a training begins."""

from pathlib import Path

import pytest
from picture_sets import filled

from models.training import TrainConfig, TrainingError, train
from tests.models.tiny import tiny


@pytest.fixture
def config(tmp_path: Path) -> TrainConfig:
    data = filled(tmp_path / "data", *(f"{n}.png" for n in range(8)))
    return tiny(data, tmp_path / "run", kimg=0.008, publish=str(tmp_path / "feed"))


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
