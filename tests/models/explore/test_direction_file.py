"""Directions on disk: what was written comes back, and whatever else lies there is refused in one sentence."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

import models
from models.explore.direction_file import (
    KEY,
    LARGEST_FILE,
    Directions,
    DirectionsError,
    directions_path,
    read_directions,
    write_directions,
)
from models.manifest import sha256

SHAPE = (5, 4)
SHIFT = np.linspace(-2, 2, 20, dtype=np.float32).reshape(SHAPE)
FIGURES = {"samples": 64, "warmth": {"r2": 0.5}}


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    """Any file may stand for the network: only its hash counts."""
    path = tmp_path / "own.safetensors"
    path.write_bytes(b"weights")
    return path


def test_what_was_written_is_read(checkpoint: Path) -> None:
    written = Directions({"contrast": -SHIFT, "warmth": SHIFT}, FIGURES)
    write_directions(directions_path(checkpoint), written, checkpoint)
    read = read_directions(checkpoint, SHAPE)
    assert read is not None
    assert list(read.shifts) == ["warmth", "contrast"], "in the palette's order"
    np.testing.assert_allclose(read.shifts["warmth"], SHIFT, atol=1e-3)
    assert read.shifts["warmth"].dtype == np.float32
    assert read.figures == FIGURES
    assert sorted(path.name for path in checkpoint.parent.iterdir()) == ["own.directions.safetensors", checkpoint.name]


def test_none_is_no_error(checkpoint: Path) -> None:
    assert read_directions(checkpoint, SHAPE) is None


def write(path: Path, tensors: dict[str, np.ndarray], **notes: object) -> None:
    usual = {"format": 1, "checkpoint": sha256(path.with_name("own.safetensors")), "figures": {}}
    save_file(tensors, path, metadata={KEY: json.dumps(usual | notes)})


BAD: dict[str, tuple[Callable[[Path], object], str]] = {
    "cut short": (lambda p: p.write_bytes(p.read_bytes()[:200]), "it is damaged"),
    "empty": (lambda p: p.write_bytes(b""), "it is damaged"),
    "rubbish": (lambda p: p.write_bytes(os.urandom(500)), "it is damaged"),
    "too large": (lambda p: os.truncate(p, LARGEST_FILE + 1), "it is larger than 16 MiB"),
    "of another network": (lambda p: write(p, {"warmth": SHIFT}, checkpoint="0" * 64), "it belongs to another own"),
    "no notes": (lambda p: save_file({"warmth": SHIFT}, p), "it is damaged"),
    "notes that are no table": (lambda p: save_file({}, p, metadata={KEY: "[1]"}), "it is damaged"),
    "deep notes": (lambda p: save_file({}, p, metadata={KEY: "[" * 100_000}), "it is damaged"),
    "another format": (lambda p: write(p, {"warmth": SHIFT}, format=2), "it is damaged"),
    "another shape": (lambda p: write(p, {"warmth": SHIFT[:4]}), "it is damaged"),
    "an unknown name": (lambda p: write(p, {"../up": SHIFT}), "it is damaged"),
    "integers": (lambda p: write(p, {"warmth": SHIFT.astype(np.int32)}), "it is damaged"),
    "not finite": (lambda p: write(p, {"warmth": SHIFT * np.nan}), "it is damaged"),
    "huge": (lambda p: write(p, {"warmth": SHIFT * 1e6}), "it is damaged"),
    "a pipe": (lambda p: (p.unlink(), os.mkfifo(p)), "it is a pipe or a device"),
    "a folder": (lambda p: (p.unlink(), p.mkdir()), "own.directions.safetensors: it "),
}


@pytest.mark.parametrize("kind", BAD)
def test_another_file_is_refused(checkpoint: Path, kind: str) -> None:
    path = directions_path(checkpoint)
    write(path, {"warmth": SHIFT})
    spoil, sentence = BAD[kind]
    spoil(path)
    with pytest.raises(DirectionsError) as caught:
        read_directions(checkpoint, SHAPE)
    said = str(caught.value)
    assert sentence in said
    assert said.endswith(f"run: reverie explore directions {checkpoint}")
    assert "\n" not in said


@pytest.mark.parametrize("name", ["own.safetensors", ".directions.safetensors", "there/own.directions.safetensors"])
def test_only_a_file_of_directions_is_written(checkpoint: Path, name: str) -> None:
    (checkpoint.parent / "there").write_text("a file where a folder should be")
    with pytest.raises(DirectionsError, match=r"cannot be (the file; name one|written)"):
        write_directions(checkpoint.parent / name, Directions({"warmth": SHIFT}), checkpoint)
    assert checkpoint.read_bytes() == b"weights"


@pytest.mark.parametrize("name", models.builtin_names())
def test_built_in_networks_come_with_theirs(name: str) -> None:
    path = models.resolve(name)
    num_ws, w_dim = _shape(path)
    found = read_directions(path, (num_ws, w_dim))
    assert found is not None, f"run: reverie explore directions {name}"
    assert set(found.shifts) == {"warmth", "lightness", "colourfulness", "contrast"}
    for direction in found.shifts:
        assert found.figures[direction]["rank_correlation"] > 0.5
        assert found.figures[direction]["effects"][direction] == pytest.approx(1, abs=0.4)


def _shape(path: Path) -> tuple[int, int]:
    from models.info import describe

    described = describe(path)
    return described["num_ws"], described["w_dim"]
