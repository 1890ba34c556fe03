"""A run that is killed goes on as if nothing had happened, to the bit."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from models.training import TrainConfig, train
from tests.models.states import told
from tests.running import PATIENCE

CHILD = """
import sys
from pathlib import Path
from models.training import TrainConfig, train
data, out = sys.argv[1:]
train(TrainConfig(data=Path(data), out=Path(out), resolution=16, kimg=1e6, batch=8, part=4, threads=2, z_dim=8, w_dim=8,
    channel_base=128, channel_max=16, dtype="float32", noise_after=0.0, snapshot_s=0.3, seed=5, loss="stylegan2"))
"""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    for i in range(13):
        pixels = np.random.default_rng(i).integers(0, 256, (16, 16, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{i}.png")
    return folder


def killed(data: Path, out: Path) -> int:
    """A run in a process of its own, killed in the middle of its work; how many images its last state had seen."""
    child = subprocess.Popen([sys.executable, "-c", CHILD, str(data), str(out)], stdout=subprocess.DEVNULL)
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


def test_a_killed_run_goes_on_bit_for_bit(data: Path, tmp_path: Path) -> None:
    """With the loss that keeps most in mind: besides the optimisers, the mean of the path lengths."""
    shown = killed(data, tmp_path / "killed")
    assert shown > 0
    end = (shown + 72) / 1000
    rest = TrainConfig(data=data, out=tmp_path / "rest", resume=tmp_path / "killed", kimg=end, threads=1)
    train(rest)
    whole = replace(
        rest, resume=None, out=tmp_path / "whole", resolution=16, z_dim=8, w_dim=8, channel_base=128, channel_max=16,
        batch=8, part=4, dtype="float32", noise_after=0.0, seed=5, loss="stylegan2",
        threads=2,
    )  # fmt: skip
    train(whole)
    own = {"seconds": 0, "snapshots": {}}  # what depends on the clock, not on the work
    assert told(rest.out) | own == told(whole.out) | own
    found, expected = (load_file(folder / "state.safetensors") for folder in (rest.out, whole.out))
    assert found.keys() == expected.keys()
    assert [name for name in expected if not torch.equal(found[name], expected[name])] == []
