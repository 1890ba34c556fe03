"""Small networks that grow: what they know stays, and training goes on at the larger size."""

import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import models
from models.discriminator import Discriminator
from models.ops import upsample
from models.stylegan2 import Generator
from models.training import TrainConfig, TrainingError, train
from models.training.data import ImageSet, open_set
from models.training.discrimination import Batch, Turn
from models.training.growing import grow
from models.training.networks import Networks, fresh, with_average
from models.training.players import Players
from models.training.presets import settle
from models.training.start import begin
from models.training.state import networks_in
from tests.commands import refused


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    for i in range(8):
        pixels = np.random.default_rng(i).integers(0, 256, (32, 32, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{i}.png")
    return folder


def tiny(data: Path, out: Path) -> TrainConfig:
    return TrainConfig(
        data=data, out=out, resolution=16, kimg=0.016, batch=8, threads=1, z_dim=8, w_dim=8, channel_base=128,
        channel_max=16, dtype="float32",
    )  # fmt: skip


@pytest.fixture
def small(data: Path, tmp_path: Path) -> Networks:
    torch.manual_seed(0)
    networks = fresh(tiny(data, tmp_path))
    for parameter in networks.generator.parameters():
        torch.nn.init.normal_(parameter)
    return networks


def picture(network: Any, seed: int = 0, c: torch.Tensor | None = None) -> torch.Tensor:
    z = torch.randn(2, network.z_dim, generator=torch.Generator().manual_seed(seed))
    result: torch.Tensor = network.synthesis(network.mapping(z, c), noise_mode="none")
    return result


@pytest.mark.parametrize("resolution", [32, 64])
def test_a_grown_generator_draws_its_pictures_enlarged(small: Networks, resolution: int) -> None:
    wanted = picture(small.generator)
    for _ in range(resolution // 32):
        wanted = upsample(wanted)
    grown = grow(small, resolution)
    torch.testing.assert_close(picture(grown.generator), wanted)
    assert grown.generator.config.img_resolution == grown.ema.config.img_resolution == resolution
    fresh_layer = grown.generator.synthesis.blocks[-1].conv0.weight
    torch.testing.assert_close(grown.ema.synthesis.blocks[-1].conv0.weight, fresh_layer, rtol=0, atol=0)


def test_a_grown_discriminator_keeps_its_inner_layers(small: Networks) -> None:
    known, grown = small.discriminator, grow(small, 32).discriminator
    assert len(grown.blocks) == len(known.blocks) + 1
    torch.testing.assert_close(grown.blocks[1].conv0.weight, known.blocks[0].conv0.weight, rtol=0, atol=0)
    torch.testing.assert_close(grown.fc.weight, known.fc.weight, rtol=0, atol=0)
    assert grown(torch.zeros(4, 3, 32, 32)).shape == (4,)


def test_a_canvas_grows_along(data: Path, tmp_path: Path) -> None:
    grown = grow(fresh(replace(tiny(data, tmp_path), canvas=(18, 50))), 32)
    assert picture(grown.generator).shape == (2, 3, 36, 100)
    assert grown.discriminator(torch.zeros(4, 3, 36, 100)).shape == (4,)


def test_classes_and_the_clamp_stay(data: Path, tmp_path: Path) -> None:
    known = fresh(tiny(data, tmp_path), classes=3)
    clamped = with_average(
        Generator(**known.generator.config.model_dump() | {"conv_clamp": 0.5}),
        Discriminator(**known.discriminator.config.model_dump() | {"conv_clamp": 0.25}),
    )
    for parameter in [*clamped.generator.parameters(), *clamped.discriminator.parameters()]:
        torch.nn.init.normal_(parameter)
    grown = grow(clamped, 32)
    c = torch.eye(3)[:2]
    wanted = upsample(picture(clamped.generator, c=c))
    torch.testing.assert_close(picture(grown.generator, c=c), wanted)
    assert [network.config.conv_clamp for network in (grown.generator, grown.ema)] == [0.5, 0.5]
    assert (grown.discriminator.config.conv_clamp, grown.discriminator.config.c_dim) == (0.25, 3)
    known_map, grown_map = clamped.discriminator.mapping, grown.discriminator.mapping
    torch.testing.assert_close(grown_map.map_w(torch.zeros(2, 0), c), known_map.map_w(torch.zeros(2, 0), c))
    assert grown.discriminator(wanted, c).shape == (2,)


def test_a_run_begins_with_another_and_grows(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    train(tiny(data, tmp_path / "small"))
    second = TrainConfig(
        data=data, out=tmp_path / "large", start_from=tmp_path / "small", resolution=32, kimg=0.008, batch=8, threads=1,
        dtype="float32",
    )  # fmt: skip
    path = train(second)
    assert "from small, as it was at kimg 0.0, grown to 32x32\n" in capsys.readouterr().out
    provenance = models.read_manifest(path)["provenance"]
    assert provenance["started_from"]["kimg"] == 0.016
    assert provenance["started_from"]["settings"]["batch"] == 8
    assert models.load(path).img_resolution == 32
    on = train(TrainConfig(data=data, out=second.out, resume=second.out, kimg=0.016, threads=1))
    assert models.read_manifest(on)["provenance"]["started_from"] == provenance["started_from"]


def test_a_run_begins_where_another_stands(data: Path, tmp_path: Path) -> None:
    train(tiny(data, tmp_path / "first"))
    _, known = networks_in(tmp_path / "first" / "state.safetensors")
    begun = TrainConfig(
        data=data, out=tmp_path / "second", start_from=tmp_path / "first", kimg=0.008, batch=8, threads=1,
        dtype="float32", learning_rate=1e-9,
    )  # fmt: skip
    train(begun)
    _, after = networks_in(begun.out / "state.safetensors")
    for role in ("generator", "discriminator", "ema"):
        pairs = zip(getattr(known, role).parameters(), getattr(after, role).parameters(), strict=True)
        assert all(torch.allclose(before, now, atol=1e-6) for before, now in pairs), role


def test_the_generator_waits_for_a_new_discriminator(data: Path, tmp_path: Path) -> None:
    config = tiny(data, tmp_path)
    players = Players(settle(config, 8, 16, {}), fresh(config))
    images = torch.rand(8, 3, 16, 16, generator=torch.Generator().manual_seed(1)) * 2 - 1
    before = {role: copy.deepcopy(getattr(players, role)) for role in ("generator", "discriminator")}

    def moved(role: str) -> bool:
        pairs = zip(getattr(players, role).parameters(), before[role].parameters(), strict=True)
        return any(not torch.equal(now, then) for now, then in pairs)

    players.play(lambda part: Batch(images), Turn(0, warmth=0.0))
    assert (moved("generator"), moved("discriminator")) == (False, True)
    players.play(lambda part: Batch(images), Turn(1, warmth=0.5))
    assert moved("generator")
    players.close()


def test_coarse_layers_have_no_noise(data: Path, tmp_path: Path) -> None:
    """Of a fresh network below 32 pixels; of one that knows noise, only if that is asked for."""
    config = replace(tiny(data, tmp_path), resolution=32)

    def learning(**options: Any) -> list[bool]:
        networks = fresh(config)
        for name, strength in networks.generator.named_parameters():
            if name.endswith("noise_strength"):
                torch.nn.init.ones_(strength)
        players = Players(settle(replace(config, **options), 8, 32, {}), networks)
        players.close()
        layers = [(b.conv0, b.conv1) for b in networks.generator.synthesis.blocks]
        strengths = [layer.noise_strength for pair in layers for layer in pair if layer is not None]
        assert all(strength.requires_grad == bool(strength) for strength in strengths)
        return [bool(strength) for strength in strengths]

    assert learning() == [False] * 5 + [True] * 2  # 4, 8, 8, 16, 16; 32, 32
    assert learning(noise_from=16) == [False] * 3 + [True] * 4
    assert learning(preset="stylegan2") == [True] * 7


def test_only_a_new_discriminator_is_waited_for(data: Path, tmp_path: Path) -> None:
    train(tiny(data, tmp_path / "small"))

    def warm_up(**options: Any) -> float:
        config = TrainConfig(data=data, out=tmp_path / "on", threads=1, **options)
        result: float = settle(config, 8, 16, begin(config, opened).recipe).warm_up
        return result

    def opened(shape: tuple[int, int], labels: bool) -> ImageSet:
        return open_set(data, shape, labels=labels)

    assert warm_up(resolution=16) == 0
    assert warm_up(start_from=tmp_path / "small") == 0
    known = begin(TrainConfig(data=data, out=tmp_path / "on", start_from=tmp_path / "small"), opened)
    assert known.recipe["noise_from"] == 32
    assert warm_up(start_from=tmp_path / "small", resolution=32) == 10
    assert warm_up(start_from=tmp_path / "small" / "best.safetensors") == 10


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((), "there is no "),
        (("--resolution", "48"), "resolution 48 is not a power of two"),
    ],
)
def test_a_folder_without_a_run_is_one_sentence(
    data: Path, tmp_path: Path, options: tuple[str, ...], said: str
) -> None:
    (tmp_path / "empty").mkdir()
    assert said in refused("train", "--data", data, "--out", tmp_path / "out", "--from", tmp_path / "empty", *options)


def test_too_narrow_to_grow_is_said(data: Path, tmp_path: Path) -> None:
    train(replace(tiny(data, tmp_path / "first"), resolution=32, channel_base=64))
    begun = TrainConfig(data=data, out=tmp_path / "second", start_from=tmp_path / "first", threads=1)
    with pytest.raises(TrainingError, match="channel_base 64 leaves no channel at a resolution of 128"):
        train(replace(begun, resolution=128))
