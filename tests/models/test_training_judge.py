"""A network whose pictures hold no numbers is said, and no best."""

from pathlib import Path

import torch
from picture_sets import filled

from models import stylegan2
from models.training.data import open_set
from models.training.judge import Judge


def test_pictures_that_are_not_finite_are_a_warning(tmp_path: Path) -> None:
    network = stylegan2.Generator(img_resolution=16, channel_max=16).eval().requires_grad_(False)
    with open_set(filled(tmp_path / "set", *(f"{n}.png" for n in range(4))), (16, 16)) as images:
        judge = Judge(network, images)
        judge.measure()
        assert judge.at_best
        assert judge.figures["swd"] > 0
        assert judge.warning is None
        network.synthesis.blocks[-1].torgb.bias.fill_(torch.nan)
        judge.measure()
    assert not judge.at_best
    assert judge.figures == {}
    assert judge.warning
