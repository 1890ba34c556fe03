"""What the machine refuses is one sentence; what may be mended while a run goes on does not end it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from picture_sets import filled

from models.training import TrainConfig, TrainingError, train
from models.training import loop as loop_module
from models.training.failures import in_a_sentence
from models.training.recipe import known
from models.training.state import write
from tests.commands import refused
from tests.models.states import told
from tests.models.tiny import tiny


@pytest.fixture
def config(tmp_path: Path) -> TrainConfig:
    data = filled(tmp_path / "data", *(f"{n}.png" for n in range(8)))
    return tiny(data, tmp_path / "run", kimg=0.024, snapshot_s=1e-9)


def test_memory_that_is_not_there() -> None:
    sentence = "this does not fit into memory; give a smaller --part or --batch"
    with pytest.raises(TrainingError, match=sentence), in_a_sentence(Path("run")):
        torch.empty(10**15)


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (MemoryError(), "does not fit into memory"),
        (torch.OutOfMemoryError("CUDA out of memory."), "does not fit into memory"),
        (RuntimeError("[gloo/transport/tcp/pair.cc:553] Connection closed by peer [::1]:1"), "another process of this"),
        (PermissionError(13, "Permission denied", "x/y"), r"^x/y cannot be read or written \(Permission denied\)"),
    ],
)
def test_what_a_machine_refuses(error: Exception, sentence: str) -> None:
    with pytest.raises(TrainingError, match=sentence), in_a_sentence(Path("run")):
        raise error


def test_a_fault_of_ours_stays_one() -> None:
    with pytest.raises(RuntimeError, match="mat1 and mat2") as caught, in_a_sentence(Path("run")):
        torch.ones(2, 3) @ torch.ones(2, 3)
    assert not isinstance(caught.value, TrainingError)


@pytest.mark.parametrize("name", ["batch", "part"])
def test_more_pictures_at_a_time_than_any_memory_holds(name: str) -> None:
    assert known({name: 4096}) == {name: 4096}
    with pytest.raises(ValueError, match=rf"{name} is '4097', and should be less than or equal to 4096"):
        known({name: 4097})


def test_a_disk_that_is_full_for_a_while(
    config: TrainConfig, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The run goes on, keeps the state that is there, and writes when there is room again."""
    tries: list[float] = []

    def full_at_the_second(folder: Path, *arguments: Any) -> None:
        tries.append(told(folder)["shown"] if tries else 0)
        if len(tries) == 2:
            raise OSError(28, "No space left on device", str(folder))
        write(folder, *arguments)

    monkeypatch.setattr(loop_module, "write", full_at_the_second)
    train(config)
    assert tries == [0, 8, 8, 24]
    assert told(config.out)["shown"] == 24
    printed = capsys.readouterr()
    assert "nothing was written at kimg 0.0: " in printed.out + printed.err
    assert "No space left on device" in (config.out / "report.html").read_text()


def test_a_disk_that_stays_full(config: TrainConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(folder: Path, *_: object) -> None:
        raise OSError(28, "No space left on device", str(folder))

    monkeypatch.setattr(loop_module, "write", full)
    with pytest.raises(TrainingError, match=r"run cannot be read or written \(No space left on device\); mend that"):
        train(config)
    assert "ended: " in (config.out / "report.html").read_text()  # the page says why
    assert not (config.out / "state.safetensors").exists()


@pytest.mark.parametrize("long", ["--out", "--data"])
def test_a_name_too_long(config: TrainConfig, long: str) -> None:
    paths = {"--data": str(config.data), "--out": str(config.out)} | {long: "x" * 300}
    assert "File name too long" in refused("train", *(word for pair in paths.items() for word in pair))


def test_a_run_that_diverges_at_once_has_nothing_to_resume(config: TrainConfig) -> None:
    with pytest.raises(TrainingError, match="begin again with a lower --learning-rate or --gamma"):
        train(replace(config, learning_rate=1e8, snapshot_s=1e6, kimg=1.0))
    assert not (config.out / "state.safetensors").exists()


def test_a_run_that_goes_on_elsewhere_takes_its_best_along(config: TrainConfig, tmp_path: Path) -> None:
    train(replace(config, kimg=0.008))
    mark(config.out)
    other = replace(config, out=tmp_path / "other", resume=config.out, kimg=0.016, snapshot_s=1e6)
    train(other)
    names = ["best.safetensors", "best.safetensors.sha256"]
    assert all((other.out / name).read_bytes() == (config.out / name).read_bytes() for name in names)


def mark(folder: Path) -> None:
    """Have the best of a run be too good for a further one to be better."""
    import models
    from models import checkpoint

    best = folder / "best.safetensors"
    facts = models.read_manifest(best)["provenance"]
    facts["metrics"]["swd"] = 0.001
    checkpoint.save(best, models.load(best), facts)


def test_a_preset_is_a_beginning(config: TrainConfig) -> None:
    with pytest.raises(TrainingError, match="a run that goes on keeps its preset; leave out --preset"):
        train(replace(config, resume=config.out, preset="few"))


def test_folders_made_for_nothing_go_again(config: TrainConfig, tmp_path: Path) -> None:
    with pytest.raises(TrainingError):
        train(replace(config, out=tmp_path / "a" / "b" / "c", batch=8, part=8, publish="nonsense://x"))
    assert not (tmp_path / "a").exists()
