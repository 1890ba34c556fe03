"""Training on from the weights of a network: converted with its players, or alone."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, safe_open, save_file

import models
from models import checkpoint, stylegan2
from models.convert import convert
from models.discriminator import Discriminator
from models.manifest import hash_file, sha256
from models.training import TrainConfig, TrainingError, train
from tests.models.convert.foreign import dump, snapshot
from tests.models.convert.networks import small_critic, small_stylegan2, small_stylegan3
from tests.running import reverie as in_its_own_process

Network = stylegan2.Generator


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    for i in range(8):
        pixels = np.random.default_rng(i).integers(0, 256, (32, 32, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{i}.png")
    return folder


@pytest.fixture
def net(tmp_path: Path) -> Path:
    """A converted network with its players: three files, all of different weights."""
    average, generator = small_stylegan2(seed=1), small_stylegan2(seed=3)
    pickle = dump(snapshot(generator, average, small_critic()), tmp_path / "paintings.pkl")
    convert(pickle, tmp_path / "net.safetensors", everything=True)
    return tmp_path / "net.safetensors"


@pytest.fixture
def config(data: Path, net: Path, tmp_path: Path) -> TrainConfig:
    return TrainConfig(
        data=data, out=tmp_path / "run", start_from=net, kimg=0.008, batch=8, threads=1, dtype="float32",
        learning_rate=1e-5,
    )  # fmt: skip


def player(net: Path, role: str) -> Path:
    return net.with_name(f"net.{role}.safetensors")


def state(folder: Path, name: str) -> dict[str, torch.Tensor]:
    """The weights of one network in a saved run."""
    tensors = load_file(folder / "state.safetensors")
    return {key.removeprefix(f"{name}."): value for key, value in tensors.items() if key.startswith(f"{name}.")}


def furthest(trained: dict[str, torch.Tensor], start: Any) -> float:
    """The largest difference of any weight; noise and mean w are no weights."""
    weights = dict(start.named_parameters())
    return max(float((trained[name] - weight).abs().max()) for name, weight in weights.items())


def provenance(path: Path) -> dict[str, Any]:
    result: dict[str, Any] = models.read_manifest(path)["provenance"]
    return result


def test_a_converted_network_goes_on_from_its_players(
    config: TrainConfig, net: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trained = models.load(train(config))
    start = models.load(net)
    assert trained.config == start.config
    assert "from net.safetensors, with net.G.safetensors and net.D.safetensors\n" in capsys.readouterr().out
    starts = {
        "generator": models.load(player(net, "G")),
        "discriminator": checkpoint.load_discriminator(player(net, "D")),
        "ema": start,
    }
    for name, network in starts.items():
        assert 0 < furthest(state(config.out, name), network) < 0.02, name
    kept = state(config.out, "ema")["synthesis.blocks.1.conv0.noise_const"]
    assert torch.equal(kept, start.synthesis.blocks[1].conv0.noise_const)
    before, after = (network(torch.ones(1, 5)) for network in (start, trained))
    assert 0 < float((after - before).abs().max()) < 0.1 * float(before.std())


def test_the_record_names_the_start_and_keeps_its_licence(config: TrainConfig, net: Path) -> None:
    first = train(config)
    told = provenance(first)
    assert told["started_from"]["name"] == "net.safetensors"
    assert told["started_from"]["sha256"] == sha256(net)
    assert told["started_from"]["G"] == {"name": "net.G.safetensors", "sha256": sha256(player(net, "G"))}
    assert told["licence"] == told["started_from"]["licence"] == provenance(net)["licence"]
    assert "non-commercial" in told["licence"]
    again = train(replace(config, start_from=first, out=config.out / "again"))
    assert provenance(again)["started_from"]["sha256"] == sha256(first)
    assert provenance(again)["licence"] == told["licence"]


def test_resumed_it_equals_one_that_was_never_stopped(config: TrainConfig) -> None:
    whole = replace(config, kimg=0.024, out=config.out / "whole")
    last = train(whole)
    train(config)
    resumed = train(replace(whole, start_from=None, resume=config.out, out=config.out))
    assert provenance(resumed) | {"seconds": 0} == provenance(last) | {"seconds": 0}
    expected, found = (load_file(folder / "state.safetensors") for folder in (whole.out, config.out))
    assert [name for name in expected if not torch.equal(found[name], expected[name])] == []


def test_a_network_alone_gets_a_fresh_discriminator(
    config: TrainConfig, net: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for role in "GD":
        player(net, role).unlink()
    train(replace(config, warm_up=0.0))
    said = capsys.readouterr().out
    assert said.count("a fresh discriminator, as there is no net.D.safetensors beside it") == 1
    start = models.load(net)
    for name in ("generator", "ema"):
        assert 0 < furthest(state(config.out, name), start) < 0.01, name
    assert state(config.out, "discriminator")["fromrgb.weight"].shape == (12, 12, 1, 1)  # 2x2 patches of 3 channels


def test_noise_that_is_there_stays_and_other_noise_waits(config: TrainConfig, net: Path, tmp_path: Path) -> None:
    def strengths(folder: Path) -> list[float]:
        return [value.item() for name, value in state(folder, "generator").items() if name.endswith("noise_strength")]

    before = [float(layer) for name, layer in models.load(player(net, "G")).named_parameters() if "strength" in name]
    train(config)
    assert all(a != b for a, b in zip(strengths(config.out), before, strict=True))
    quiet = Network(32, z_dim=5, w_dim=6, channel_base=256, channel_max=12)
    checkpoint.save(tmp_path / "quiet.safetensors", quiet, {})
    train(replace(config, start_from=tmp_path / "quiet.safetensors", out=tmp_path / "other"))
    assert not any(strengths(tmp_path / "other"))


def test_a_wide_network_brings_its_canvas(config: TrainConfig, tmp_path: Path) -> None:
    wide = tmp_path / "wide.safetensors"
    checkpoint.save(wide, Network(32, z_dim=5, w_dim=6, channel_base=256, channel_max=12, canvas=(20, 70)), {})
    path = train(replace(config, start_from=wide, resolution=32, canvas=(20, 70)))
    assert models.load(path).img_shape == (20, 70)
    assert provenance(path)["licence"] == "not recorded"
    with pytest.raises(TrainingError, match="its canvas is 70x20, not 64x20"):
        train(replace(config, start_from=wide, canvas=(20, 64), out=tmp_path / "other"))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            {"z_dim": 16},
            r"net\.safetensors does not fit this run \(its z_dim is 5, not 16\); leave that out",
        ),
        ({"canvas": (32, 48)}, "its canvas is 32x32, not 48x32"),
        ({"channel_max": 8}, "its channel_max is 12, not 8"),
        ({"resume": Path("run")}, "--from starts a new run and --resume goes on with an old one"),
        ({"start_from": "museum"}, "there is no built-in network 'museum'"),
        ({"start_from": "none.safetensors"}, "there is no such checkpoint"),
        ({"start_from": "net.pkl"}, "not a checkpoint yet; run: reverie convert"),
    ],
)
def test_settings_that_do_not_fit_the_network(config: TrainConfig, change: dict[str, Any], words: str) -> None:
    with pytest.raises(TrainingError, match=words):
        train(replace(config, **change))


@pytest.mark.parametrize(
    ("network", "words"),
    [
        (lambda: small_stylegan3(), "only stylegan2 networks can be trained, and this is 'stylegan3'"),
        (lambda: small_critic(), "and this is 'stylegan2-discriminator'"),
        (lambda: small_stylegan2(c_dim=3), "has 0 classes, and the network in .* has 3; give pictures with as"),
        (lambda: Network(16, img_channels=1), "it draws in grey"),
    ],
)
def test_networks_that_cannot_be_trained(config: TrainConfig, tmp_path: Path, network: Any, words: str) -> None:
    checkpoint.save(tmp_path / "other.safetensors", network(), {})
    with pytest.raises(TrainingError, match=words):
        train(replace(config, start_from=tmp_path / "other.safetensors"))


@pytest.mark.parametrize(
    ("role", "network", "source"),
    [
        ("G", lambda: Network(32, z_dim=5, w_dim=6, channel_base=256, channel_max=16), None),
        ("G", lambda: small_stylegan2(), "another file's"),
        ("D", lambda: Discriminator(64), None),
        ("D", lambda: small_critic(c_dim=3), None),
        ("D", lambda: small_stylegan2(), None),
        ("D", lambda: small_critic(), "another file's"),
    ],
)
def test_players_of_another_network(
    config: TrainConfig, net: Path, role: str, network: Any, source: str | None
) -> None:
    checkpoint.save(player(net, role), network(), {} if source is None else {"source_sha256": source})
    with pytest.raises(TrainingError, match=rf"net\.{role}\.safetensors does not belong to net\.safetensors; convert"):
        train(config)


def test_a_damaged_player_is_no_missing_one(config: TrainConfig, net: Path) -> None:
    player(net, "D").write_bytes(b"nothing")
    with pytest.raises(TrainingError, match=r"net\.D\.safetensors: the checkpoint cannot be used"):
        train(config)


def test_a_batch_must_hold_whole_groups_of_the_discriminator(config: TrainConfig, net: Path) -> None:
    critic = Discriminator(32, channel_base=256, channel_max=12, mbstd_group_size=8)
    checkpoint.save(player(net, "D"), critic, {})
    with pytest.raises(TrainingError, match=r"a part of 12 is not made of whole groups of 8, which the discriminator"):
        train(replace(config, batch=24, part=12))
    assert train(config).is_file()


def test_a_state_without_sizes_needs_them_given(config: TrainConfig, tmp_path: Path) -> None:
    """As an earlier version wrote it."""
    sizes = {"resolution": 16, "z_dim": 5, "w_dim": 6, "channel_base": 256, "channel_max": 12}
    fresh = replace(config, start_from=None, noise_from=4, **sizes)  # type: ignore[arg-type]
    train(fresh)
    path = config.out / "state.safetensors"
    with safe_open(path, framework="pt") as file:
        metadata = file.metadata()
    del metadata["sha256"]
    assert json.loads(metadata.pop("sizes"))["generator"]["img_resolution"] == 16
    train(replace(config, start_from=None, resume=config.out, out=tmp_path / "sized", kimg=0.016))
    old = ("shown", "iteration", "seconds", "started_from")
    metadata["progress"] = json.dumps({name: json.loads(metadata["progress"])[name] for name in old})
    save_file(load_file(path), path, metadata=metadata)
    with pytest.raises(TrainingError, match=r"does not fit this run .*; resume with the settings it was made with"):
        train(replace(config, start_from=None, resume=config.out))
    assert train(replace(fresh, resume=config.out, kimg=0.016)).is_file()


def test_from_the_shell(net: Path, data: Path, tmp_path: Path) -> None:
    arguments = ["train", "--from", str(net), "--data", str(data), "--out", str(tmp_path / "shell")]
    done = in_its_own_process(*arguments, "--channel-max", "8")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "its channel_max is 12, not 8" in done.stderr
    done = in_its_own_process(*arguments, "--kimg", "0.008", "--batch", "8")
    assert done.returncode == 0, done.stderr
    path = Path(done.stdout.splitlines()[-1])
    assert hash_file(path).is_file()
    assert models.load(path).img_resolution == 32
