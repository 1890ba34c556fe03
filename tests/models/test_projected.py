"""Discriminators on frozen features: what they are made of, and that both players get the gradients they should."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from picture_sets import filled
from safetensors import safe_open
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional as F

from models import features
from models.features.frozen import FrozenConv
from models.manifest import read_manifest
from models.metrics import MetricsError
from models.metrics.independence import check_independent
from models.training import TrainConfig, TrainingError, train
from models.training.discrimination import Batch, Turn, spread_penalty
from models.training.networks import fresh, of_sizes
from models.training.players import Players
from models.training.presets import settle
from models.training.projected import Config, Projected
from models.training.projected.mixing import Mixing
from models.training.projected.spectral import SpectralConv
from models.training.recipe import Recipe
from models.training.suiting import suited
from tests.models.tiny import PICTURES, tiny

PROJECTED: dict[str, Any] = {"discriminator": "projected", "feature_size": 64, "augment": "none", "part": 4}


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def recipe_of(config: TrainConfig) -> Recipe:
    return settle(config, PICTURES, 16, {})


@pytest.fixture
def players() -> Iterator[Players]:
    """With a projected discriminator, and one of pictures beside it that has no say yet."""
    yield from some_players(pixel_weight=1e-12, pixel_size=16)


def some_players(**options: Any) -> Iterator[Players]:
    config = tiny(Path(), Path(), **PROJECTED | options)
    torch.manual_seed(0)
    networks, is_fresh = suited(fresh(config), recipe_of(config))
    assert is_fresh
    made = Players(recipe_of(config), networks)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # as a run does: threads that meet after each small operator lose much on a busy machine
    try:
        yield made
    finally:
        torch.set_num_threads(threads)
        made.close()


def reals() -> Tensor:
    return torch.rand(4, 3, 16, 16, generator=seeded(5)) * 2 - 1


def test_every_level_knows_what_is_coarser_and_nothing_finer() -> None:
    mixing = Mixing((24, 40, 112), seeded(1))
    assert mixing.channels == (64, 64, 128)
    levels = [
        torch.randn(1, channels, side, side, generator=seeded(2), requires_grad=True)
        for channels, side in ((24, 16), (40, 8), (112, 4))
    ]
    for index, mixed in enumerate(mixing(levels)):
        found = torch.autograd.grad(mixed.square().sum(), levels, retain_graph=True, allow_unused=True)
        reached = [gradient is not None and bool(gradient.any()) for gradient in found]
        assert reached == [level >= index for level in range(3)]


def test_mixing_follows_from_the_seed_and_is_part_of_the_state() -> None:
    one, same, other = (Mixing((24, 40), seeded(seed)).state_dict() for seed in (1, 1, 2))
    assert set(one) == {"across0", "across1", "onwards0", "onwards1"}
    assert all(torch.equal(one[name], same[name]) for name in one)
    assert not any(torch.equal(one[name], other[name]) for name in one)
    assert not list(Mixing((24, 40), seeded(1)).parameters())


def test_mixing_keeps_the_size_of_what_it_mixes() -> None:
    (mixed,) = Mixing((320,), seeded(1))([torch.randn(4, 320, 8, 8, generator=seeded(2))])
    assert float(mixed.std()) == pytest.approx(1, abs=0.2)


def test_a_spectral_convolution_stretches_nothing_by_more_than_one() -> None:
    torch.manual_seed(0)
    conv = SpectralConv(12, 20, 1, 1, 0)
    for _ in range(200):
        conv.follow()
    whole = conv(torch.eye(12)[:, :, None, None]).flatten(1).detach()
    assert float(torch.linalg.svdvals(whole)[0]) == pytest.approx(1, abs=1e-3)
    conv.weight.data *= 7
    assert torch.allclose(conv(torch.eye(12)[:, :, None, None]).flatten(1), whole, atol=1e-5)


@pytest.mark.parametrize(("side", "logits"), [(64, (49, 49, 9, 1)), (96, (25, 25, 25, 4)), (128, (49, 49, 49, 9))])
def test_there_is_a_map_of_logits_for_each_level(side: int, logits: tuple[int, ...]) -> None:
    sides = tuple(side // stride for stride in (4, 8, 16, 32))
    network = Projected(_config(sides=sides), seeded(1))
    seen = [torch.zeros(2, channels, edge, edge) for channels, edge in zip((24, 40, 112, 320), sides, strict=True)]
    assert tuple(level.shape for level in network(network.mixing(seen))) == tuple((2, count) for count in logits)


def _config(**changes: Any) -> Config:
    sizes: dict[str, Any] = {"channels": (24, 40, 112, 320), "sides": (16, 8, 4, 2)}
    return Config(features="efficientnet-lite0", features_sha256="0" * 64, **sizes | changes)


def plainly(network: nn.Module) -> None:
    for module in network.modules():
        if isinstance(module, FrozenConv):
            module.forward = module.plainly  # type: ignore[method-assign]


def test_both_players_get_the_gradients_of_their_losses(players: Players) -> None:
    """Against a computation by hand: torch's own convolutions, the losses as they are written in the papers."""
    network = players.discriminator
    assert isinstance(network, Projected)
    batch, fakes = Batch(reals()), torch.rand(4, 3, 16, 16, generator=seeded(6)) * 2 - 1
    players.discrimination.prepare()
    said = players.discrimination._on_features.judge(batch, fakes, Turn(1), Turn(1).draws(0, 0))  # type: ignore[attr-defined]

    backbone = features.load("efficientnet-lite0", torch.device("cpu"))
    plainly(backbone.network)  # type: ignore[arg-type]
    shown = fakes.clone().requires_grad_()
    judged = []
    for images in (batch.images, shown):
        large = F.interpolate(images, size=(64, 64), mode="bilinear", align_corners=False)
        judged.append(
            [
                level(x).flatten(1)
                for level, x in zip(network.levels, network.mixing(backbone.network(large)), strict=True)
            ]
        )
    loss_d = sum(F.relu(1 - real).mean() + F.relu(1 + fake).mean() for real, fake in zip(*judged, strict=True))
    loss_g = -sum(fake.mean() for fake in judged[1])
    (of_fakes,) = torch.autograd.grad(loss_g, shown, retain_graph=True)  # type: ignore[arg-type]
    of_d = torch.autograd.grad(loss_d, list(network.levels.parameters()))  # type: ignore[arg-type]

    assert said.loss_d.item() == pytest.approx(loss_d.item(), rel=1e-4)  # type: ignore[union-attr]
    assert said.loss_g.item() == pytest.approx(loss_g.item(), rel=1e-3)  # type: ignore[union-attr]
    assert torch.allclose(said.of_fakes, of_fakes, atol=1e-5, rtol=1e-3)
    for found, expected in zip(said.of_d, of_d, strict=True):
        assert torch.allclose(found, expected, atol=1e-5, rtol=1e-3)


