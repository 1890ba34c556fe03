"""A run that is killed goes on as if nothing had happened, to the bit."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from models.training import TrainConfig, train
from tests.models.states import told
from tests.running import PATIENCE

CHILD = """
import json, sys
from pathlib import Path
from models.training import TrainConfig, train
data, out, settings = sys.argv[1:]
train(TrainConfig(data=Path(data), out=Path(out), kimg=1e6, threads=2, snapshot_s=0.3, **json.loads(settings)))
"""
SIZES = {"resolution": 16, "batch": 8, "part": 4, "z_dim": 8, "w_dim": 8, "channel_base": 128, "channel_max": 16}
# besides the optimisers, the one keeps the mean of the path lengths in mind, the other the augmentation's p
LEARNING: list[dict[str, Any]] = [
    {"loss": "stylegan2", "dtype": "float32", "noise_after": 0.0, "seed": 5},
    {"loss": "relativistic", "dtype": "bfloat16", "augment": "ada", "warm_up": 0.1, "noise_after": 0.04, "seed": 7},
    {
        "discriminator": "projected",
        "feature_size": 64,
        "spread_weight": 0.5,
        "pixel_weight": 0.5,
        "pixel_size": 16,
        "seed": 9,
    },
]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    for i in range(13):
        pixels = np.random.default_rng(i).integers(0, 256, (16, 16, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{i}.png")
    return folder


def killed(data: Path, out: Path, settings: dict[str, Any]) -> int:
    """A run in a process of its own, killed in the middle of its work; how many images its last state had seen."""
    command = [sys.executable, "-c", CHILD, str(data), str(out), json.dumps(settings)]
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + PATIENCE
    try:
        while len(list(out.glob("fakes_*.png"))) < 2:
            assert child.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.02)
    finally:
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
    return int(told(out)["shown"])


@pytest.mark.parametrize("learning", LEARNING, ids=["paths", "adapts", "projected"])
def test_a_killed_run_goes_on_bit_for_bit(data: Path, tmp_path: Path, learning: dict[str, Any]) -> None:
    shown = killed(data, tmp_path / "killed", SIZES | learning)
    assert shown > 0
    end = (shown + 72) / 1000
    rest = TrainConfig(data=data, out=tmp_path / "rest", resume=tmp_path / "killed", kimg=end, threads=1)
    train(rest)
    whole = replace(rest, resume=None, out=tmp_path / "whole", threads=2, **SIZES, **learning)
    train(whole)
    own = {"seconds": 0, "snapshots": {}}  # what depends on the clock, not on the work
    assert told(rest.out) | own == told(whole.out) | own
    found, expected = (load_file(folder / "state.safetensors") for folder in (rest.out, whole.out))
    assert found.keys() == expected.keys()
    assert [name for name in expected if not torch.equal(found[name], expected[name])] == []
