"""Where a run begins: with fresh networks, with those of a file, or where an earlier run ended."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from models.canvas import COARSE
from models.stylegan2 import Generator
from models.training.brought import bring
from models.training.config import TrainConfig, TrainingError
from models.training.data import ImageSet
from models.training.fitting import fitted
from models.training.networks import Networks, built, fresh, of_sizes
from models.training.progress import reason
from models.training.projected import Projected
from models.training.state import reading, saved

EARLIER = {"noise_from": COARSE}  # of runs whose recipe does not say it
GOES_ALONG = ("discriminator", "features", "spread_weight", "pixel_weight", "pixel_size")
WARM_UP = 10.0  # kimg
WARM_UP_PROJECTED = 1.0  # what is pretrained is soon of use

Open = Callable[[tuple[int, int], bool], ImageSet]  # pictures of a height and width, with their classes or without


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
        return _from_other(config, config.start_from, open_pictures)
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
    return Start(networks, images, progress.get("started_from"), recipe=EARLIER | progress.get("recipe", {}))


def _from_other(config: TrainConfig, name: str | Path, open_pictures: Open) -> Start:
    brought = bring(name)
    try:
        networks, changes = fitted(brought.networks, config)
        _check_sizes(config, networks.ema)
    except ValueError as error:
        why = reason(error) if isinstance(error, ValidationError) else error
        raise TrainingError(
            f"{brought.path} does not fit this run ({why}); leave that out, or give another --from"
        ) from None
    known = brought.judged and networks is brought.networks
    settled = {
        "ema_ramp": 0.0,  # the average that was brought is not of this run's few images
        "warm_up": 0.0 if known else WARM_UP,
        "noise_from": _settings(brought.origin).get("noise_from", COARSE),  # it keeps what it has
    }
    if isinstance(networks.discriminator, Projected):  # so it does with the discriminator
        settled |= {name: value for name, value in _settings(brought.origin).items() if name in GOES_ALONG}
    images = _fitting(config, networks.ema, brought.path, open_pictures)
    note = ", ".join([brought.note, *changes])
    return Start(networks, images, brought.origin, note, settled)


def _settings(origin: dict[str, Any]) -> dict[str, Any]:
    """Those that a run's networks, or a file of a run, were trained with."""
    earlier: dict[str, Any] = origin.get("started_from") or {}
    return origin.get("settings") or earlier.get("settings") or EARLIER


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


def _check_sizes(config: TrainConfig, network: Generator) -> None:
    """Raise ValueError where a size was asked for and the network has another."""
    sizes = built(network)
    found = {
        "resolution": sizes.img_resolution, "canvas": network.img_shape, "z_dim": sizes.z_dim, "w_dim": sizes.w_dim,
        "channel_base": sizes.channel_base, "channel_max": sizes.channel_max,
    }  # fmt: skip
    for name, value in found.items():
        wanted = getattr(config, name)
        if wanted not in (None, value):
            raise ValueError(f"its {name} is {_words(value)}, not {_words(wanted)}")


def _words(size: int | tuple[int, int]) -> str:
    return str(size) if isinstance(size, int) else f"{size[1]}x{size[0]}"
