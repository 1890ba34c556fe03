"""A bent network from the show file to the picture: recorded, and live under a moving slider."""

from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from engine.app import check_show, record_show
from tests.running import ROOT, RunningShow, running_show

SHOW = """\
reverie: 1
title: Bent
seed: 7
canvas: {width: 256, height: 72, fps: 15}
model: museum-128
network:
  canvas: {width: 128, height: 36}
  noise: {speed: 0}
  bend:
    - {name: tilt, layer: b16.conv1, rotate: 10}
sensors:
  hall: {type: simulated}
walk: {type: still}
modulation:
  - {from: hall.bass, to: /network/bend/tilt/rotate, out: [0, 60]}
outputs:
  - {type: offscreen, snapshot: frame.png, every: 0.2}
"""
STILL = SHOW.partition("modulation:")[0] + SHOW[SHOW.index("outputs:") :]
ROTATE = "/network/bend/tilt/rotate"


@pytest.fixture
def show(tmp_path: Path) -> Path:
    path = tmp_path / "show.yaml"
    path.write_text(SHOW)
    return path


def frames(video: Path) -> np.ndarray:
    with av.open(str(video)) as container:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]).astype(np.int16)


def changes(video: Path) -> list[float]:
    """Mean change from frame to frame, once the picture has faded in from black."""
    return [float(np.abs(b - a).mean()) for a, b in pairwise(frames(video)[18:])]


def test_a_recording_of_a_bent_network_is_the_same_every_time_and_moves_with_its_signal(
    show: Path, tmp_path: Path
) -> None:
    first, second, still = (tmp_path / f"{name}.mp4" for name in ("first", "second", "still"))
    record_show(show, 3, first)
    record_show(show, 3, second)
    assert first.read_bytes() == second.read_bytes()
    show.write_text(STILL)
    record_show(show, 3, still)
    assert frames(first).shape == (45, 72, 256, 3)
    moved, rested = changes(first), changes(still)
    assert np.median(moved) > 5 * np.median(rested)  # once a second a key frame is encoded afresh, and differs a little
    assert max(moved) < 10, "no jump"


def test_a_slider_of_the_panel_bends_the_running_network(show: Path) -> None:
    show.write_text(STILL)
    snapshot = show.with_name("frame.png")
    with running_show(show) as running:
        running.wait_for_dreams()
        assert "128×36" in running.get("healthz")["generator"]
        before = later(running, snapshot)
        rest = np.abs(later(running, snapshot) - before).mean()
        running.put(ROTATE, 90)
        running.wait("the picture to turn", lambda: np.abs(later(running, snapshot) - before).mean() > 5 * rest + 4)
        running.put(ROTATE, 10)
        running.wait("the picture to be back", lambda: np.abs(later(running, snapshot) - before).mean() < rest + 1)
        assert running.end() == 0


def later(running: RunningShow, snapshot: Path) -> np.ndarray:
    """The picture on the wall a few frames from now."""
    asked = running.get("healthz")["dream_frames"]
    running.wait("later frames", lambda: running.get("healthz")["dream_frames"] > asked + 6)
    seen = snapshot.stat().st_mtime_ns if snapshot.exists() else 0
    running.wait("a snapshot", lambda: snapshot.exists() and snapshot.stat().st_mtime_ns > seen)
    with Image.open(snapshot) as image:
        return np.asarray(image.convert("RGB"), np.int16)


@pytest.mark.parametrize("path", sorted((ROOT / "shows").glob("*.yaml")), ids=lambda path: path.stem)
def test_every_show_that_comes_with_reverie_is_in_order(path: Path) -> None:
    assert check_show(path)
