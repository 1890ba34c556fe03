"""Networks that a training begins with: of a file, with the players that were converted along, or of another run."""

import copy
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import models
from models import checkpoint, discriminator, stylegan2
from models.discriminator import Discriminator
from models.errors import CheckpointError
from models.manifest import sha256
from models.names import player_path
from models.stylegan2 import Generator
from models.training.config import TrainingError
from models.training.networks import Networks, built, fresh_discriminator
from models.training.state import NAME, networks_in, reading

SHARED = ("img_resolution", "img_channels", "c_dim", "canvas")  # in which the players must agree


@dataclass(frozen=True)
class Brought:
    """Networks and, for the record, what they come from, as plain JSON values; `note` tells the user.

    `judged`: whether their discriminator has learned with the generator.
    """

    networks: Networks
    path: Path
    origin: dict[str, Any]
    note: str
    judged: bool = True


def bring(name: str | Path) -> Brought:
    """The networks of a run's folder, of a file or of a built-in name. Raises TrainingError."""
    if os.path.isdir(name):  # Path.is_dir raises where it may not look; resolving says that better
        return _of_run(Path(name))
    try:
        return _of_file(models.resolve(name))
    except CheckpointError as error:
        raise TrainingError(str(error)) from None


def _of_run(folder: Path) -> Brought:
    """All three networks as an earlier run left them, without its optimisers."""
    with reading(folder, "--from") as path:
        digest = sha256(path)
        progress, networks = networks_in(path)
        if sha256(path) != digest:
            raise ValueError("the run there goes on, and wrote it anew just now; try again")
        earlier = progress.get("started_from")
        kimg = progress["shown"] / 1000
        origin = {
            "name": folder.name, "sha256": digest, "kimg": kimg, "seconds": round(progress["seconds"]),
            "data_sha256": progress.get("data_sha256"), "settings": progress.get("recipe"), "started_from": earlier,
            "licence": "not recorded" if earlier is None else earlier["licence"],
        }  # fmt: skip
    return Brought(networks, folder / NAME, origin, f"from {folder.name}, as it was at kimg {kimg:.1f}")


def _of_file(path: Path) -> Brought:
    ema = _generator(path)
    beside = {role: file for role in ("G", "D") if os.path.isfile(file := player_path(path, role))}
    generator = _player(path, beside["G"], ema) if "G" in beside else copy.deepcopy(ema)
    critic = _critic(path, beside["D"], ema) if "D" in beside else fresh_discriminator(built(ema))
    for own, kept in zip(generator.buffers(), ema.buffers(), strict=True):
        own.copy_(kept)  # the average takes over the generator's: what it draws with goes on without a jump
    networks = Networks(generator.train().requires_grad_(), critic.train().requires_grad_(), ema)
    return Brought(networks, path, _origin(path, beside), _note(path, beside), "D" in beside)


def _generator(path: Path) -> Generator:
    """The network of a file, if training knows its kind."""
    architecture = models.read_manifest(path)["architecture"]
    if architecture != stylegan2.ARCHITECTURE:
        raise TrainingError(
            f"{path}: only {stylegan2.ARCHITECTURE} networks can be trained, and this is {architecture[:40]!a};"
            " give another --from"
        )
    network: Generator = checkpoint.load(path)
    if network.img_channels != 3:
        raise TrainingError(f"{path}: it draws in grey, and training is in colour; give a network of three channels")
    return network


def _player(path: Path, beside: Path, ema: Generator) -> Generator:
    player = _generator(beside)
    if player.config != ema.config or not _same_source(path, beside):
        raise _stranger(path, beside)
    return player


def _critic(path: Path, beside: Path, ema: Generator) -> Discriminator:
    architecture = models.read_manifest(beside)["architecture"]
    if architecture != discriminator.KIND:
        raise _stranger(path, beside)
    critic: Discriminator = checkpoint.load_discriminator(beside)
    fits = all(getattr(critic.config, name) == getattr(ema.config, name) for name in SHARED)
    if not fits or not _same_source(path, beside):
        raise _stranger(path, beside)
    return critic


def _stranger(path: Path, beside: Path) -> TrainingError:
    return TrainingError(f"{beside} does not belong to {path.name}; convert both again from one file, or take it away")


def _origin(path: Path, players: dict[str, Path]) -> dict[str, Any]:
    """Plain JSON values. A licence holds for all that is trained on from there, whichever of the files brought it."""
    told = (_told(file, "licence") for file in (path, *players.values()))
    licences = dict.fromkeys(licence for licence in told if licence is not None)
    files = {role: {"name": file.name, "sha256": sha256(file)} for role, file in players.items()}
    origin = {"name": path.name, "sha256": sha256(path), "licence": "; ".join(licences) or "not recorded", **files}
    provenance = models.read_manifest(path).get("provenance")
    if isinstance(provenance, dict) and "settings" in provenance:  # it was trained by a run, whose settings go along
        origin["started_from"] = {name: provenance.get(name) for name in ("settings", "started_from")}
    return origin


def _same_source(*paths: Path) -> bool:
    """Whether the files, as far as they say, were converted from one: what stayed of an earlier one would fit too."""
    return len({source for source in (_told(path, "source_sha256") for path in paths) if source is not None}) < 2


def _told(path: Path, name: str) -> str | None:
    """A text in the provenance of a file."""
    provenance = models.read_manifest(path).get("provenance")
    value = provenance.get(name) if isinstance(provenance, dict) else None
    return value if isinstance(value, str) else None


def _note(path: Path, players: dict[str, Path]) -> str:
    generator = players["G"].name if "G" in players else "the same network as generator"
    missing = f"a fresh discriminator, as there is no {player_path(path, 'D').name} beside it"
    return f"from {path.name}, with {generator} and {players['D'].name if 'D' in players else missing}"
