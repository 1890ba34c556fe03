"""A show whose `model` follows a registry: which network it begins with, and how the next ones are made ready."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import models
from engine.directions import build_offset
from engine.dream.source import open_source
from engine.errors import ReverieError
from engine.following import Follower
from engine.network import bending_of, check_network
from engine.show.feed import FeedPart
from engine.show.loader import LoadedShow
from engine.stage import Act
from engine.walk.registry import walks
from models.feed.cache import Cache
from models.feed.entries import Entry
from models.feed.errors import FeedError, RefusedError
from models.feed.feed import Feed
from models.feed.registry import Registry


@dataclass(frozen=True, slots=True)
class Choice:
    """What a show begins with. `loaded` names the network's file; `name` is for people, and so is `note`, if any.

    `feed` is None where the show names its network itself; `entry` where the registry had none for it yet.
    """

    loaded: LoadedShow
    name: str
    note: str = ""
    feed: Feed | None = None
    entry: Entry | None = None


def choose(loaded: LoadedShow) -> Choice:
    """The network of a show: of a registry the newest that fits; the last one shown where that cannot be reached; the
    built-in one where there is none yet. Raises ReverieError.
    """
    part = loaded.show.model
    if isinstance(part, str):
        return Choice(loaded, part)
    feed = Feed(_registry(loaded, part), part.follow, Cache())
    prepare = partial(_usable, loaded)
    try:
        found = feed.newest(None, prepare)
        note = "" if found else f"nothing in {feed.registry.place} can be shown yet (follow: {part.follow})"
        if found is None and not feed.registry.entries():
            found = feed.remembered(prepare)
    except FeedError as error:
        note = str(error)
        found = feed.remembered(prepare)
    if found is not None:
        entry, ready = found
        return Choice(ready, entry.name, note, feed, entry)
    builtin = models.builtin_names()[0]
    return Choice(replace(loaded, model=builtin), builtin, note, feed)


def follow(choice: Choice, max_fps: float) -> Follower[Act] | None:
    """What makes the next networks ready, not started; None where the show names its network itself."""
    part = choice.loaded.show.model
    if choice.feed is None or not isinstance(part, FeedPart):
        return None
    prepare = _rehearsal(choice.loaded, max_fps)
    return Follower(choice.feed, choice.entry, prepare, Act.close, part.every)


def _registry(loaded: LoadedShow, part: FeedPart) -> Registry:
    """A path counts from the show file's folder."""
    place = part.registry if "://" in part.registry else str(loaded.path.parent / part.registry)
    try:
        return Registry(place)
    except FeedError as error:
        raise loaded.error(("model", "registry"), str(error)) from None


def _usable(loaded: LoadedShow, entry: Entry, path: Path) -> LoadedShow:
    """The show with this file as its network, once all of it has been looked at. Raises RefusedError."""
    candidate = replace(loaded, model=str(path))
    _check(candidate, lambda: models.load(path))
    return candidate


def _rehearsal(loaded: LoadedShow, max_fps: float) -> Callable[[Entry, Path], Act]:
    """What makes of a file a network at work, its generator loading, for a wall on which another one is."""
    from engine.walk.mapping import mapping_of  # brings torch
    from models.feed.sketch import sketch

    controls = bending_of(loaded).controls
    shape = sketch(models.resolve(loaded.model)).img_shape
    kind = walks()[loaded.show.walk.type]

    def prepare(entry: Entry, path: Path) -> Act:
        candidate = replace(loaded, model=str(path))
        network = _check(candidate, lambda: sketch(path))
        _check_picture(candidate, network.img_shape, shape)
        bending = bending_of(candidate)
        if _without_turns(bending.controls) != _without_turns(controls):
            raise RefusedError("it has noise where the one on the wall has none, or the reverse; start the show anew")
        if kind.draws:
            network = _check(candidate, lambda: models.load(path))
        mapping = mapping_of(network, kind.draws)
        walk = kind(loaded.show.walk, mapping, loaded.show.seed)
        walk.start()
        offset = build_offset(candidate, mapping)
        source = open_source(path, max_fps=max_fps, bending=replace(bending, controls=controls), awaited=False)
        source.start()
        return Act(entry.name, walk, source, offset)

    return prepare


def _without_turns(controls: tuple[str, ...]) -> list[str]:
    """Controls that every network of a wall must have: noise that turns is passed over by one that has none."""
    return [name for name in controls if not name.startswith("noise/")]


def _check(candidate: LoadedShow, load: Callable[[], Any]) -> Any:
    """A network, held against the show's `network`. Raises RefusedError."""
    try:
        network = load()
        check_network(candidate, network)
    except (models.CheckpointError, ReverieError) as error:
        raise RefusedError(str(error)) from None
    return network


def _check_picture(candidate: LoadedShow, shape: tuple[int, int], other: tuple[int, int]) -> None:
    """Pictures may be larger or smaller than the ones on the wall, but no wider or narrower. Raises RefusedError."""
    part = candidate.show.network
    if (part is None or part.canvas is None) and shape[0] * other[1] != shape[1] * other[0]:
        raise RefusedError(
            f"its pictures are {shape[1]}×{shape[0]}, the wall shows {other[1]}×{other[0]}; start the show anew"
        )
