"""Networks cut to smaller pictures or made wider: what they draw stays, and training goes on from there."""

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

import models
from models import checkpoint
from models.base import Noise
from models.canvas import crop
from models.discriminator import Discriminator
from models.ops import upsample
from models.stylegan2 import Generator
from models.training import TrainConfig, TrainingError, train
from models.training.data import ImageSet, open_set
from models.training.fitting import fitted
from models.training.networks import Networks, built, fresh_discriminator, with_average
from models.training.start import begin
from tests.commands import refused
from tests.models.picture_sets import filled


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return filled(tmp_path_factory.mktemp("data"), *(f"{i}.png" for i in range(8)))


def known(c_dim: int = 0, canvas: tuple[int, int] | None = None, patch_size: int = 2, **more: Any) -> Networks:
    """Networks at a resolution of 64, with random weights and noise; the average has other weights."""
    torch.manual_seed(0)
    sizes = {"img_resolution": 64, "c_dim": c_dim, "canvas": canvas, "channel_base": 256, "channel_max": 12, **more}
    critic = Discriminator(**sizes, patch_size=patch_size)
    networks = with_average(Generator(z_dim=8, w_dim=6, **sizes), critic)
    for network in (networks.generator, networks.discriminator, networks.ema):
        for name, parameter in network.named_parameters():
            scale = 100.0 if name.startswith("mapping.layers") else 1.0  # as FullyConnected begins there
            torch.nn.init.normal_(parameter, std=scale)
    for network in (networks.generator, networks.ema):
        torch.nn.init.normal_(network.mapping.w_avg)
    return networks


def fit(networks: Networks, **asked: int) -> Networks:
    return fitted(networks, TrainConfig(data=Path("data"), out=Path("out"), **asked))[0]  # type: ignore[arg-type]


def latents(network: Generator) -> tuple[Tensor, Tensor | None]:
    """Two z, and a class each where there are any."""
    z = torch.randn(2, network.z_dim, generator=torch.Generator().manual_seed(1))
    return z, torch.eye(network.c_dim)[:2] if network.c_dim else None


def drawn(network: Generator) -> Tensor:
    """Two pictures, with noise and truncated."""
    z, c = latents(network)
    result: Tensor = network.synthesis(network.mapping(z, c, truncation_psi=0.7), noise_mode="const")
    return result


def drawn_up_to(network: Generator, resolution: int) -> Tensor:
    """The sum of the skip outputs of the blocks up to a resolution, by the blocks of the larger network themselves."""
    z, c = latents(network)
    ws = network.mapping(z, c, truncation_psi=0.7)
    total, x = None, None
    for i in range(int(math.log2(resolution)) - 1):
        block, start = network.synthesis.blocks[i], max(2 * i - 1, 0)
        part = ws[:, start : start + block.num_convs + 1]
        x, rgb = block(x, None, part, torch.float32, Noise())
        total = rgb if total is None else upsample(total) + rgb
    assert total is not None
    return total


def assert_same(picture: Tensor, wanted: Tensor) -> None:
    assert picture.shape == wanted.shape
    assert (picture - wanted).abs().max() <= 1e-4 * (wanted.max() - wanted.min())


@pytest.mark.parametrize("resolution", [16, 32])
@pytest.mark.parametrize("c_dim", [0, 3])
def test_a_cut_generator_draws_the_sum_of_the_skips_so_far(resolution: int, c_dim: int) -> None:
    large = known(c_dim)
    small = fit(large, resolution=resolution)
    for before, now in ((large.generator, small.generator), (large.ema, small.ema)):
        torch.testing.assert_close(drawn(now), drawn_up_to(before, resolution), rtol=0, atol=0)
        torch.testing.assert_close(now.mapping.w_avg, before.mapping.w_avg, rtol=0, atol=0)
        assert now.config == before.config.model_copy(update={"img_resolution": resolution})
    assert not torch.equal(drawn(small.generator), drawn(small.ema))


@pytest.mark.parametrize("patch_size", [1, 2])
def test_a_cut_discriminator_keeps_its_inner_layers(patch_size: int) -> None:
    before = known(3, patch_size=patch_size, conv_clamp=2.0).discriminator
    now = fit(known(3, patch_size=patch_size, conv_clamp=2.0), resolution=16).discriminator
    assert now.config == before.config.model_copy(update={"img_resolution": 16})
    assert len(now.blocks) == len(before.blocks) - 2
    kept = {f"blocks.{i}.": f"blocks.{i + 2}." for i in range(len(now.blocks))}
    for name, value in now.state_dict().items():
        head = next((own for own in kept if name.startswith(own)), "")
        if not name.startswith("fromrgb"):
            torch.testing.assert_close(value, before.state_dict()[name.replace(head, kept.get(head, ""), 1)])
    assert not now.fromrgb.bias.any()  # it is a new one
    assert now(torch.zeros(4, 3, 16, 16), torch.eye(3)[[0, 1, 2, 0]]).shape == (4,)


