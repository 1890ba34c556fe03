"""Networks of others, read as data and written as checkpoints of ours. Nothing in their files is ever executed."""

import os
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from safetensors import SafetensorError

from models import checkpoint
from models.convert.source import ROLES, Source, open_source
from models.errors import CheckpointError
from models.manifest import hash_file
from models.names import SUFFIX, player_path

__all__ = ["Conversion", "convert", "open_source"]


@dataclass(frozen=True)
class Conversion:
    """What `convert` wrote: paths by role, the provenance of the network to show, and roles the file lacks."""

    written: dict[str, Path]
    provenance: dict[str, Any]
    missing: tuple[str, ...]


def convert(path: Path, target: Path, everything: bool = False) -> Conversion:
    """Write the G_ema of a pickle or `.pt` to `target`, and with `everything` its G and D to NAME.G and NAME.D beside.

    float32, exactly. Each file is written whole or not at all, and none before all of them are known to fit. Raises
    CheckpointError with one sentence.
    """
    if target.suffix != SUFFIX or os.path.isdir(target):
        raise CheckpointError(f"{target} cannot be the checkpoint; name a file ending in {SUFFIX}")
    source = open_source(path)
    wanted = ROLES if everything else ROLES[:1]
    roles = [role for role in wanted if role in source.contents.networks or role == ROLES[0]]
    for role in roles:
        source.plan(role)
    written = {role: target if role == ROLES[0] else player_path(target, role) for role in roles}
    for file in written.values():
        _keep(path, file)
    for role, file in written.items():
        _write(source, role, file)
    missing = tuple(role for role in wanted if role not in roles)
    return Conversion(written, _provenance(source, ROLES[0]), missing)


def _keep(path: Path, file: Path) -> None:
    """Raise CheckpointError where writing `file` would replace the network that is read from `path`."""
    if any(os.path.exists(place) and place.samefile(path) for place in (file, hash_file(file))):
        raise CheckpointError(f"{file} would take the place of {path}, which is converted; choose another name")


def _write(source: Source, role: str, path: Path) -> None:
    try:
        checkpoint.save(path, source.build(role), _provenance(source, role), half=False)
    except (OSError, SafetensorError) as error:
        reason = getattr(error, "strerror", None) or str(error).splitlines()[0]
        raise CheckpointError(f"{path} cannot be written ({reason}); choose another place") from None


def _provenance(source: Source, role: str) -> dict[str, Any]:
    return {
        "source": source.path.name,
        "source_sha256": source.sha256,
        "origin": source.contents.origin,
        "network": role,
        "licence": source.contents.licence,
        "trained_on": dict(source.contents.trained_on),
        "converted_by": f"reverie {version('reverie')}",
    }
