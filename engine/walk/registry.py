"""The walks at hand: every module of this folder that defines one, and entry points of the group `reverie.walks`."""

import importlib
import logging
import pkgutil
from collections.abc import Callable, Iterator
from functools import cache, partial
from importlib.metadata import entry_points
from inspect import isabstract
from types import ModuleType
from typing import TypeGuard, get_args

import engine.walk
from engine.walk.base import Walk

GROUP = "reverie.walks"
_NO_WALKS = {"base", "easing", "mapping", "path", "registry"}

_log = logging.getLogger(__name__)


@cache
def walks() -> dict[str, type[Walk]]:
    """Walk classes by the `type` a show names. One that cannot be imported is logged and left out."""
    found: dict[str, type[Walk]] = {}
    for origin, load in _candidates():
        try:
            for walk in _walks_in(load()):
                found.setdefault(_type_of(walk), walk)
        except Exception as error:  # noqa: BLE001 - a plug-in may fail in any way, and none may stop the show
            _log.warning("the walk %s cannot be used: %s: %s", origin, type(error).__name__, error)
    return found


def _candidates() -> Iterator[tuple[str, Callable[[], object]]]:
    """(where from, how to load it): our own first, so that a plug-in cannot take their names."""
    for module in pkgutil.iter_modules(engine.walk.__path__):
        if module.name not in _NO_WALKS:
            name = f"{engine.walk.__name__}.{module.name}"
            yield name, partial(importlib.import_module, name)
    for point in entry_points(group=GROUP):
        yield f"{point.name} ({point.value})", point.load


def _walks_in(loaded: object) -> list[type[Walk]]:
    """The concrete walks a module defines; an entry point may also name the class itself."""
    if isinstance(loaded, ModuleType):
        return [thing for thing in vars(loaded).values() if _is_walk(thing) and thing.__module__ == loaded.__name__]
    if _is_walk(loaded):
        return [loaded]
    raise TypeError(f"{loaded!r} is neither a module nor a walk class")


def _is_walk(thing: object) -> TypeGuard[type[Walk]]:
    return isinstance(thing, type) and issubclass(thing, Walk) and not isabstract(thing)


def _type_of(walk: type[Walk]) -> str:
    """The literal its Config gives to `type`."""
    (name,) = get_args(walk.Config.model_fields["type"].annotation)
    return str(name)
