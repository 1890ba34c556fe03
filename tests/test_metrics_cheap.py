"""`reverie metrics` asks of a set what the network needs, says nothing on the side, and looks at small files first."""

import json
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

sys.path.insert(0, str(Path(__file__).with_name("feed")))

from feeding import save_tiny

from engine.cli import app
from engine.errors import ReverieError
from models.checkpoint import save
from models.stylegan2 import Generator
from tests.running import reverie

NAMES = tuple(f"{i}.png" for i in range(6))
VECTORS = json.dumps({"labels": [[name, [0.1, 0.2, 0.3]] for name in NAMES]})


def zipped(folder: Path, labels: str) -> Path:
    """Six pictures of noise in a ZIP, with a dataset.json that says `labels`."""
    for i, name in enumerate(NAMES):
        pixels = np.random.default_rng(i).integers(0, 256, (16, 16, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / name)
    with zipfile.ZipFile(folder / "set.zip", "w") as archive:
        for name in NAMES:
            archive.write(folder / name, name)
        archive.writestr("dataset.json", labels)
    return folder / "set.zip"


def arguments(network: Path, data: Path, *more: str) -> list[str]:
    return ["metrics", str(network), "--data", str(data), "--metric", "diversity", *more]


def refused(*arguments: str) -> str:
    error = CliRunner().invoke(app, list(arguments)).exception
    assert isinstance(error, ReverieError)
    return str(error)


@pytest.mark.parametrize("labels", [VECTORS, "no JSON"], ids=["vectors", "no JSON"])
def test_a_network_without_classes_needs_no_labels(labels: str, tmp_path: Path) -> None:
    network = save_tiny(tmp_path / "network.safetensors")
    done = CliRunner().invoke(app, arguments(network, zipped(tmp_path, labels), "--json"), catch_exceptions=False)
    assert done.exit_code == 0
    assert json.loads(done.stdout)["count"] == len(NAMES)


def test_a_network_with_classes_needs_them(tmp_path: Path) -> None:
    network = tmp_path / "network.safetensors"
    save(network, Generator(16, z_dim=8, w_dim=8, c_dim=3, channel_base=128, channel_max=8, mapping_layers=2), {})
    assert "dataset.json" in refused(*arguments(network, zipped(tmp_path, VECTORS)))


def test_nothing_moves_where_nobody_looks(tmp_path: Path) -> None:
    network = save_tiny(tmp_path / "network.safetensors")
    done = reverie(*arguments(network, zipped(tmp_path, json.dumps({"labels": None})), "--json"))
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(("content", "why"), [(None, "cannot be read"), (b"nothing", "its weights cannot be used")])
def test_weights_are_looked_at_before_the_set(content: bytes | None, why: str, tmp_path: Path) -> None:
    network, weights = save_tiny(tmp_path / "network.safetensors"), tmp_path / "weights.pth"
    if content is not None:
        weights.write_bytes(content)
    options = ("--metric", "fid", "--features", str(weights))
    said = refused("metrics", str(network), "--data", str(tmp_path / "no set"), *options)
    assert said.startswith(f"{weights}: {why}")
