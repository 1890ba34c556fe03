"""`reverie metrics`: what it prints, and one sentence for each mistake."""

import json
from pathlib import Path

import numpy as np
import pytest
import typer
from PIL import Image
from typer.testing import CliRunner, Result

import models
from engine.cli_metrics import metrics
from engine.errors import ReverieError
from models import checkpoint


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


def test_figures_on_features_are_named_with_their_backbone_and_stand_beside_the_floor(pictures: Path) -> None:
    asked = ("museum-128", "--data", pictures, "--metric", "thumbnails,frechet,kid,recall", "--count", 6, "--floor")
    done = measured(*asked, "--features", "efficientnet-lite2", "--json")
    assert done.exit_code == 0, done.output
    report = json.loads(done.stdout)
    own, below = report["efficientnet-lite2"], report["floor"]["efficientnet-lite2"]
    assert set(own) == set(below) == {"frechet", "kid", "kid_deviation", "recall"}
    assert own["frechet"] > below["frechet"] > 0
    assert report["thumbnails"] > report["floor"]["thumbnails"]
    assert (report["count"], report["floor"]["count"]) == (6, 6)
    assert len(report["weights_sha256"]) == 64
    table = measured(*asked, "--features", "efficientnet-lite2").output
    assert "\nefficientnet-lite2" in table
    assert "\n  frechet" in table
    assert "halves of the set: 6 each" in table


def test_a_network_is_not_measured_by_what_it_was_trained_against(pictures: Path, tmp_path: Path) -> None:
    settings = {"discriminator": "projected", "features": "efficientnet-lite2"}
    network = models.load("museum-128")
    path = tmp_path / "flattered.safetensors"
    checkpoint.save(path, network, {"started_from": {"settings": settings}})
    said = refused(path, "--data", pictures, "--metric", "kid", "--features", "efficientnet-lite2")
    assert "trained against efficientnet-lite2, whose figures would flatter it" in said


def test_mistakes_are_one_sentence(pictures: Path, tmp_path: Path) -> None:
    assert "no metric 'fod'; there are swd" in refused("museum-128", "--data", pictures, "--metric", "fod")
    assert "--features" in refused("museum-128", "--data", pictures, "--metric", "swd,fid")
    assert "there is no built-in network 'museum-1'" in refused("museum-1", "--data", pictures)
    assert f"there is no {tmp_path / 'absent'}" in refused("museum-128", "--data", tmp_path / "absent")
    assert "there is no device 'toaster'" in refused("museum-128", "--data", pictures, "--device", "toaster")
    lite = ("--features", "efficientnet-lite2")
    assert "ask for frechet" in refused("museum-128", "--data", pictures, "--metric", "fid", *lite)
    assert "--features is for fid, frechet" in refused("museum-128", "--data", pictures, "--metric", "swd", *lite)
    assert "there are no features 'efficientnet-lite9'; there are efficientnet-lite0" in refused(
        "museum-128", "--data", pictures, "--metric", "kid", "--features", "efficientnet-lite9"
    )
    weights = tmp_path / "weights.pth"
    weights.write_bytes(b"nothing")
    assert f"{weights}: its weights cannot be used" in refused(
        "museum-128", "--data", pictures, "--metric", "fid", "--features", weights
    )
