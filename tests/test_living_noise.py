"""Noise that turns, from the show file to the recorded picture: details change, forms stay."""

from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from engine.app import record_show

SHOW = """\
reverie: 1
title: Alive
seed: 7
canvas: {width: 128, height: 128, fps: 10}
model: museum-128
walk: {type: still}
"""
FASTEST = "network: {noise: {speed: 20}}\n"  # a second is as long as 25 s at the default speed
FADED_IN = 12  # frames until the picture has come up from black


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Two seconds of the same picture with noise that stands still, and twice with noise that turns."""
    folder = tmp_path_factory.mktemp("films")
    texts = {"still": SHOW + "network: {noise: {speed: 0}}\n", "turning": SHOW + FASTEST, "again": SHOW + FASTEST}
    for name, text in texts.items():
        show = folder / f"{name}.yaml"
        show.write_text(text)
        record_show(show, 2.4, folder / f"{name}.mp4")
    return {name: folder / f"{name}.mp4" for name in texts}


def frames(video: Path) -> np.ndarray:
    """Luma, [frames, H, W], of the picture that has come up."""
    with av.open(str(video)) as container:
        return np.stack([frame.to_ndarray(format="gray") for frame in container.decode(video=0)])[FADED_IN:]


def forms(frame: np.ndarray) -> np.ndarray:
    """A frame at 16×16."""
    return np.asarray(Image.fromarray(frame).resize((16, 16), Image.Resampling.BOX), np.float64)


def details(frame: np.ndarray) -> np.ndarray:
    """What is finer than that."""
    coarse = Image.fromarray(forms(frame)).resize((128, 128), Image.Resampling.BICUBIC)
    return frame.astype(np.float64) - np.asarray(coarse)


def alike(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.corrcoef(one.ravel(), other.ravel())[0, 1])


def test_details_become_others_and_forms_stay(films: dict[str, Path]) -> None:
    turning = frames(films["turning"])
    early, late = turning[0], turning[11]
    assert alike(forms(early), forms(late)) > 0.9
    assert alike(details(early), details(late)) < 0.6
    assert alike(details(early), details(turning[1])) > 0.9, "slowly"


def test_the_picture_never_jumps(films: dict[str, Path]) -> None:
    turning = frames(films["turning"]).astype(np.int16)
    steps = np.abs(np.diff(turning, axis=0)).mean((1, 2))
    assert steps.max() < 3 * np.median(steps)


def test_at_speed_0_all_stands_still(films: dict[str, Path]) -> None:
    still = frames(films["still"])
    assert alike(details(still[0]), details(still[11])) > 0.95  # each frame is encoded apart, so not equal


def test_every_recording_is_the_same(films: dict[str, Path]) -> None:
    assert films["turning"].read_bytes() == films["again"].read_bytes()
    assert films["turning"].read_bytes() != films["still"].read_bytes()
