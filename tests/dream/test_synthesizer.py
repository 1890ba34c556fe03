"""From network to pixels: values, rejection, precision."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from dreaming import NUM_WS, SIZE, Point, W
from torch import Tensor, nn

import models
from engine.dream.synthesizer import Synthesizer


class Painter(nn.Module):
    """A synthesis network of somebody else's that paints the first numbers of ws."""

    def __init__(self, channels: int = 3) -> None:
        super().__init__()
        self.channels = channels

    def forward(self, ws: Tensor, noise_mode: str = "const") -> Tensor:
        assert noise_mode == "const"
        return ws[:, 0, : self.channels, None, None].repeat(1, 1, 2, 3)


class Network(nn.Module):
    """The generator contract around a Painter."""

    z_dim, w_dim, num_ws, c_dim, img_shape = 4, 4, 1, 0, (2, 3)

    def __init__(self, synthesis: nn.Module) -> None:
        super().__init__()
        self.synthesis = synthesis
        self.mapping = nn.Unflatten(1, (1, 4))

    @staticmethod
    def take_label(z: Tensor, c: None) -> Tensor:
        return z[:, None]


@pytest.fixture
def paint(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A Synthesizer over a Painter."""

    def make(painter: Painter, **options: Any) -> Synthesizer:
        network = Network(painter)
        monkeypatch.setattr(network.mapping, "forward", Network.take_label)
        monkeypatch.setattr(models, "load", lambda model, device: network)
        return Synthesizer("any", **options)

    return make


def colour(*values: float) -> np.ndarray:
    return np.array([[*values, 0, 0, 0, 0][:4]], np.float32)


def test_levels_are_rounded_and_clipped(paint: Any) -> None:
    pixels = paint(Painter()).render(colour(-1, 0, 1))
    assert pixels.shape == (2, 3, 4)
    assert pixels[0, 0].tolist() == [0, 128, 255, 255]
    assert paint(Painter()).render(colour(-9, 9, 0.5))[1, 2].tolist() == [0, 255, 191, 255]


def test_one_channel_is_grey(paint: Any) -> None:
    assert paint(Painter(channels=1)).render(colour(0.5))[0, 0].tolist() == [191, 191, 191, 255]


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), float("-inf")])
def test_a_picture_with_one_bad_number_is_none(paint: Any, bad: float) -> None:
    assert paint(Painter()).render(colour(0, bad, 0)) is None


def test_a_network_without_a_fast_path_draws_as_it_is(paint: Any) -> None:
    made = paint(Painter())
    assert made.precision == "float32"
    assert made.describe() == "3×2, float32"


def test_a_real_network_upright_and_in_colour(model: Path) -> None:
    """Row 0 is the network's first row, and the channels keep their order."""
    made = Synthesizer(model, precision="float32")
    network = models.load(model)
    ws = Point(3).ws
    assert ws.shape == (NUM_WS, W)
    with torch.inference_mode():
        image = network.synthesis(torch.from_numpy(ws)[None])[0]  # [3, H, W]
    expected = (image * 127.5 + 128).clamp(0, 255).byte().permute(1, 2, 0).numpy()
    pixels = made.render(ws)
    assert pixels is not None
    assert pixels.shape == (SIZE, SIZE, 4)
    assert np.abs(pixels[..., :3].astype(int) - expected).max() <= 1
    assert made.describe() == f"{SIZE}², float32"
