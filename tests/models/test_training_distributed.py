"""Two real processes, started by torchrun, learn what one learns."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from picture_sets import filled
from PIL import Image
from safetensors.torch import load_file

from models.training import TrainConfig, TrainingError, train
from models.training.distributed import Team, own_device
from models.training.presets import settle
from tests.running import environment, free_port

WORKER = """
import json, sys
from pathlib import Path
from models.training import TrainConfig, train
data, out, settings = sys.argv[1:]
print("wrote", train(TrainConfig(data=Path(data), out=Path(out), **json.loads(settings))))
"""
ITERATION: dict[str, Any] = {
    "resolution": 16, "kimg": 0.016, "batch": 16, "part": 4, "threads": 1, "z_dim": 8, "w_dim": 8, "channel_base": 128,
    "channel_max": 16, "dtype": "float32", "noise_after": 0.0,
}  # fmt: skip
GAMES: dict[str, dict[str, Any]] = {
    "stylegan2": {"loss": "stylegan2"},
    "projected": {"discriminator": "projected", "feature_size": 64, "pixel_weight": 1.0, "pixel_size": 16},
}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    for i in range(11):
        pixels = np.random.default_rng(i).integers(0, 256, (16, 16, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{i}.png")
    return folder


@pytest.fixture(scope="module", params=list(GAMES))
def game(request: pytest.FixtureRequest) -> dict[str, Any]:
    """The settings of a run that is one iteration long."""
    settings: dict[str, Any] = ITERATION | GAMES[request.param]
    return settings


@pytest.fixture(scope="module")
def together(data: Path, game: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder of a run of two processes, and what they printed."""
    folder = tmp_path_factory.mktemp("together")
    script = folder / "worker.py"
    script.write_text(WORKER)
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": os.getcwd()}
    done = subprocess.run(
        [*command, str(script), str(data), str(folder / "run"), json.dumps(game)],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder / "run", done.stdout


def test_two_processes_agree_with_one(
    data: Path, tmp_path: Path, game: dict[str, Any], together: tuple[Path, str]
) -> None:
    """After one iteration Adam's first moment is the gradient, as its beta is nought."""
    alone = TrainConfig(data=data, out=tmp_path, **game)
    train(alone)
    one, two = (load_file(folder / "state.safetensors") for folder in (alone.out, together[0]))
    assert one.keys() == two.keys()
    gradients = [name for name in one if name.endswith("exp_avg")]
    assert len(gradients) > 60
    assert sum(bool(one[name].abs().max() > 1e-3) for name in gradients) > 30
    for name in gradients:
        torch.testing.assert_close(two[name], one[name], rtol=1e-5, atol=1e-5, msg=name)
    torch.testing.assert_close(two["ema.mapping.w_avg"], one["ema.mapping.w_avg"], rtol=1e-5, atol=1e-6)


def test_only_the_first_process_writes_and_tells(together: tuple[Path, str]) -> None:
    folder, said = together
    assert said.count("training on 11 images") == 1
    wrote = sorted(line.removeprefix("wrote ") for line in said.splitlines() if line.startswith("wrote"))
    assert wrote == sorted(["None", str(folder / "network-0000.0.safetensors")])
    assert len(list((folder / "tensorboard").iterdir())) == 1
    told = [json.loads(line) for line in (folder / "history.jsonl").read_text().splitlines()]
    assert [row["kind"] for row in told] == ["figures", "steps", "strip"]


@pytest.mark.parametrize(("parts", "size"), [(2, 2), (5, 2), (7, 3), (8, 8)])
def test_parts_are_shared_out_whole(parts: int, size: int) -> None:
    shares = [Team(rank, size).share(parts) for rank in range(size)]
    assert [part for share in shares for part in share] == list(range(parts))
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


def test_each_process_has_its_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("LOCAL_RANK", "1")
    assert [own_device(name) for name in ("cuda", "cpu", "cuda:3")] == ["cuda:1", "cpu", "cuda:3"]


def test_processes_that_are_not_there(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    for name in ("RANK", "MASTER_ADDR", "MASTER_PORT"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(TrainingError, match=r"WORLD_SIZE says 2 processes, and they cannot be met .*; start them with"):
        train(TrainConfig(data=data, out=tmp_path, resolution=16))


def test_a_batch_with_fewer_parts_than_processes(data: Path, tmp_path: Path) -> None:
    config = replace(TrainConfig(data=data, out=tmp_path), batch=16, part=8)
    with pytest.raises(TrainingError, match=r"batch 16 has 2 parts of 8 for 3 processes; give a batch of 24 or more"):
        settle(config, 11, 64, {}).check(group=4, processes=3)


@contextmanager
def two_processes(out: Path, *data: Path) -> Iterator[list[subprocess.Popen[str]]]:
    """As torchrun would start them, each with its own pictures."""
    place = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port()), "OMP_NUM_THREADS": "1"}
    sizes = ["--resolution", "16", "--channel-base", "128", "--channel-max", "16", "--batch", "8", "--part", "4"]
    both = [
        subprocess.Popen(
            [sys.executable, "-m", "engine", "train", "--data", str(pictures), "--out", str(out), *sizes],
            text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=environment(place | {"RANK": str(rank), "LOCAL_RANK": str(rank)}),
        )
        for rank, pictures in enumerate(data)
    ]  # fmt: skip
    try:
        yield both
    finally:
        for process in both:
            process.kill()
            process.communicate()


def test_processes_with_other_pictures_do_not_begin(data: Path, tmp_path: Path) -> None:
    other = filled(tmp_path / "other", *(f"{n}.png" for n in range(8)))
    with two_processes(tmp_path / "run", data, other) as both:
        for process in both:
            _, said = process.communicate()
            assert process.returncode == 2, said
            assert "holds other pictures for some of the processes; give all the same" in said
    assert not (tmp_path / "run").exists()


def test_a_process_left_alone_says_so(data: Path, tmp_path: Path) -> None:
    with two_processes(tmp_path / "run", data, data) as (first, second):
        assert first.stdout is not None
        assert next(line for line in first.stdout if "training on" in line)
        first.kill()
        _, said = second.communicate()
        assert second.returncode == 2, said
        assert "another process of this run has ended, and this one with it" in said
        assert "Traceback" not in said
