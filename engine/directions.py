"""The directions of a show's network: whether there is a /walk/warmth and its like, and a sentence where not."""

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import models
from engine.errors import ReverieError
from engine.network import path_of
from engine.params import Parameter
from engine.show.feed import FeedPart
from engine.show.lines import Where
from engine.show.loader import LoadedShow
from engine.walk.base import ROOT, Floats, LatentMapping
from engine.walk.directions import DirectionOffset, palette_parameters
from models.explore.direction_file import PALETTE, DirectionsError, directions_path, read_directions

_log = logging.getLogger(__name__)

ADDRESSES = {f"{ROOT}/{name}": name for name in PALETTE}


@dataclass(frozen=True, slots=True)
class Found:
    """The directions of a network by name, each [num_ws, w_dim]; `why` it lacks one, in a sentence; whether there is a
    file that cannot be used.
    """

    shifts: dict[str, Floats] = field(default_factory=dict)
    why: str = ""
    unusable: bool = False


def find_directions(model: str, shape: tuple[int, int]) -> Found:
    """What stands beside a model whose ws have that shape. A file that cannot be used is as good as none, and said."""
    path = models.resolve(model)
    try:
        found = read_directions(path, shape)
    except DirectionsError as error:
        return Found(why=str(error), unusable=True)
    if found is None:
        return Found(why=f"{model} has no directions; run: reverie explore directions {model}")
    return Found(
        found.shifts,
        f"{directions_path(path).name} has none, since this network's pictures do not vary in it; leave it out",
    )


def build_offset(loaded: LoadedShow, mapping: LatentMapping, sets: Sequence[str] = ()) -> DirectionOffset:
    """What moves the walk of the show's network along its directions. Raises ReverieError as `check_directions`."""
    found = find_directions(path_of(loaded, loaded.model), (mapping.num_ws, mapping.w_dim))
    for note in check_directions(loaded, sets, found):
        _log.warning(note)
    return DirectionOffset(found.shifts)


def direction_parameters(loaded: LoadedShow, names: Iterable[str]) -> list[Parameter]:
    """Those of the directions `names` that the network on the wall has; all of them in a show that follows a registry,
    since its networks come and go.
    """
    return palette_parameters(PALETTE if isinstance(loaded.show.model, FeedPart) else names)


def check_directions(loaded: LoadedShow, sets: Sequence[str], found: Found) -> list[str]:
    """Notes: a file that cannot be used, or a direction that the show asks for and the network of now lacks.

    Raises ReverieError, naming the line, where no other network can come.
    """
    lacking = [(where, address) for where, address in _asked(loaded, sets) if ADDRESSES[address] not in found.shifts]
    if not lacking:
        return [found.why] if found.unusable else []
    where, address = lacking[0]
    if isinstance(loaded.show.model, FeedPart):
        return [f"{address} moves nothing for now: {found.why}"]
    if where is None:
        raise ReverieError(f"--set {address}: {found.why}")
    raise loaded.error(where, f"{address}: {found.why}")


def _asked(loaded: LoadedShow, sets: Iterable[str]) -> Iterator[tuple[Where | None, str]]:
    """Where a show names directions, and by which address; None: on the command line."""
    for address in loaded.show.set:
        if address in ADDRESSES:
            yield ("set", address), address
    for i, route in enumerate(loaded.show.modulation):
        if route.target in ADDRESSES:
            yield ("modulation", i, "to"), route.target
    for text in sets:
        address = text.partition("=")[0]
        if address in ADDRESSES:
            yield None, address
