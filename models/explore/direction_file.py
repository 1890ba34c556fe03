"""Directions on disk, beside their checkpoint: NAME.directions.safetensors. Read without torch and without trust."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from models.files import is_device, write_atomically
from models.manifest import sha256
from models.names import DIRECTIONS

PALETTE = ("warmth", "lightness", "colourfulness", "contrast")
FORMAT = 1
KEY = "reverie-directions"
LARGEST_FILE = 16 * 2**20
LARGEST = 1000.0  # a w is about 1 in each of its numbers

Floats = NDArray[np.float32]


class DirectionsError(Exception):
    """Directions that cannot be learnt, read or written, in one sentence."""


@dataclass(frozen=True, slots=True)
class Directions:
    """`shifts` by name: what is added to ws [num_ws, w_dim] to change an attribute by about one standard deviation of
    the network's own pictures. `figures` are plain JSON values: how they were learnt and how well.
    """

    shifts: dict[str, Floats] = field(default_factory=dict)
    figures: dict[str, Any] = field(default_factory=dict)


def directions_path(checkpoint: Path) -> Path:
    """Where the directions of a checkpoint stand: beside it."""
    return checkpoint.with_name(f"{checkpoint.stem}{DIRECTIONS}")


def check_place(path: Path) -> None:
    """Whether a file of directions may be called that. Raises DirectionsError."""
    if not path.name.endswith(DIRECTIONS) or path.name == DIRECTIONS or path.is_dir():
        raise DirectionsError(f"{path} cannot be the file; name one that ends in {DIRECTIONS} with --out")


def write_directions(path: Path, directions: Directions, checkpoint: Path) -> None:
    """Write a file for this checkpoint, whole or not at all, as float16. Raises DirectionsError."""
    check_place(path)
    tensors = {name: shift.astype(np.float16) for name, shift in directions.shifts.items()}
    notes = {"format": FORMAT, "checkpoint": sha256(checkpoint), "figures": directions.figures}
    try:
        write_atomically(path, lambda part: save_file(tensors, part, metadata={KEY: json.dumps(notes)}))
    except OSError as error:
        why = error.strerror or "the disk refuses"
        raise DirectionsError(f"{path}: cannot be written ({why}); choose another place with --out") from None


def read_directions(checkpoint: Path, shape: tuple[int, int]) -> Directions | None:
    """The directions beside a checkpoint whose ws have that `shape`, [num_ws, w_dim]; None where there are none.

    Raises DirectionsError for a file that is damaged, too large, or of another checkpoint.
    """
    path = directions_path(checkpoint)
    if is_device(path):
        raise _unusable(path, "it is a pipe or a device", checkpoint)
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise _unusable(path, f"it is larger than {LARGEST_FILE // 2**20} MiB", checkpoint)
        with safe_open(path, framework="np") as file:
            notes = _notes(file.metadata())
            if notes["checkpoint"] != sha256(checkpoint):
                raise _unusable(path, f"it belongs to another {checkpoint.name}", checkpoint)
            shifts = {name: _shift(file, name, shape) for name in file.keys()}  # noqa: SIM118 (not a mapping)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _unusable(path, f"it cannot be read ({error.strerror or 'it is no file'})", checkpoint) from None
    except (SafetensorError, ValueError, TypeError, KeyError, RecursionError):
        raise _unusable(path, "it is damaged", checkpoint) from None
    return Directions({name: shifts[name] for name in PALETTE if name in shifts}, notes["figures"])


def _notes(metadata: dict[str, str] | None) -> dict[str, Any]:
    """Raises ValueError, TypeError or KeyError where it is not what we write."""
    notes = json.loads((metadata or {})[KEY])
    if notes["format"] != FORMAT or not isinstance(notes["figures"], dict):
        raise ValueError
    return dict(notes)


def _shift(file: Any, name: str, shape: tuple[int, int]) -> Floats:
    """One direction, its claims checked before it is read. Raises ValueError."""
    claimed = file.get_slice(name)
    if name not in PALETTE or tuple(claimed.get_shape()) != shape or claimed.get_dtype() not in ("F16", "F32"):
        raise ValueError
    shift = np.asarray(file.get_tensor(name), np.float32)
    if not (np.abs(shift) <= LARGEST).all():  # NaN, too
        raise ValueError
    return shift


def _unusable(path: Path, why: str, checkpoint: Path) -> DirectionsError:
    return DirectionsError(f"{path}: {why}; run: reverie explore directions {checkpoint}")
