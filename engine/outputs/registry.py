"""The outputs at hand: every module of this folder that defines one, and the entry points `reverie.outputs`."""

from functools import cache

import engine.outputs
from engine.outputs.base import Output
from engine.plugins import discover

GROUP = "reverie.outputs"


@cache
def find_outputs() -> dict[str, type[Output]]:
    """Output classes by the `type` a show names."""
    return discover(engine.outputs, GROUP, Output)  # type: ignore[type-abstract]
