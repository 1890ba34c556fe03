"""Where a run begins: with fresh networks, with those of a file, or where an earlier run ended."""

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import models
from models import checkpoint, discriminator, stylegan2
from models.discriminator import Discriminator
from models.errors import CheckpointError
from models.manifest import sha256
from models.names import player_path
from models.stylegan2 import Generator
from models.training.config import TrainConfig, TrainingError
from models.training.data import ImageSet
from models.training.networks import Networks, fresh, fresh_discriminator, of_sizes
from models.training.state import reading, saved

Open = Callable[[tuple[int, int], bool], ImageSet]  # pictures of a height and width, with their classes or without

SHARED = ("img_resolution", "img_channels", "c_dim", "canvas")  # in which the players must agree


@dataclass(frozen=True)
class Start:
    """Networks and the pictures that fit them; for the record, the file the networks come from.

    `origin` None is nowhere; `note` tells the user.
    `recipe`: what of a Recipe is settled by where it begins; all of it in a run that goes on.
    """

    networks: Networks
    images: ImageSet
    origin: dict[str, Any] | None = None
    note: str | None = None
    recipe: dict[str, Any] = field(default_factory=dict)


def begin(config: TrainConfig, open_pictures: Open) -> Start:
    """The networks and pictures of a run.

    Raises TrainingError where the networks of a file or of a saved run are not what was asked for.
    """
    if config.resume is not None:
        return _go_on(config, config.resume, open_pictures)
    if config.start_from is not None:
        return _from_network(config, config.start_from, open_pictures)
    side = config.size("resolution")
    images = open_pictures(config.canvas or (side, side), config.classes)
    if config.classes and not images.classes:
        raise TrainingError(f"{config.data} names no classes; put labels into its dataset.json, or leave out --classes")
    return Start(fresh(config, images.classes), images)


def _go_on(config: TrainConfig, folder: Path, open_pictures: Open) -> Start:
    """As an earlier run says; one that does not say its sizes has those of `config`."""
    with reading(folder) as path:
        progress, sizes = saved(path)
        networks = fresh(config) if sizes is None else of_sizes(sizes)
        _check_sizes(config, networks.generator)
    images = _fitting(config, networks.generator, folder, open_pictures)
    return Start(networks, images, progress.get("started_from"), recipe=progress.get("recipe", {}))


def _from_network(config: TrainConfig, name: str | Path, open_pictures: Open) -> Start:
    try:
        path = models.resolve(name)
        ema = _generator(path)
        beside = {role: file for role in ("G", "D") if (file := player_path(path, role)).is_file()}
        generator = _player(path, beside["G"], ema) if "G" in beside else copy.deepcopy(ema)
        critic = _critic(path, beside["D"], ema) if "D" in beside else fresh_discriminator(_built(ema))
    except CheckpointError as error:
        raise TrainingError(str(error)) from None
    try:
        _check_sizes(config, ema)
    except ValueError as error:
        raise TrainingError(f"{path} does not fit this run ({error}); leave that out, or give another --from") from None
    for own, kept in zip(generator.buffers(), ema.buffers(), strict=True):
        own.copy_(kept)  # the average takes over the generator's: what it draws with goes on without a jump
    networks = Networks(generator.train().requires_grad_(), critic.train().requires_grad_(), ema)
    whole = {"ema_ramp": 0.0}  # the average that was brought is not of this run's few images
    images = _fitting(config, ema, path, open_pictures)
    return Start(networks, images, _origin(path, beside), _note(path, beside), whole)


def _fitting(config: TrainConfig, network: Generator, where: Path, open_pictures: Open) -> ImageSet:
    """Pictures in the size of a network, with as many classes as it has."""
    known = network.c_dim
    if config.classes and not known:
        raise TrainingError(f"{where}: the network there has no classes; leave out --classes, or begin with another")
    images = open_pictures(network.img_shape, bool(known))
    if images.classes != known and known:
        raise TrainingError(
            f"{config.data} has {images.classes} classes, and the network in {where} has {known}; give pictures with"
            " as many classes"
        )
    return images


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


def _built(network: Generator) -> stylegan2.Config:
    assert isinstance(network.config, stylegan2.Config)
    return network.config


def _check_sizes(config: TrainConfig, network: Generator) -> None:
    """Raise ValueError where a size was asked for and the network has another."""
    built = _built(network)
    found = {
        "resolution": built.img_resolution, "canvas": network.img_shape, "z_dim": built.z_dim, "w_dim": built.w_dim,
        "channel_base": built.channel_base, "channel_max": built.channel_max,
    }  # fmt: skip
    for name, value in found.items():
        wanted = getattr(config, name)
        if wanted not in (None, value):
            raise ValueError(f"its {name} is {_words(value)}, not {_words(wanted)}")


def _words(size: int | tuple[int, int]) -> str:
    return str(size) if isinstance(size, int) else f"{size[1]}x{size[0]}"


def _origin(path: Path, players: dict[str, Path]) -> dict[str, Any]:
    """Plain JSON values. A licence holds for all that is trained on from there, whichever of the files brought it."""
    told = (_told(file, "licence") for file in (path, *players.values()))
    licences = dict.fromkeys(licence for licence in told if licence is not None)
    files = {role: {"name": file.name, "sha256": sha256(file)} for role, file in players.items()}
    return {"name": path.name, "sha256": sha256(path), "licence": "; ".join(licences) or "not recorded", **files}


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
