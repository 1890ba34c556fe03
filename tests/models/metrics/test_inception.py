"""Inception against the published implementation, and its weights from files good and bad."""

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import random_inception
import torch
from safetensors.torch import save_file
from torch import Tensor

from models.metrics import MetricsError, weights
from models.metrics.inception import INPUT, Inception, stretch
from models.metrics.weights import load_inception

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def tensors() -> dict[str, Tensor]:
    return random_inception.tensors()


@pytest.fixture(scope="module")
def published() -> Tensor:
    """What torch-fidelity 0.4.0 makes of the same weights and pictures: every sixteenth of the 2048 features."""
    with np.load(Path(__file__).with_name("inception.npz"), allow_pickle=False) as file:
        return torch.from_numpy(file["features"])


def features(network: Inception) -> Tensor:
    with torch.inference_mode():
        return network(random_inception.pictures())[:, ::16]


@pytest.mark.parametrize("kind", ["zip", "stream", "safetensors"])
def test_features_are_those_of_the_published_implementation(
    kind: str, tensors: dict[str, Tensor], published: Tensor, tmp_path: Path
) -> None:
    path = tmp_path / ("weights.safetensors" if kind == "safetensors" else "weights.pth")
    whole = tensors | {"fc.weight": torch.zeros(1008, 2048), "fc.bias": torch.zeros(1008)}
    if kind == "safetensors":
        save_file(whole, path)
    else:
        torch.save(whole, path, _use_new_zipfile_serialization=kind == "zip")
    network, sha256 = load_inception(path, CPU)
    torch.testing.assert_close(features(network), published, atol=1e-4, rtol=0)
    assert len(sha256) == 64


def test_pictures_differ_by_more_than_the_tolerance(published: Tensor) -> None:
    assert (published[0] - published[1]).abs().max() > 0.02


@pytest.mark.parametrize(("size", "side"), [(5, 13), (13, 5), (7, 7)])
def test_pictures_are_stretched_from_their_corner(size: int, side: int) -> None:
    row = np.random.default_rng(size).uniform(0, 255, size)
    at = np.arange(side) * size / side
    expected = np.interp(at, np.arange(size), row)  # which stays at the last pixel, beyond it
    images = torch.from_numpy(row).float()[None, None]
    found = stretch(images[:, :, None].expand(-1, -1, size, -1), side)
    torch.testing.assert_close(found[0, 0, 1], torch.from_numpy(expected).float())
    torch.testing.assert_close(
        stretch(images[:, :, :, None].expand(-1, -1, -1, size), side)[0, 0, :, 1], found[0, 0, 1]
    )


def test_pictures_of_the_networks_size_are_left_as_they_are() -> None:
    image = torch.rand(1, 3, INPUT, INPUT)
    assert torch.equal(stretch(image, INPUT), image)


class Harmful:
    """Unpickled, it would leave a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return Path.touch, (self.path,)


def refusal(path: Path) -> str:
    with pytest.raises(MetricsError) as caught:
        load_inception(path, CPU)
    message = str(caught.value)
    assert str(path) in message
    assert "\n" not in message
    return message


def test_what_is_no_file_of_weights_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "weights.pth"
    assert "No such file" in refusal(path)
    path.write_bytes(b"not weights at all")
    assert "pt_inception-2015-12-05-6726825d.pth" in refusal(path)
    torch.save([1, 2], path)
    assert "something else than tensors" in refusal(path)
    (tmp_path / "weights.safetensors").write_bytes(b"\x08\0\0\0\0\0\0\0nonsense")
    refusal(tmp_path / "weights.safetensors")
    assert "Is a directory" in refusal(tmp_path)
    monkeypatch.setattr(weights, "LARGEST", 10)
    assert "larger than" in refusal(path)


def test_nothing_in_a_file_is_executed(tmp_path: Path) -> None:
    path, mark = tmp_path / "weights.pth", tmp_path / "executed"
    for write in (
        lambda: torch.save({"a": Harmful(mark)}, path),
        lambda: path.write_bytes(pickle.dumps(Harmful(mark))),
    ):
        write()
        refusal(path)
        assert not mark.exists()


def test_another_network_is_refused(tensors: dict[str, Tensor], tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    save_file({"a": torch.zeros(2)}, path)
    assert "Conv2d_1a_3x3.conv.weight is missing" in refusal(path)
    save_file(tensors | {"Conv2d_2b_3x3.bn.bias": torch.zeros(3)}, path)
    assert "Conv2d_2b_3x3.bn.bias is [3], expected [64]" in refusal(path)
    save_file(tensors | {"Conv2d_2b_3x3.bn.bias": torch.full((64,), float("nan"))}, path)
    assert "not finite" in refusal(path)
    save_file(tensors | {"fc.weight": torch.zeros(1000, 2048)}, path)
    assert "not the one that FID is defined on" in refusal(path)
