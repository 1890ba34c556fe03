"""A network measured against a set: the stream of pictures, the figures asked for, and one sentence for mistakes."""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import random_inception
import torch
from safetensors.torch import save_file
from torch import Tensor

from models.metrics import MetricsError, measure
from models.metrics.drawing import fakes, reals
from models.metrics.watching import Watching
from models.stylegan2 import Generator


class InMemory:
    """A set of pictures, uint8 [N, 3, H, W]."""

    def __init__(self, images: Tensor, labels: Tensor | None = None) -> None:
        self.images, self.labels = images, labels

    def __len__(self) -> int:
        return len(self.images)

    def batch(self, indices: Sequence[int]) -> Tensor:
        return self.images[torch.as_tensor(indices)]


def generator(c_dim: int = 0, canvas: tuple[int, int] | None = None, channels: int = 3) -> Generator:
    torch.manual_seed(0)
    network = Generator(
        32, z_dim=16, w_dim=16, c_dim=c_dim, channel_base=256, channel_max=16, canvas=canvas, img_channels=channels
    )
    return network.eval().requires_grad_(False)


def noise(count: int, height: int = 32, width: int = 32) -> InMemory:
    return InMemory(
        torch.from_numpy(np.random.default_rng(0).integers(0, 256, (count, 3, height, width), dtype=np.uint8))
    )


def drawn(network: Generator, count: int, seed: int) -> InMemory:
    """A set of the network's own pictures."""
    return InMemory(torch.cat(list(fakes(network, noise(1), count, 16, 1.0, seed))))


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("inception") / "weights.safetensors"
    save_file(random_inception.tensors(), path)
    return path


def test_a_networks_own_pictures_are_nearer_than_noise() -> None:
    network = generator()
    own, other = measure(network, drawn(network, 100, seed=7)), measure(network, noise(100))
    assert own["count"] == 100
    assert own["swd"]["mean"] < 0.5 * other["swd"]["mean"]
    assert own["diversity"] == pytest.approx(1, abs=0.2)
    assert own == measure(network, drawn(network, 100, seed=7))
    assert own != measure(network, drawn(network, 100, seed=7), seed=1)


def test_truncation_lessens_diversity() -> None:
    network = generator()
    own = drawn(network, 100, seed=7)
    found = [measure(network, own, ["diversity"], truncation_psi=psi)["diversity"] for psi in (1.0, 0.5, 0.0)]
    assert found == sorted(found, reverse=True)
    assert found[-1] == pytest.approx(0, abs=1e-6)


def test_every_figure_that_is_asked_for_comes_and_no_other(weights: Path) -> None:
    network = generator()
    found = measure(network, noise(5), ["fid", "kid", "recall"], features=str(weights))
    assert set(found) == {"count", "weights_sha256", "fid", "kid", "kid_deviation", "recall"}
    assert found["fid"] > 0
    assert 0 <= found["recall"] <= 1
    assert all(math.isfinite(found[name]) for name in ("fid", "kid", "kid_deviation"))


def test_progress_ends_with_all_pictures_of_both_sides() -> None:
    told: list[tuple[int, int]] = []
    measure(generator(), noise(40), ["diversity"], count=20, progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (40, 40)
    assert told == sorted(told)


def test_the_real_pictures_are_different_ones_and_follow_from_the_seed() -> None:
    pictures = InMemory(torch.arange(50, dtype=torch.uint8)[:, None, None, None].expand(-1, 3, 2, 2))
    first = torch.cat(list(reals(pictures, 20, 6, seed=1)))[:, 0, 0, 0].tolist()
    assert len(set(first)) == 20
    assert first == torch.cat(list(reals(pictures, 20, 20, seed=1)))[:, 0, 0, 0].tolist()
    assert first != torch.cat(list(reals(pictures, 20, 20, seed=2)))[:, 0, 0, 0].tolist()


def test_classes_come_as_often_as_in_the_set(monkeypatch: pytest.MonkeyPatch) -> None:
    network = generator(c_dim=3)
    seen: list[Tensor] = []
    mapping = network.mapping.forward

    def remember(z: Tensor, c: Tensor, **rest: float) -> Tensor:
        seen.append(c)
        return mapping(z, c, **rest)

    monkeypatch.setattr(network.mapping, "forward", remember)
    pictures = noise(10)
    pictures.labels = torch.tensor([2] * 9 + [0])
    list(fakes(network, pictures, 200, 32, 1.0, seed=0))
    counts = torch.cat(seen).sum(dim=0)
    assert counts[1] == 0
    assert counts[2] == pytest.approx(180, abs=15)
    seen.clear()
    pictures.labels = None
    list(fakes(network, pictures, 200, 32, 1.0, seed=0))
    assert (torch.cat(seen).sum(dim=0) > 40).all()


@pytest.mark.parametrize(("canvas", "channels"), [((32, 48), 3), (None, 1)])
def test_pictures_need_be_neither_square_nor_coloured(canvas: tuple[int, int] | None, channels: int) -> None:
    network = generator(canvas=canvas, channels=channels)
    found = measure(network, noise(20, *(canvas or (32, 32))))
    assert set(found["swd"]) == {"16", "32", "mean"}


def test_what_a_training_watches_is_flat_and_the_same_each_time() -> None:
    network, pictures = generator(), noise(60)
    found = Watching(pictures, count=40).measure(network)
    assert set(found) == {"swd", "swd_16", "swd_32", "thumbnails", "diversity"}
    assert found == Watching(pictures, count=40).measure(network)
    torch.manual_seed(1)
    state = torch.get_rng_state()
    Watching(pictures, count=40).measure(network)
    assert torch.equal(state, torch.get_rng_state())  # a run goes on as if nobody had looked


def test_a_set_that_is_all_alike_has_no_diversity() -> None:
    plain = InMemory(torch.full((10, 3, 32, 32), 90, dtype=torch.uint8))
    assert measure(generator(), plain)["diversity"] is None
    assert set(Watching(plain).measure(generator())) == {"swd", "swd_16", "swd_32", "thumbnails"}


def test_mistakes_are_one_sentence(weights: Path) -> None:
    network, pictures = generator(), noise(10)
    with pytest.raises(MetricsError, match=r"no metric 'fdi'; there are swd, thumbnails, diversity, fid"):
        measure(network, pictures, ["fdi"])
    with pytest.raises(MetricsError, match=r"fid, recall: .* with --features"):
        measure(network, pictures, ["fid", "recall"])
    with pytest.raises(MetricsError, match=r"--features is for fid, frechet"):
        measure(network, pictures, ["swd"], features=str(weights))
    with pytest.raises(MetricsError, match=r"1 picture is too little"):
        measure(network, noise(1))
    network.synthesis.blocks[0].const.fill_(float("nan"))
    with pytest.raises(MetricsError, match=r"not finite"):
        measure(network, pictures)
