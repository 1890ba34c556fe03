"""Networks of others come out as they went in: every weight, and the picture."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import models
from models import checkpoint
from models.convert import convert, open_source
from models.discriminator import Discriminator
from models.manifest import sha256
from models.stylegan2 import Generator
from models.training.losses import LOSSES
from models.training.regularisation import gradient_penalty
from tests.models.convert.foreign import dump, official, rosinality, snapshot
from tests.models.convert.networks import assert_same, small_critic, small_stylegan2, small_stylegan3
from tests.models.known import REFERENCE, needs_reference


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "net.safetensors"


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("c_dim", [0, 3])
def test_stylegan2_in_every_protocol(tmp_path: Path, out: Path, protocol: int, c_dim: int) -> None:
    g, average, critic = small_stylegan2(c_dim, 1), small_stylegan2(c_dim, 2), small_critic(c_dim)
    done = convert(dump(snapshot(g, average, critic), tmp_path / "net.pkl", protocol), out, everything=True)
    assert done.missing == ()
    assert_same(models.load(out), average)
    assert_same(models.load(tmp_path / "net.G.safetensors"), g)
    assert_same(checkpoint.load_discriminator(tmp_path / "net.D.safetensors"), critic)


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("radial", [False, True])
def test_stylegan3_in_every_protocol(tmp_path: Path, out: Path, protocol: int, radial: bool) -> None:
    network = small_stylegan3(3, radial=radial)
    convert(dump(snapshot(network, network, None), tmp_path / "net.pkl", protocol), out)
    assert_same(models.load(out), network)


@pytest.mark.parametrize("protocol", [3, 4])
def test_both_names_of_numpy(tmp_path: Path, out: Path, protocol: int) -> None:
    path = dump(snapshot(small_stylegan3(), small_stylegan3(), None), tmp_path / "net.pkl", protocol)
    content = path.read_bytes()
    old, new = b"numpy.core.multiarray", b"numpy._core.multiarray"
    for head in (b"c", bytes([0x8C, len(new)])):  # GLOBAL, and SHORT_BINUNICODE with its length
        content = content.replace(head + new, (b"c" if head == b"c" else bytes([0x8C, len(old)])) + old)
    assert new not in content
    assert old in content
    path.write_bytes(content)
    convert(path, out)
    assert_same(models.load(out), small_stylegan3())


def test_a_network_alone_is_taken_as_the_one_to_show(tmp_path: Path, out: Path) -> None:
    convert(dump(official(small_stylegan2()), tmp_path / "net.pkl"), out)
    assert_same(models.load(out), small_stylegan2())


@pytest.mark.parametrize("zipped", [True, False])
def test_rosinality(tmp_path: Path, out: Path, zipped: bool) -> None:
    network, critic = small_stylegan2(), small_critic()
    network.config = network.config.model_copy(update={"conv_clamp": None})
    critic.config = critic.config.model_copy(update={"conv_clamp": None})
    path = tmp_path / "net.pt"
    torch.save(rosinality(network, critic), path, _use_new_zipfile_serialization=zipped)
    done = convert(path, out, everything=True)
    assert done.missing == ()
    for written in (out, tmp_path / "net.G.safetensors"):
        assert_same(models.load(written), network, rtol=1e-6)
    assert_same(checkpoint.load_discriminator(tmp_path / "net.D.safetensors"), critic)
    assert "unknown" in done.provenance["licence"]


def test_rosinality_without_its_mean_and_noise(tmp_path: Path, out: Path) -> None:
    network = small_stylegan2()
    torch.save(rosinality(network, average=False, noises=False), tmp_path / "net.pt")
    done = convert(tmp_path / "net.pt", out, everything=True)
    assert done.missing == ("D",)
    again = models.load(out)
    mean = network.mapping.map_w(torch.randn(50_000, 5)).mean(dim=0)
    torch.testing.assert_close(again.mapping.w_avg, mean, rtol=0.02, atol=0.02)
    assert not again.state_dict()["synthesis.blocks.2.conv1.noise_const"].any()


def test_weights_of_other_precisions(tmp_path: Path, out: Path) -> None:
    expected = small_stylegan2()
    for dtype in (torch.float16, torch.bfloat16, torch.float64):
        network = small_stylegan2().to(dtype)
        convert(dump(official(network), tmp_path / "net.pkl"), out)
        for name, tensor in models.load(out).state_dict().items():
            assert torch.equal(tensor, expected.state_dict()[name].to(dtype).float()), (name, dtype)


def test_the_manifest_says_where_it_comes_from(tmp_path: Path, out: Path) -> None:
    path = dump(snapshot(small_stylegan2(), small_stylegan2(), small_critic()), tmp_path / "paintings.pkl")
    convert(path, out, everything=True)
    manifest = models.read_manifest(tmp_path / "net.D.safetensors")
    assert manifest["architecture"] == "stylegan2-discriminator"
    told = manifest["provenance"]
    assert (told["source"], told["network"], told["trained_on"]) == ("paintings.pkl", "D", {"images": 7})
    assert told["source_sha256"] == sha256(path)
    assert "non-commercial" in told["licence"]
    assert "secret" not in json.dumps(manifest), "paths of another's machine are nobody's business"


def test_training_can_go_on_from_it(tmp_path: Path, out: Path) -> None:
    torch.manual_seed(4)
    fresh = Generator(32, z_dim=5, w_dim=6, channel_base=256, channel_max=12, mapping_layers=2)
    critic = Discriminator(32, channel_base=256, channel_max=12)
    convert(dump(snapshot(fresh, fresh, critic), tmp_path / "net.pkl"), out, everything=True)
    generator = models.load(tmp_path / "net.G.safetensors").train().requires_grad_(True)
    critic = checkpoint.load_discriminator(tmp_path / "net.D.safetensors").train().requires_grad_(True)
    real, loss = torch.rand(4, 3, 32, 32), LOSSES["non-saturating"]()
    fake = generator(torch.randn(4, 5), noise_mode="random")
    total = loss.discriminator(critic(real), critic(fake.detach())) + gradient_penalty(critic, real)
    total.backward()
    loss.generator(critic(real), critic(fake)).backward()
    for network in (generator, critic):
        optimiser = torch.optim.Adam(network.parameters(), lr=1e-3)
        before = {name: tensor.clone() for name, tensor in network.named_parameters()}
        optimiser.step()
        changed = [name for name, tensor in network.named_parameters() if not torch.equal(tensor, before[name])]
        assert len(changed) == len(before)


def test_a_show_cannot_choose_a_discriminator(tmp_path: Path, out: Path) -> None:
    convert(dump(snapshot(small_stylegan2(), small_stylegan2(), small_critic()), tmp_path / "net.pkl"), out, True)
    with pytest.raises(models.CheckpointError, match="'stylegan2-discriminator' is not known here; known are"):
        models.load(tmp_path / "net.D.safetensors")
    with pytest.raises(models.CheckpointError, match="'stylegan2' is not known here; known are stylegan2-discr"):
        checkpoint.load_discriminator(out)


def test_an_older_checkpoint_of_the_same_name_is_replaced(tmp_path: Path, out: Path) -> None:
    for seed in (1, 2):
        convert(dump(official(small_stylegan2(seed=seed)), tmp_path / "net.pkl"), out)
    assert_same(models.load(out), small_stylegan2(seed=2))


@needs_reference
@pytest.mark.parametrize("name", ["sg2_32", "sg2_64_c4", "sg2ada_32_p3", "sg3t_64", "sg3r_32_c3"])
def test_published_files(tmp_path: Path, out: Path, name: str) -> None:
    assert convert(REFERENCE / f"{name}.pkl", out, everything=True).missing == ()
    known: Any = np.load(REFERENCE / f"{name}.npz")
    trained = models.load(tmp_path / "net.G.safetensors")
    z, c = torch.from_numpy(known["z"][:1]), torch.from_numpy(known["c"][:1])
    with torch.inference_mode():
        picture = trained(z, c if trained.c_dim else None)
    torch.testing.assert_close(picture, torch.from_numpy(known["img_G_not_ema_psi1"]), atol=2e-5, rtol=0)
    source = open_source(REFERENCE / f"{name}.pkl")
    assert_same(models.load(out), source.build("G_ema"))
    assert_same(checkpoint.load_discriminator(tmp_path / "net.D.safetensors"), source.build("D"))
