"""Which sensors there are: every module of this package that defines one, and the entry points `reverie.sensors`.

Dropping a file here is all it takes. A plug-in that cannot be imported is reported and costs only itself.
"""

import inspect
import logging
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache, partial
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points

import sensors
from sensors.base import Sensor

logger = logging.getLogger("reverie.sensors")

GROUP = "reverie.sensors"


@dataclass(frozen=True)
class _Shelf:
    found: dict[str, type[Sensor]] = field(default_factory=dict)
    broken: dict[str, str] = field(default_factory=dict)

    def add(self, source: str, load: Callable[[], list[type[Sensor]]]) -> None:
        """Take in what one source offers; whatever is wrong with it is noted under its name."""
        try:
            for kind in load():
                if self.found.setdefault(kind.name, kind) is not kind:
                    raise ValueError(f"the sensor type {kind.name} exists already")
        except Exception as error:
            self.broken[source] = f"{type(error).__name__}: {error}"
            logger.warning("sensor plug-in %s is left out: %s", source, self.broken[source], exc_info=_debugging())


def _debugging() -> bool:
    return logger.isEnabledFor(logging.DEBUG)


def _defined_in(module_name: str) -> list[type[Sensor]]:
    classes = vars(import_module(module_name)).values()
    return [
        item
        for item in classes
        if isinstance(item, type)
        and issubclass(item, Sensor)
        and item.__module__ == module_name
        and item is not Sensor
        and not inspect.isabstract(item)
    ]


def _offered_by(point: EntryPoint) -> list[type[Sensor]]:
    offered = point.load()
    if not (isinstance(offered, type) and issubclass(offered, Sensor)):
        raise TypeError(f"the entry point gives {offered!r}, not a class of sensor")
    return [offered]


def _sources() -> Iterator[tuple[str, Callable[[], list[type[Sensor]]]]]:
    for module in pkgutil.iter_modules(sensors.__path__, "sensors."):
        yield module.name, partial(_defined_in, module.name)
    for point in entry_points(group=GROUP):
        yield point.value, partial(_offered_by, point)


@cache
def _shelf() -> _Shelf:
    shelf = _Shelf()
    for source, load in _sources():
        shelf.add(source, load)
    return shelf


def find_sensors() -> dict[str, type[Sensor]]:
    """All sensor types by the name a show file gives them. Looks once per process."""
    return dict(_shelf().found)


def broken() -> dict[str, str]:
    """Plug-ins that were left out, and why."""
    return dict(_shelf().broken)