def test_a_discriminator_of_pictures_adds_its_weighted_say(players: Players) -> None:
    batch, fakes = Batch(reals()), torch.rand(4, 3, 16, 16, generator=seeded(6)) * 2 - 1
    found = []
    for weight in (0.5, 1.0):
        players.discrimination._weight = weight  # type: ignore[attr-defined]
        found.append(players.discrimination.judge(batch, fakes, Turn(1), Turn(1).draws(0, 0)))
    alone = 2 * found[0].of_fakes - found[1].of_fakes
    own = players.discrimination._on_features.judge(batch, fakes, Turn(1), Turn(1).draws(0, 0))  # type: ignore[attr-defined]
    assert torch.allclose(alone, own.of_fakes, atol=1e-6)
    assert not torch.allclose(found[0].of_fakes, own.of_fakes, atol=1e-6)
    learning = sum(parameter.requires_grad for parameter in players.discriminator.parameters())
    assert len(found[0].of_d) == learning > len(own.of_d)
    assert players.discrimination.penalises(Turn(0))
    assert float(players.discrimination.judge(batch, fakes, Turn(0), Turn(0).draws(0, 0)).penalty) > 0


def test_a_step_moves_all_that_learns_and_nothing_that_is_frozen(players: Players) -> None:
    before = {name: value.clone() for name, value in players.discriminator.state_dict().items()}
    step = players.play(lambda part: Batch(reals()), Turn(0))
    after = players.discriminator.state_dict()
    still = {name for name in before if torch.equal(before[name], after[name])}
    # a relativistic loss knows no bias of the last layer, and the direction of a single logit has nowhere to go
    assert still - {"pixels.out.bias"} == {
        name
        for name, value in before.items()
        if name.startswith("mixing.") or (value.shape == (1,) and "levels" in name)
    }
    assert step.penalty is not None
    assert step.norm_g > 0
    assert step.norm_d > 0


