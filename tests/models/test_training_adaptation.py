"""How strongly pictures are augmented follows how well the discriminator knows the reals."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from models.training import train
from models.training.adaptation import INTERVAL, TARGET, Adaptation
from models.training.losses import NonSaturating, Relativistic
from tests.models.states import told
from tests.models.tiny import tiny


def after(confidence: float, iterations: int, batch: int = 100) -> float:
    adaptation = Adaptation(kimg_to_full=100)
    for _ in range(iterations):
        adaptation.step(confidence, batch)
    return adaptation.p


def test_p_rises_with_the_images_it_is_given_and_stays_below_what_shows() -> None:
    assert after(1.0, 500) == pytest.approx(0.5)
    assert after(1.0, 780) == pytest.approx(0.78)
    assert after(1.0, 1100) == 0.8


def test_p_falls_to_nought_and_no_further() -> None:
    adaptation = Adaptation(kimg_to_full=100)
    for confidence in [1.0] * 40 + [0.1] * 80:
        adaptation.step(confidence, 100)
    assert adaptation.p == 0.0


def test_p_stands_still_at_the_target_and_between_its_steps() -> None:
    assert after(TARGET, 40) == 0.0
    assert after(1.0, INTERVAL - 1) == 0.0


def test_half_an_interval_is_kept() -> None:
    first, second = Adaptation(100), Adaptation(100)
    for _ in range(INTERVAL + 2):
        first.step(0.9, 100)
    second.restore(first.state())
    for adaptation in (first, second):
        adaptation.step(0.9, 100)
        adaptation.step(0.9, 100)
    assert first.p == second.p == pytest.approx(2 * INTERVAL * 100 / 100_000)


def test_what_each_loss_judges_reals_by() -> None:
    real, fake = torch.tensor([3.0, 1.0, -1.0, 2.0]), torch.tensor([4.0, 0.0, -2.0, 1.0])
    assert NonSaturating().confidence(real, fake).item() == 0.5
    assert Relativistic().confidence(real, fake).item() == 0.5
    assert Relativistic().confidence(real - 5, fake - 5).item() == 0.5
    assert NonSaturating().confidence(real - 5, fake - 5).item() == -1.0


@pytest.mark.parametrize("augment", ["ada", "ada-all"])
def test_a_run_adapts_and_goes_on_exactly(tmp_path: Path, augment: Any) -> None:
    """Noise against flat pictures is soon told apart, so p rises; a run in two pieces has the same p to the bit."""
    data = tmp_path / "data"
    data.mkdir()
    for i in range(8):
        Image.fromarray(np.full((16, 16, 3), 20 * i, np.uint8)).save(data / f"{i}.png")
    whole = tiny(data, tmp_path / "whole", kimg=0.240, augment=augment)
    train(whole)
    train(replace(whole, out=tmp_path / "first", kimg=0.112))
    train(replace(whole, out=tmp_path / "second", resume=tmp_path / "first"))
    one, two = (told(tmp_path / name) for name in ("whole", "second"))
    assert one["adaptation"] == two["adaptation"]
    assert one["adaptation"]["p"] > 0
    tensors, again = (load_file(tmp_path / name / "state.safetensors") for name in ("whole", "second"))
    assert [name for name in tensors if not torch.equal(tensors[name], again[name])] == []