def test_a_canvas_shrinks_along() -> None:
    large = known(canvas=(36, 200))
    small = fit(large, resolution=32)
    assert small.generator.img_shape == small.discriminator.config.canvas == (18, 100)
    torch.testing.assert_close(drawn(small.ema), crop(drawn_up_to(large.ema, 32), (18, 100)))
    assert small.discriminator(torch.zeros(4, 3, 18, 100)).shape == (4,)


@pytest.mark.parametrize(
    "asked", [{"channel_max": 40}, {"channel_base": 1024}, {"channel_max": 40, "channel_base": 1024}]
)
@pytest.mark.parametrize("more", [{}, {"c_dim": 3, "conv_clamp": 0.5}, {"canvas": (36, 70)}])
def test_a_wider_generator_draws_the_same(asked: dict[str, int], more: dict[str, Any]) -> None:
    narrow = known(**more)
    wide = fit(narrow, **asked)
    for before, now in ((narrow.generator, wide.generator), (narrow.ema, wide.ema)):
        assert_same(drawn(now), drawn(before))
        assert now.config == before.config.model_copy(update=asked)
        assert sum(p.numel() for p in now.parameters()) > 1.2 * sum(p.numel() for p in before.parameters())
    assert not torch.equal(drawn(wide.generator), drawn(wide.ema))
    assert (wide.discriminator.config.channel_max, wide.discriminator.config.channel_base) == (
        wide.generator.config.channel_max, wide.generator.config.channel_base,
    )  # fmt: skip


def test_new_channels_come_last_and_equal_in_the_average() -> None:
    narrow = known()
    wide = fit(narrow, channel_max=16)
    own, average, before = wide.generator.state_dict(), wide.ema.state_dict(), narrow.generator.state_dict()
    for name in (
        "synthesis.blocks.1.conv0.weight",
        "synthesis.blocks.0.const",
        "synthesis.blocks.1.conv1.affine.weight",
    ):
        torch.testing.assert_close(own[name][12:], average[name][12:], rtol=0, atol=0)
        assert own[name][12:].std() > 0.5
    weight, known_weight = own["synthesis.blocks.1.conv1.weight"], before["synthesis.blocks.1.conv1.weight"]
    torch.testing.assert_close(weight[:12, :12], known_weight, rtol=0, atol=0)
    assert not weight[:12, 12:].any()
    assert weight[12:].all()
    assert not own["synthesis.blocks.1.torgb.weight"][:, 12:].any()


def test_gradients_reach_new_channels() -> None:
    generator = fit(known(), channel_max=16).generator
    optimiser = torch.optim.Adam(generator.parameters(), lr=0.001)
    start = {name: value.clone() for name, value in generator.state_dict().items()}
    goal = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(2))
    for _ in range(2):  # the first moves the weights of zero, the second what lies before them
        optimiser.zero_grad()
        (drawn(generator) * goal).mean().backward()
        optimiser.step()
    for name, value in generator.state_dict().items():
        if "noise" not in name and name.startswith("synthesis.blocks.1.conv"):
            assert not (value[12:] == start[name][12:]).all(), name
    moved = generator.synthesis.blocks[1]
    assert moved.conv1.weight[:12, 12:].any()
    assert moved.torgb.weight[:, 12:].any()


def test_wider_and_larger_or_smaller_at_once() -> None:
    before = known(c_dim=3)
    larger = fit(before, resolution=128, channel_max=20, channel_base=512)
    assert_same(drawn(larger.ema), upsample(drawn(before.ema)))
    assert larger.generator.synthesis.blocks[-1].conv0.weight.shape[:2] == (4, 8)
    assert larger.discriminator.config.img_resolution == 128
    smaller = fit(before, resolution=32, channel_max=20)
    assert_same(drawn(smaller.generator), drawn_up_to(before.generator, 32))
    assert smaller.generator.synthesis.blocks[0].const.shape[0] == 20


def test_the_built_in_network() -> None:
    generator = models.load("museum-128")
    networks = with_average(generator, fresh_discriminator(built(generator)))
    assert_same(drawn(fit(networks, resolution=64).ema), drawn_up_to(generator, 64))
    assert_same(drawn(fit(networks, channel_max=288).ema), drawn(generator))


def test_nothing_asked_for_changes_nothing() -> None:
    networks = known()
    assert fit(networks) is fit(networks, resolution=64, channel_max=12, channel_base=256) is networks