def test_the_discriminator_of_a_state_is_built_again(players: Players) -> None:
    again = of_sizes(players.networks.sizes()).discriminator
    assert isinstance(again, Projected)
    assert again.config == players.discriminator.config
    again.load_state_dict(players.discriminator.state_dict())
    assert not any("backbone" in name or "stem" in name for name in again.state_dict())


def test_larger_pictures_keep_what_the_discriminator_knows() -> None:
    config = tiny(Path(), Path(), **PROJECTED | {"feature_size": 96})
    known, _ = suited(fresh(config), recipe_of(config))
    larger = replace(recipe_of(config), feature_size=128, seed=9)
    kept, is_fresh = suited(known, larger)
    assert not is_fresh
    mine, theirs = known.discriminator.state_dict(), kept.discriminator.state_dict()
    assert all(torch.equal(mine[name], theirs[name]) for name in mine)
    assert suited(known, replace(larger, features="efficientnet-lite1"))[1]
    assert suited(known, replace(larger, discriminator="stylegan2"))[1]
    assert suited(fresh(config), replace(larger, discriminator="stylegan2"))[1] is False


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return filled(tmp_path / "data", *(f"{n}.png" for n in range(PICTURES)))


@pytest.fixture
def run(data: Path, tmp_path: Path) -> Path:
    train(tiny(data, tmp_path / "run", **PROJECTED))
    return tmp_path / "run"


def test_a_run_goes_on_with_the_discriminator_it_has(run: Path, data: Path, tmp_path: Path) -> None:
    before = (run / "state.safetensors").read_bytes()
    for change in (
        {"discriminator": "stylegan2"}, {"features": "efficientnet-lite1"}, {"pixel_weight": 0.5, "pixel_size": 16},
    ):  # fmt: skip
        with pytest.raises(TrainingError, match="goes on with the discriminator it has; leave out") as caught:
            train(tiny(data, run, resume=run, kimg=0.032, **change))
        assert "\n" not in str(caught.value)
    assert (run / "state.safetensors").read_bytes() == before
    train(tiny(data, run, resume=run, kimg=0.032))
    assert (run / "network-0000.0.safetensors").exists()


def test_a_run_that_begins_with_another_inherits_its_discriminator(run: Path, data: Path, tmp_path: Path) -> None:
    sizes = dict.fromkeys(("resolution", "z_dim", "w_dim", "channel_base", "channel_max"))
    train(tiny(data, tmp_path / "next", **sizes, start_from=run, part=4, feature_size=64))
    settings = read_manifest(tmp_path / "next" / "network-0000.0.safetensors")["provenance"]["settings"]
    assert (settings["discriminator"], settings["features"]) == ("projected", "efficientnet-lite0")
    first, second = (load_file(folder / "state.safetensors") for folder in (run, tmp_path / "next"))
    mixing = [name for name in first if ".mixing." in name]
    assert mixing
    assert all(torch.equal(first[name], second[name]) for name in mixing)
    train(tiny(data, tmp_path / "other", **sizes, start_from=run, discriminator="stylegan2"))
    settings = read_manifest(tmp_path / "other" / "network-0000.0.safetensors")["provenance"]["settings"]
    assert settings["discriminator"] == "stylegan2"
    assert "features" not in settings


