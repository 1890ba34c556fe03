"""`reverie metrics`: what it prints, and one sentence for each mistake."""

import json
from pathlib import Path

import numpy as np
import pytest
import typer
from PIL import Image
from typer.testing import CliRunner, Result

from engine.cli_metrics import metrics
from engine.errors import ReverieError


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """A folder of twelve pictures of noise."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for i in range(12):
        pixels = np.random.default_rng(i).integers(0, 256, (70, 64, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{i}.png")
    return folder


def measured(*arguments: object) -> Result:
    app = typer.Typer()
    app.command()(metrics)
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def refused(*arguments: object) -> str:
    """What a person is told: a sentence, no traceback."""
    error = measured(*arguments).exception
    assert isinstance(error, ReverieError)
    assert "\n" not in str(error)
    return str(error)


def test_it_says_what_the_figures_mean(pictures: Path) -> None:
    done = measured("museum-128", "--data", pictures, "--count", 8)
    assert done.exit_code == 0, done.output
    assert "swd" in done.output
    assert "at 128" in done.output
    assert "diversity" in done.output
    assert "less is better" in done.output
    assert "museum-128.safetensors against pictures: 8 pictures each" in done.output


def test_as_json_it_says_what_was_compared(pictures: Path) -> None:
    done = measured("museum-128", "--data", pictures, "--metric", "diversity", "--trunc", 0, "--json")
    assert done.exit_code == 0, done.output
    report = json.loads(done.stdout)
    assert report["count"] == 12
    assert report["trunc"] == 0
    assert report["diversity"] == pytest.approx(0, abs=1e-4)
    assert len(report["network_sha256"]) == len(report["data_sha256"]) == 64
    assert "swd" not in report


def test_mistakes_are_one_sentence(pictures: Path, tmp_path: Path) -> None:
    assert "no metric 'fod'; there are swd" in refused("museum-128", "--data", pictures, "--metric", "fod")
    assert "--features" in refused("museum-128", "--data", pictures, "--metric", "swd,fid")
    assert "there is no built-in network 'museum-1'" in refused("museum-1", "--data", pictures)
    assert f"there is no {tmp_path / 'absent'}" in refused("museum-128", "--data", tmp_path / "absent")
    assert "there is no device 'toaster'" in refused("museum-128", "--data", pictures, "--device", "toaster")
    weights = tmp_path / "weights.pth"
    weights.write_bytes(b"nothing")
    assert f"{weights}: its weights cannot be used" in refused(
        "museum-128", "--data", pictures, "--metric", "fid", "--features", weights
    )
