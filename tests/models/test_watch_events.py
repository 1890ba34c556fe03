"""TensorBoard reads what a run writes, also after the disk was full."""

import io
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from models.training.watch import pictures
from models.training.watch.events import Events
from models.training.watch.walk import eased_loop


def read(folder: Path) -> Any:
    return EventAccumulator(str(folder), size_guidance={"images": 0, "scalars": 0}).Reload()


def scalars(folder: Path, tag: str) -> list[tuple[int, float]]:
    return [(event.step, event.value) for event in read(folder).Scalars(tag)]


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """No file may grow beyond that: the system writes a part and then refuses, as with a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_moving_picture_is_read_back(tmp_path: Path) -> None:
    walk = torch.linspace(-1, 1, 6)[:, None, None, None].expand(6, 3, 8, 12)
    events = Events(tmp_path)
    events.picture("walk", pictures.moving(walk, "gif"), 160)
    events.picture("fakes", pictures.grid(walk, 1000), 160)
    events.close()
    found = read(tmp_path)
    (event,) = found.Images("walk")
    assert (event.step, event.width, event.height) == (160, 12, 8)
    with Image.open(io.BytesIO(event.encoded_image_string)) as image:
        assert (image.format, image.n_frames, image.info["loop"]) == ("GIF", 6, 0)
    (event,) = found.Images("fakes")
    assert (event.width, event.height) == (36, 16)


def test_what_a_full_disk_cut_short_is_not_there_and_hides_nothing(tmp_path: Path) -> None:
    events = Events(tmp_path)
    events.scalars("training", {"loss_g": 1.0}, 8)
    size = events.path.stat().st_size
    with room_for(size + 10), pytest.raises(OSError, match="too large"):
        events.scalars("training", {"loss_g": 2.0}, 16)
    assert events.path.stat().st_size == size
    events.scalars("training", {"loss_g": 3.0}, 24)
    events.close()
    assert scalars(tmp_path, "training/loss_g") == [(8, 1.0), (24, 3.0)]


def test_a_file_that_could_not_be_begun_is_begun_later(tmp_path: Path) -> None:
    events = Events(tmp_path)
    with room_for(0), pytest.raises(OSError, match="too large"):
        events.scalars("training", {"loss_g": 1.0}, 8)
    events.scalars("training", {"loss_g": 2.0}, 16)
    events.close()
    assert scalars(tmp_path, "training/loss_g") == [(16, 2.0)]


def test_what_was_lost_is_forgotten(tmp_path: Path) -> None:
    first = Events(tmp_path)
    for step in (8, 16, 24):
        first.scalars("training", {"loss_g": 1.0}, step)
    first.close()
    second = Events(tmp_path, after=16)
    for step in (24, 32):
        second.scalars("training", {"loss_g": 2.0}, step)
    second.forget(24)
    second.scalars("training", {"loss_g": 3.0}, 32)
    second.close()
    assert scalars(tmp_path, "training/loss_g") == [(8, 1.0), (16, 1.0), (24, 2.0), (32, 3.0)]


def test_a_walk_comes_back_to_where_it_began_without_a_jump() -> None:
    ws = torch.randn(4, 3, 5, generator=torch.Generator().manual_seed(0))
    walk = eased_loop(ws, frames=12)
    assert walk.shape == (48, 3, 5)
    assert torch.equal(walk[::12], ws)
    steps = (walk - walk.roll(1, dims=0)).flatten(1).norm(dim=1)
    apart = (ws - ws.roll(-1, dims=0)).flatten(1).norm(dim=1)
    assert bool((steps < 0.14 * apart.max()).all())
    assert bool((steps[::12] < 0.02 * apart.max()).all())  # slow where it stops
