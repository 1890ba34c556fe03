"""The real mapping network behind a walk."""

import gc
import weakref
from pathlib import Path

import numpy as np
import pytest
import torch

import models
from engine.walk.base import DrawingMapping, LatentMapping
from engine.walk.mapping import TorchMapping, load_mapping
from models.checkpoint import save
from models.stylegan2 import Generator


def generator(c_dim: int = 0) -> Generator:
    torch.manual_seed(2)
    made = Generator(16, z_dim=8, c_dim=c_dim, w_dim=6, channel_base=128, channel_max=8, mapping_layers=2)
    made.mapping.w_avg.normal_()
    return made


def some_z(count: int) -> np.ndarray:
    return np.random.default_rng(1).normal(size=(count, 8)).astype(np.float32)


def test_w_is_the_networks_untruncated() -> None:
    network = generator()
    mapping: LatentMapping = TorchMapping(network)
    z = some_z(3)
    w = mapping(z)
    assert (mapping.z_dim, mapping.w_dim, mapping.num_ws) == (8, 6, network.num_ws)
    assert (w.shape, w.dtype) == ((3, 6), np.float32)
    with torch.inference_mode():
        expected = network.mapping(torch.from_numpy(z))[:, 0].numpy()
    np.testing.assert_array_equal(w, expected)
    np.testing.assert_array_equal(mapping.w_avg, network.mapping.w_avg.numpy())


def test_a_conditional_network_walks_in_its_first_class() -> None:
    network = generator(c_dim=3)
    z = some_z(2)
    with torch.inference_mode():
        first = torch.tensor([[1.0, 0.0, 0.0]]).expand(2, -1)
        expected = network.mapping(torch.from_numpy(z), first)[:, 0].numpy()
    np.testing.assert_allclose(TorchMapping(network)(z), expected, atol=1e-6)


def test_the_rest_of_a_checkpoint_is_let_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "tiny.safetensors"
    save(path, generator(), {"made for": "a test"})
    kept: list[weakref.ref[torch.nn.Module]] = []
    load = models.load

    def watched(model: Path) -> torch.nn.Module:
        network = load(model)
        kept.append(weakref.ref(network.synthesis))
        return network

    monkeypatch.setattr(models, "load", watched)
    mapping = load_mapping(path)
    gc.collect()
    assert kept[0]() is None
    assert mapping(some_z(1)).shape == (1, 6)
    assert torch.get_num_threads() == 1


def test_a_walk_that_wants_pictures_gets_the_networks(tmp_path: Path) -> None:
    network = generator()
    path = tmp_path / "tiny.safetensors"
    save(path, network, {"made for": "a test"})
    mapping = load_mapping(path, draws=True)
    assert isinstance(mapping, DrawingMapping)
    ws = np.random.default_rng(2).normal(size=(3, network.num_ws, 6)).astype(np.float32)
    with torch.inference_mode():
        expected = (network.synthesis(torch.from_numpy(ws)) / 2 + 0.5).clamp(0, 1).numpy()
    np.testing.assert_allclose(mapping.draw(ws), expected, atol=5e-3)  # the file holds float16
    assert not isinstance(load_mapping(path), DrawingMapping)
