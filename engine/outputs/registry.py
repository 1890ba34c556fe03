"""The outputs at hand: every module of this folder that defines one, and the entry points `reverie.outputs`."""

import importlib
import inspect
import logging
import pkgutil
from collections.abc import Callable, Iterator
from functools import cache, partial
from importlib.metadata import EntryPoint, entry_points
from typing import get_args

import engine.outputs
from engine.outputs.base import Output

GROUP = "reverie.outputs"

log = logging.getLogger(__name__)


@cache
def find_outputs() -> dict[str, type[Output]]:
    """Output classes by the `type` a show names. One that cannot be imported is logged and left out."""
    found: dict[str, type[Output]] = {}
    for origin, load in _candidates():
        try:
            for output in load():
                (name,) = get_args(output.Config.model_fields["type"].annotation)
                found.setdefault(str(name), output)
        except Exception as error:  # noqa: BLE001 - a plug-in may fail in any way, and none may stop the show
            log.warning("the output %s cannot be used: %s: %s", origin, type(error).__name__, error)
    return found


def _candidates() -> Iterator[tuple[str, Callable[[], list[type[Output]]]]]:
    for module in pkgutil.iter_modules(engine.outputs.__path__, f"{engine.outputs.__name__}."):
        yield module.name, partial(_defined_in, module.name)
    for point in entry_points(group=GROUP):
        yield point.value, partial(_offered_by, point)


def _offered_by(point: EntryPoint) -> list[type[Output]]:
    return [point.load()]


def _defined_in(name: str) -> list[type[Output]]:
    things = vars(importlib.import_module(name)).values()
    return [
        t
        for t in things
        if isinstance(t, type) and issubclass(t, Output) and t.__module__ == name and not inspect.isabstract(t)
    ]
