"""The header of a checkpoint, read without torch and without trusting it.

A checkpoint is a safetensors file whose metadata holds one JSON text under `reverie`: format, architecture, config and
provenance. Its SHA-256 stands in NAME.safetensors.sha256 beside it and is verified where that file is present.
"""

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.errors import CheckpointError
from models.files import is_device

FORMAT = 1
KEY = "reverie"
LARGEST_FILE = 4 * 2**30
LARGEST_HEADER = 8 * 2**20
MOST_TENSORS = 10_000
MOST_DIMENSIONS = 8
LONGEST_QUOTE = 80
CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Header:
    """What a file says of itself. `tensors` maps a name to (dtype, shape)."""

    manifest: dict[str, Any]
    tensors: dict[str, tuple[str, tuple[int, ...]]]


def read_manifest(path: Path) -> dict[str, Any]:
    """The manifest: `format`, `architecture`, `config`, `provenance`. Raises CheckpointError."""
    return read_header(path).manifest


def read_header(path: Path) -> Header:
    """Manifest and tensor table of a checkpoint, bounded before anything is read. Raises CheckpointError."""
    if is_device(path):
        raise not_a_file(path)
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if size > LARGEST_FILE or not 2 <= length <= min(LARGEST_HEADER, size - 8):
                raise damaged(path, "it is no safetensors file, or cut short")
            header = json.loads(file.read(length))
    except OSError as error:
        raise unreadable(path, error) from None
    except (ValueError, RecursionError):
        raise damaged(path, "its header is not JSON") from None
    return _parse(path, header)


def check_hash(path: Path) -> None:
    """Compare the file with the SHA-256 beside it, if there is one. Raises CheckpointError."""
    sidecar = hash_file(path)
    if not os.path.isfile(sidecar):  # Path.is_file raises where the name is too long
        return
    try:
        with sidecar.open("rb") as file:
            expected = file.read(64).decode("ascii", "replace")
        actual = sha256(path)
    except OSError as error:
        raise unreadable(sidecar, error) from None
    if expected != actual:
        raise damaged(path, f"its SHA-256 is not the one in {sidecar.name}")


def hash_file(path: Path) -> Path:
    """Where the SHA-256 of a checkpoint stands."""
    return path.with_name(path.name + ".sha256")


def sha256(path: Path) -> str:
    """Hexadecimal SHA-256 of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def shown(text: str) -> str:
    """What a file says, short and on one line."""
    return text[:LONGEST_QUOTE].encode("unicode_escape").decode()


def damaged(path: Path, why: str) -> CheckpointError:
    """The error for a file that is not what it should be."""
    return CheckpointError(f"{path}: the checkpoint cannot be used: {why}; copy it again from its source")


def unreadable(path: Path, error: OSError) -> CheckpointError:
    """The error for a file the system does not let us read."""
    return CheckpointError(f"{path}: cannot be read ({error.strerror}); check that it is a file and its rights")


def not_a_file(path: Path) -> CheckpointError:
    """The error for a folder, a pipe or a device."""
    return CheckpointError(f"{path}: is a folder, a pipe or a device; give a checkpoint's file")


def _parse(path: Path, header: object) -> Header:
    if not isinstance(header, dict) or len(header) > MOST_TENSORS:
        raise damaged(path, "its header is no table of tensors")
    metadata = header.pop("__metadata__", None)
    text = metadata.get(KEY) if isinstance(metadata, dict) else None
    if not isinstance(text, str):
        raise damaged(path, "it has no Reverie manifest")
    try:
        manifest = json.loads(text)
        tensors = {name: (str(t["dtype"]), tuple(int(n) for n in t["shape"])) for name, t in header.items()}
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        raise damaged(path, "its manifest or tensor table is malformed") from None
    if any(len(shape) > MOST_DIMENSIONS for _, shape in tensors.values()):
        raise damaged(path, "it has a tensor of impossible shape")
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise CheckpointError(f"{path}: this Reverie reads checkpoints of format {FORMAT}; convert or update")
    if not isinstance(manifest.get("architecture"), str) or not isinstance(manifest.get("config"), dict):
        raise damaged(path, "its manifest names no architecture")
    return Header(manifest, tensors)
