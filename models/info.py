"""What a network is, from its file: architecture, sizes, where it comes from, and what one may do with it."""

import math
import os
from collections import Counter
from pathlib import Path
from typing import Any

from torch import nn

from models import checkpoint
from models.convert.source import Source, open_source
from models.errors import CheckpointError
from models.manifest import check_hash, hash_file, read_header
from models.names import SUFFIX

DIMENSIONS = ("z_dim", "c_dim", "w_dim", "num_ws", "img_resolution", "img_channels")
BYTES = {"F32": 4, "F16": 2, "BF16": 2}


def describe(path: Path) -> dict[str, Any]:
    """Plain JSON values that say what is in a checkpoint, or in a file that can be converted to one.

    Nothing is converted, nothing but headers and names is read of a checkpoint. Raises CheckpointError.
    """
    return _checkpoint(path) if path.suffix == SUFFIX else _foreign(path)


def _checkpoint(path: Path) -> dict[str, Any]:
    header = read_header(path)
    network = checkpoint.empty(path)
    check_hash(path)
    stored = Counter[str]()
    for dtype, shape in header.tensors.values():
        stored[dtype] += math.prod(shape)
    provenance = _plain(header.manifest.get("provenance"))
    licence = provenance.get("licence") if isinstance(provenance, dict) else None
    return {
        "file": str(path),
        "bytes": path.stat().st_size,
        "sha256": "verified" if os.path.isfile(hash_file(path)) else f"unverified: there is no {hash_file(path).name}",
        "stored_as": {name: stored[name] for name in sorted(stored)},
        **_network(network),
        "licence": licence if isinstance(licence, str) else "not recorded",
        "provenance": provenance,
    }


def _foreign(path: Path) -> dict[str, Any]:
    source = open_source(path)
    return {
        "file": str(path),
        "bytes": path.stat().st_size,
        "sha256": source.sha256,
        "origin": source.contents.origin,
        "networks": {role: _planned(source, role) for role in source.contents.networks},
        "licence": source.contents.licence,
        "trained_on": dict(source.contents.trained_on),
    }


def _planned(source: Source, role: str) -> dict[str, Any]:
    """Of a network in a foreign file, or why it cannot be converted: the others may be."""
    try:
        return _network(source.plan(role).check())
    except CheckpointError as error:
        return {"refused": str(error)}


def _network(network: Any) -> dict[str, Any]:
    """Of a network that need not have memory behind its tensors."""
    height, width = network.config.canvas or (network.config.img_resolution,) * 2
    parts = {name: _parameters(part) for name, part in network.named_children()}
    dimensions = {name: getattr(network, name) for name in DIMENSIONS if hasattr(network, name)}
    return {
        "architecture": checkpoint.architecture_of(network),
        "canvas": {"width": width, "height": height},
        **dimensions,
        "parameters": _parameters(network),
        "parts": {name: count for name, count in parts.items() if count},
        "config": network.config.model_dump(),
    }


def _plain(value: Any, depth: int = 4) -> Any:
    """JSON of a file, without what is nested deeper than anybody reads."""
    if isinstance(value, dict):
        return {name: _plain(inner, depth - 1) for name, inner in value.items()} if depth else "…"
    if isinstance(value, list):
        return [_plain(inner, depth - 1) for inner in value] if depth else "…"
    return value


def _parameters(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())
