"""Generator architectures: every module of this package that names one, and the entry points `reverie.architectures`.

An architecture is a module with `ARCHITECTURE` (its name), `Config` (a pydantic model with bounds) and
`Generator(**config)`. Dropping a file here is all it takes.
"""

import logging
import pkgutil
import re
from collections.abc import Callable, Iterator
from functools import cache, partial
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType

import models

GROUP = "reverie.architectures"
_NAMED = re.compile(r"^ARCHITECTURE = ", re.MULTILINE)

log = logging.getLogger(__name__)


@cache
def architectures() -> dict[str, ModuleType]:
    """Modules by architecture name. One that cannot be imported is logged and left out."""
    found: dict[str, ModuleType] = {}
    for origin, load in _candidates():
        try:
            module = load()
            found.setdefault(str(module.ARCHITECTURE), module)
        except Exception as error:  # noqa: BLE001 - a plug-in may fail in any way, and none may stop the rest
            log.warning("the architecture %s cannot be used: %s: %s", origin, type(error).__name__, error)
    return found


def _candidates() -> Iterator[tuple[str, Callable[[], ModuleType]]]:
    for folder in models.__path__:
        for info in pkgutil.iter_modules([folder]):
            source = Path(folder) / f"{info.name}.py"
            if source.is_file() and _NAMED.search(source.read_text(encoding="utf-8")):
                yield info.name, partial(import_module, f"models.{info.name}")
    for point in entry_points(group=GROUP):
        yield point.value, point.load