def test_fresh_weights_are_warned_of(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    train(tiny(data, tmp_path / "run", **PROJECTED))
    assert "better begin with a network that knows something" in " ".join(capsys.readouterr().out.split())


def test_a_file_of_features_is_published_by_its_name_only() -> None:
    told = replace(recipe_of(tiny(Path(), Path(), **PROJECTED)), features="/home/ann/secret/net.onnx").told()
    assert told["features"] == "net.onnx"


def test_its_best_is_kept_by_features_it_does_not_look_through(run: Path) -> None:
    page = (run / "report.html").read_text()
    assert "Kernel distance" in page
    assert "features of efficientnet-lite2" in page


def test_what_it_was_trained_against_is_known_of_its_networks_files_too(run: Path, data: Path, tmp_path: Path) -> None:
    sizes = {"resolution": None, "z_dim": None, "w_dim": None, "channel_base": None, "channel_max": None}
    best = str(run / "best.safetensors")
    train(tiny(data, tmp_path / "on", start_from=best, discriminator="stylegan2", **sizes))
    provenance = read_manifest(tmp_path / "on" / "best.safetensors")["provenance"]
    check_independent(provenance, "efficientnet-lite2")
    with pytest.raises(MetricsError, match="trained against efficientnet-lite0"):
        check_independent(provenance, "efficientnet-lite0")


def small_onnx(path: Path, stride: int, channels: int = 8) -> str:
    """One convolution, whose maps are smaller by `stride`."""
    picture = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3, "h", "w"])
    maps = helper.make_tensor_value_info("a", TensorProto.FLOAT, None)
    weight = np.random.default_rng(0).standard_normal((channels, 3, stride, stride), dtype=np.float32)
    node = helper.make_node("Conv", ["x", "w"], ["a"], strides=[stride, stride])
    graph = helper.make_graph([node], "small", [picture], [maps], [numpy_helper.from_array(weight, "w")])
    path.write_bytes(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]).SerializeToString())
    return str(path)


def test_a_file_of_features_may_be_moved(data: Path, tmp_path: Path) -> None:
    out, other = tmp_path / "run", tmp_path / "moved.onnx"
    name = small_onnx(tmp_path / "mine.onnx", 8)
    train(tiny(data, out, **PROJECTED | {"features": name}))
    Path(name).rename(other)
    with pytest.raises(TrainingError, match=r"there is no file .*mine\.onnx"):
        train(tiny(data, out, resume=out, kimg=0.024))
    train(tiny(data, out, resume=out, kimg=0.024, features=str(other)))
    small_onnx(other, 4)
    with pytest.raises(TrainingError, match="goes on with the discriminator it has"):
        train(tiny(data, out, resume=out, kimg=0.032))


def test_levels_that_cannot_be_judged_are_one_sentence(data: Path, tmp_path: Path) -> None:
    for name, words in {
        small_onnx(tmp_path / "coarse.onnx", 64): "makes maps of 1 position a side at a feature_size of 64",
        small_onnx(tmp_path / "wide.onnx", 4, channels=9000): "has levels that do not fit",
    }.items():
        with pytest.raises(TrainingError, match=words) as caught:
            train(tiny(data, tmp_path / "out", **PROJECTED | {"features": name}))
        assert "\n" not in str(caught.value)