@pytest.fixture
def config(data: Path, tmp_path: Path) -> TrainConfig:
    """A run that begins with a network of 32x32 and its discriminator."""
    networks = known(img_resolution=32)
    checkpoint.save(tmp_path / "net.safetensors", networks.ema, {"licence": "CC0"})
    checkpoint.save(tmp_path / "net.D.safetensors", networks.discriminator, {})
    return TrainConfig(
        data=data, out=tmp_path / "run", start_from=tmp_path / "net.safetensors", kimg=0.008, batch=8, threads=1,
        dtype="float32",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "note", "shape"),
    [
        ({"resolution": 16}, "cut to 16x16", (16, 12)),
        ({"channel_max": 20}, "widened to channel_base 256 and channel_max 20", (32, 20)),
        (
            {"resolution": 16, "channel_base": 512, "channel_max": 20},
            "cut to 16x16, widened to channel_base 512 and channel_max 20", (16, 20),
        ),
    ],
)  # fmt: skip
def test_a_run_begins_with_a_changed_network(
    config: TrainConfig, capsys: pytest.CaptureFixture[str], asked: dict[str, Any], note: str, shape: tuple[int, int]
) -> None:
    path = train(replace(config, **asked))
    assert f"and net.D.safetensors, {note}\n" in capsys.readouterr().out
    network = models.load(path)
    assert (network.img_resolution, network.config.channel_max) == shape
    origin = models.read_manifest(path)["provenance"]["started_from"]
    assert (origin["name"], origin["licence"]) == ("net.safetensors", "CC0")
    on = TrainConfig(data=config.data, out=config.out, resume=config.out, kimg=0.016, threads=1)
    assert models.load(train(on)).config == network.config


def test_a_changed_discriminator_is_waited_for(config: TrainConfig) -> None:
    def opened(shape: tuple[int, int], labels: bool) -> ImageSet:
        return open_set(config.data, shape, labels=labels)

    assert begin(config, opened).recipe["warm_up"] == 0
    for asked in ({"resolution": 16}, {"channel_max": 20}):
        assert begin(replace(config, **asked), opened).recipe["warm_up"] == 10


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"resolution": 8}, "resolution 8 is not a power of two from 16 to 1024"),
        ({"resolution": 24}, "resolution 24 is not a power of two"),
        ({"channel_max": 8}, r"net\.safetensors does not fit this run \(its channel_max is 12, not 8, and it can only"),
        ({"channel_base": 128, "channel_max": 20}, "its channel_base is 256, not 128, and it can only become wider"),
        ({"channel_max": 0}, "its channel_max is 12, not 0"),
        ({"z_dim": 16, "channel_max": 20}, "its z_dim is 8, not 16"),
        ({"w_dim": 16}, "its w_dim is 6, not 16"),
        ({"channel_base": 260}, "channel_base 260 and channel_max 12 make no layer wider than it is, 12 channels"),
        ({"channel_max": 10**9}, "channel_max: Input should be less than or equal to 1024"),
        ({"channel_base": 10**9}, "channel_base: Input should be less than or equal to 65536"),
        ({"resolution": 16, "canvas": (16, 20)}, "its canvas is 16x16, not 20x16"),
    ],
)
def test_sizes_that_cannot_be_had(config: TrainConfig, asked: dict[str, Any], words: str) -> None:
    with pytest.raises(TrainingError, match=words) as caught:
        train(replace(config, **asked))
    assert "\n" not in str(caught.value)
    assert not config.out.exists()


@pytest.mark.parametrize("canvas", [(36, 71), (20, 64)])
def test_a_canvas_that_cannot_shrink(config: TrainConfig, canvas: tuple[int, int], tmp_path: Path) -> None:
    checkpoint.save(tmp_path / "wide.safetensors", known(img_resolution=32, canvas=canvas).ema, {})
    with pytest.raises(TrainingError, match=f"its canvas {canvas[1]}x{canvas[0]} cannot be cut to a resolution of 16"):
        train(replace(config, start_from=tmp_path / "wide.safetensors", resolution=16))


def test_a_canvas_that_cannot_grow(config: TrainConfig, tmp_path: Path) -> None:
    checkpoint.save(tmp_path / "long.safetensors", known(img_resolution=32, canvas=(64, 4096)).ema, {})
    with pytest.raises(TrainingError, match=r"the canvas 131072×2048 has more than the .* pixels"):
        train(replace(config, start_from=tmp_path / "long.safetensors", resolution=1024, channel_base=2048))


def test_a_discriminator_too_narrow_to_grow(config: TrainConfig, tmp_path: Path) -> None:
    critic = Discriminator(32, channel_base=64, channel_max=12)
    checkpoint.save(tmp_path / "net.D.safetensors", critic, {})
    with pytest.raises(TrainingError, match="its discriminator's channel_base 64 leaves no channel at a resolution of"):
        train(replace(config, resolution=128))


def test_the_command_line_bounds_widths(config: TrainConfig) -> None:
    arguments = ("train", "--data", config.data, "--out", config.out, "--from", config.start_from)
    assert "1024" in refused(*arguments, "--channel-max", 100_000)
    assert "its channel_max is 12, not 8, and it can only become wider" in refused(*arguments, "--channel-max", 8)
