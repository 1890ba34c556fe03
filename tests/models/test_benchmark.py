"""`reverie bench generator`, its contestants in real processes; how fast they are is not a test's business."""

import gc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from models import checkpoint, stylegan2, stylegan3
from models.benchmark import networks
from models.benchmark.contestant import memory_of
from models.benchmark.race import _comparison, race
from models.errors import CheckpointError


@pytest.fixture
def network(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    generator = stylegan2.Generator(img_resolution=16, channel_max=16, z_dim=8, w_dim=8, mapping_layers=1)
    checkpoint.save(tmp_path / "tiny.safetensors", generator, {})
    return tmp_path / "tiny.safetensors"


def measure(model: object, **changes: Any) -> dict[str, Any]:
    options: dict[str, Any] = {"device": "cpu", "threads": 1, "precision": "float32", "against": []}
    return race(str(model), **options | {"rounds": 2, "frames": 8} | changes)


def test_a_network_beside_its_exact_self(network: Path) -> None:
    report = measure(network)
    exact = report["against"].pop("exact")
    assert report["against"] == {}
    assert report["precision"] == "float32"
    assert 0 < report["ms_median"] <= report["ms_p99"]
    assert report["gflops"] == pytest.approx(2000 * report["gmac"] / report["ms_median"], rel=0.05)
    assert exact["times_as_fast"] > 0
    assert exact["largest_difference"] < 1e-4 < exact["largest_value"]
    assert exact["psnr_db"] > 80
    peaks = report["peaks"]
    assert min(peaks["conv_gflops"], peaks["matmul_gflops"], peaks["own_convolutions_gflops"]) > 0
    assert report["memory"]["frames"] == 8
    assert len(report["memory"]["resident_mib"]) == 4
    assert report["memory"]["peak_mib"] >= max(report["memory"]["resident_mib"]) - 0.2  # each rounded
    assert report["machine"]["torch"] == torch.__version__


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"model": "no-such"}, r"there is no built-in network 'no-such'.*stylegan2-256-4k"),
        ({"device": "abacus"}, "there is no device 'abacus'"),
        ({"model": "stylegan2-128-4k", "against": ["{folder}"]}, "no checkout of the published code"),
        ({"against": ["{folder}"]}, "at a published size: --config one of stylegan2-128-4k"),
    ],
)
def test_what_cannot_be_measured(network: Path, changes: dict[str, Any], words: str) -> None:
    folder = (
        {"against": [text.format(folder=network.parent) for text in changes["against"]]} if "against" in changes else {}
    )
    with pytest.raises(CheckpointError, match=words):
        measure(**{"model": network} | changes | folder)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_no_gpu(network: Path) -> None:
    with pytest.raises(CheckpointError, match="torch finds no GPU cuda here"):
        measure(network, device="cuda")


def test_a_checkout_that_does_not_work_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "training").mkdir()
    (tmp_path / "training" / "networks_stylegan2.py").write_text("import no_such_module\n")
    with pytest.raises(CheckpointError, match=r"the official generator cannot be measured: .*no_such_module") as caught:
        measure("stylegan2-128-4k", against=[str(tmp_path)])
    assert "\n" not in str(caught.value)


class Counted:
    """Multiply-adds of every dense convolution that is really done."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.macs = 0
        real = F.conv2d

        def conv2d(x: torch.Tensor, weight: torch.Tensor, *rest: Any, **options: Any) -> torch.Tensor:
            y = real(x, weight, *rest, **options)
            if weight.shape[1] > 1:
                self.macs += weight.numel() * y.shape[2] * y.shape[3]
            return y

        monkeypatch.setattr(F, "conv2d", conv2d)


@pytest.mark.parametrize(
    "generator",
    [
        stylegan2.Generator(img_resolution=32, channel_max=16, canvas=(32, 64)),
        stylegan3.Generator(img_resolution=32, channel_max=16),
    ],
)
def test_multiply_adds(generator: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    counted = Counted(monkeypatch)
    ws = torch.zeros(1, generator.num_ws, generator.w_dim)
    generator.synthesis(ws)
    up = 0
    if isinstance(generator, stylegan2.Generator):  # those are transposed, which conv2d does not see
        for block in list(generator.synthesis.blocks)[1:]:
            height, width = block.conv0.noise_const.shape
            up += block.conv0.weight.numel() * height * width // 4
    assert networks.macs(generator.synthesis) == counted.macs + up


def test_others_are_compared_with_the_fast_one() -> None:
    times = {"fast": [[1.0, 2.0, 3.0], [2.0, 2.0, 4.0]], "other": [[6.0, 8.0, 7.0], [8.0, 8.0, 8.0]]}
    pictures = {"fast": np.zeros((3, 4, 4), np.float32), "other": np.full((3, 4, 4), -2 / 255, np.float32)}
    compared = _comparison(times, pictures, "other")
    assert compared["times_as_fast"] == 3.75  # between 7 / 2 and 8 / 2
    assert compared["times_as_fast_quartiles"] == [3.62, 3.88]
    assert compared["ms_median"] == 8
    assert compared["psnr_db"] == pytest.approx(48.1)
    assert compared["largest_difference"] == compared["largest_value"] == pytest.approx(2 / 255)


def test_published_sizes() -> None:
    sizes = {name: networks.settings(name)[1]["img_resolution"] for name in networks.CONFIGS}
    assert all(str(size) in name for name, size in sizes.items())
    generator = networks.build("stylegan2-128-4k")
    assert sum(p.numel() for p in generator.parameters()) == pytest.approx(4.2e6, rel=0.02)
    assert bool(generator.synthesis.blocks[3].conv1.noise_strength != 0)


def test_memory_of_a_network() -> None:
    gc.collect()
    generator = stylegan2.Generator(img_resolution=64, channel_max=32, channel_base=2048)
    facts = memory_of(generator.eval())
    assert facts["weights_mib"] == round(sum(t.numel() for t in generator.state_dict().values()) * 4 / 2**20, 1)
    assert facts["activations_mib"] >= 2 * 32 * 64 * 64 * 4 / 2**20  # one map in, one out
