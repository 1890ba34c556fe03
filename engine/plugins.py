"""Finding plug-ins: the modules of a folder that define a class of a kind, and the entry points of a group.

Dropping a file into the folder is all it takes. A plug-in that cannot be imported is logged and costs only itself.
"""

import importlib
import logging
import pkgutil
from collections.abc import Callable, Collection, Iterator
from functools import partial
from importlib.metadata import entry_points
from inspect import isabstract
from types import ModuleType
from typing import TypeGuard, TypeVar, get_args

log = logging.getLogger(__name__)

T = TypeVar("T")


def discover(package: ModuleType, group: str, kind: type[T], leave_out: Collection[str] = ()) -> dict[str, type[T]]:
    """Concrete subclasses of `kind` by the `type` a show names; our own first, so that none takes their names.

    `leave_out` names modules that hold no plug-in and are slow to import.
    """
    found: dict[str, type[T]] = {}
    for origin, load in _candidates(package, group, leave_out):
        try:
            for plugin in _offered(load(), kind):
                found.setdefault(_type_of(plugin), plugin)
        except Exception as error:  # noqa: BLE001 - a plug-in may fail in any way, and none may stop the show
            log.warning("%s cannot be used: %s: %s", origin, type(error).__name__, error)
    return found


def _candidates(
    package: ModuleType, group: str, leave_out: Collection[str]
) -> Iterator[tuple[str, Callable[[], object]]]:
    """(where from, how to load it)."""
    for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        if module.name.rpartition(".")[2] not in leave_out:
            yield module.name, partial(importlib.import_module, module.name)
    for point in entry_points(group=group):
        yield f"{point.name} ({point.value})", point.load


def _offered(loaded: object, kind: type[T]) -> list[type[T]]:
    """The concrete classes a module defines; an entry point may also name the class itself."""
    if isinstance(loaded, ModuleType):
        own = [thing for thing in vars(loaded).values() if getattr(thing, "__module__", "") == loaded.__name__]
        return [thing for thing in own if _is(thing, kind)]
    if _is(loaded, kind):
        return [loaded]
    raise TypeError(f"{loaded!r} is neither a module nor a {kind.__name__}")


def _is(thing: object, kind: type[T]) -> TypeGuard[type[T]]:
    return isinstance(thing, type) and issubclass(thing, kind) and not isabstract(thing)


def _type_of(plugin: type) -> str:
    (name,) = get_args(plugin.Config.model_fields["type"].annotation)  # type: ignore[attr-defined]
    return str(name)
