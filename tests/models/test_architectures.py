"""The contract of generator architectures, held to by every one that is registered."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

import models
from models import checkpoint, registry

SIZE = 32


@pytest.fixture(params=sorted(registry.architectures()))
def generator(request: pytest.FixtureRequest) -> Any:
    """A small network of each architecture; `img_resolution` is all that a config must be told."""
    module = registry.architectures()[request.param]
    config = module.Config(img_resolution=SIZE)
    torch.manual_seed(0)
    return module.Generator(**config.model_dump()).eval().requires_grad_(False)


def test_attributes(generator: Any) -> None:
    for name in ("z_dim", "c_dim", "w_dim", "num_ws", "img_resolution", "img_channels"):
        assert isinstance(getattr(generator, name), int), name
    assert generator.img_resolution == SIZE


def test_mapping_and_synthesis(generator: Any) -> None:
    z = torch.randn(2, generator.z_dim)
    c = torch.zeros(2, generator.c_dim) if generator.c_dim else None
    ws = generator.mapping(z, c, truncation_psi=1, truncation_cutoff=None)
    assert ws.shape == (2, generator.num_ws, generator.w_dim)
    assert torch.equal(generator.mapping(z, c), ws)
    still = generator.mapping(z, c, truncation_psi=0)
    torch.testing.assert_close(still[0], still[1])
    for mode in ("const", "random", "none"):
        image = generator.synthesis(ws, noise_mode=mode)
        assert image.shape == (2, generator.img_channels, SIZE, SIZE)
        assert image.dtype == torch.float32
        assert bool(image.isfinite().all())
    assert torch.equal(generator.synthesis(ws), generator.synthesis(ws, noise_mode="const"))


def test_survives_a_checkpoint(generator: Any, tmp_path: Path) -> None:
    checkpoint.save(tmp_path / "net.safetensors", generator, {})
    again = models.load(tmp_path / "net.safetensors")
    assert type(again) is type(generator)
    assert again.config == generator.config
    assert again.state_dict().keys() == generator.state_dict().keys()


@pytest.fixture
def fresh_registry() -> Iterator[None]:
    registry.architectures.cache_clear()
    yield
    registry.architectures.cache_clear()


@pytest.mark.usefixtures("fresh_registry")
def test_dropped_file_is_found_and_a_broken_one_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "dropped_in.py").write_text('ARCHITECTURE = "dropped"\n')
    (tmp_path / "broken_in.py").write_text('ARCHITECTURE = "broken"\nimport no_such_library\n')
    (tmp_path / "bystander.py").write_text("raise RuntimeError('no architecture, must not be imported')\n")
    monkeypatch.setattr(models, "__path__", [*models.__path__, str(tmp_path)])
    found = registry.architectures()
    assert {"stylegan2", "dropped"} <= found.keys()
    assert "broken" not in found
    assert "the architecture broken_in cannot be used: ModuleNotFoundError" in caplog.text
    assert "bystander" not in caplog.text


@pytest.mark.usefixtures("fresh_registry")
def test_broken_entry_point_is_reported(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> None:
        raise AttributeError("no such module")

    point = SimpleNamespace(value="elsewhere:network", load=fail)
    monkeypatch.setattr(registry, "entry_points", lambda group: [point] if group == "reverie.architectures" else [])
    assert "stylegan2" in registry.architectures()
    assert "the architecture elsewhere:network cannot be used: AttributeError: no such module" in caplog.text