def test_a_discriminator_that_is_kept_while_pictures_grow_is_warmed_up_as_a_fresh_one(
    run: Path, data: Path, tmp_path: Path
) -> None:
    sizes = {"z_dim": None, "w_dim": None, "channel_base": None, "channel_max": None}
    for size, warm_up in ((32, 1.0), (None, 0.0)):
        out = tmp_path / f"to-{size}"
        train(tiny(data, out, start_from=str(run), **PROJECTED | sizes | {"resolution": size}))
        with safe_open(out / "state.safetensors", "pt") as file:
            assert json.loads(file.metadata()["progress"])["recipe"]["warm_up"] == warm_up


def test_features_that_vary_as_the_set_cost_nothing_and_others_are_led_there() -> None:
    reals = [torch.randn(64, 8, 4, 4, generator=seeded(1)), torch.randn(64, 16, 2, 2, generator=seeded(2))]
    assert spread_penalty(reals, [5 - level.flip(0) for level in reals]) == pytest.approx(0, abs=1e-6)
    few = [(0.5 * level).requires_grad_() for level in reals]
    penalty = spread_penalty(reals, few)
    assert penalty.item() == pytest.approx(2 * np.log(4) ** 2, rel=0.01)
    for level, gradient in zip(few, torch.autograd.grad(penalty, few), strict=True):
        centred = level - level.mean(0)
        assert (gradient * centred).sum() < 0, "going down the gradient takes pictures apart"


def test_the_spread_has_its_say_in_what_the_generator_learns_and_none_in_the_discriminator() -> None:
    verdicts = []
    for weight in (0.0, 1.0):
        for made in some_players(spread_weight=weight):
            made.discrimination.prepare()
            fakes = 0.1 * reals().flip(0)
            verdicts.append(made.discrimination.judge(Batch(reals()), fakes, Turn(1), Turn(1).draws(0, 0)))
    without, with_spread = verdicts
    assert with_spread.loss_g > without.loss_g
    assert not torch.equal(with_spread.of_fakes, without.of_fakes)
    assert all(torch.equal(a, b) for a, b in zip(with_spread.of_d, without.of_d, strict=True))


def test_paths_have_lengths_only_in_the_game_of_stylegan2() -> None:
    for loss, weight in ((None, 0.0), ("hinge", 0.0), ("stylegan2", 2.0)):
        config = tiny(Path(), Path(), discriminator="projected", preset="stylegan2", loss=loss)
        assert recipe_of(config).path_weight == weight


@pytest.mark.parametrize("name", ["features", "feature_size", "spread_weight", "pixel_weight", "pixel_size"])
def test_settings_of_another_discriminator_are_refused(data: Path, tmp_path: Path, name: str) -> None:
    value: Any = "efficientnet-lite1" if name == "features" else 64
    with pytest.raises(TrainingError, match=f"{name} is for a projected discriminator"):
        train(replace(tiny(data, tmp_path / "out"), **{name: value}))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"features": "vgg"}, "there are no features 'vgg'"),
        ({"feature_size": 32}, "feature_size is '32', and should be greater than or equal to 64"),
        ({"pixel_weight": 1.0, "pixel_size": 32}, "pixel_size is 32, and pictures of 16 do not come down to it"),
        ({"pixel_weight": 1.0, "pixel_size": 16, "resolution": 32, "canvas": (16, 64)},
         "pixel_size is 16, which makes 32x8 of the pictures"),
        ({"part": 2}, "a projected discriminator compares pictures in parts of 4 or more"),
        ({"freeze_d": 1, "start_from": "museum-128", "resolution": None, "z_dim": None, "w_dim": None,
          "channel_base": None, "channel_max": None}, "freeze_d"),
    ],
)  # fmt: skip
def test_mistakes_are_one_sentence(data: Path, tmp_path: Path, options: dict[str, Any], words: str) -> None:
    with pytest.raises(TrainingError, match=words) as caught:
        train(tiny(data, tmp_path / "out", **PROJECTED | options))
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()
