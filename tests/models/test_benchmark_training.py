"""`reverie bench train`, its contestants in real processes; how fast they are is not a test's business."""

from pathlib import Path
from typing import Any

import pytest
import torch

from models.benchmark.game import TURN, Entry, Size
from models.benchmark.own_game import OwnGame
from models.benchmark.training_race import figures, race
from models.errors import CheckpointError
from models.training import TrainingError

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
