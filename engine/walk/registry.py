"""The walks at hand: every module of this folder that defines one, and the entry points `reverie.walks`."""

from functools import cache

import engine.walk
from engine.plugins import discover
from engine.walk.base import Walk

GROUP = "reverie.walks"


@cache
def walks() -> dict[str, type[Walk]]:
    """Walk classes by the `type` a show names."""
    return discover(engine.walk, GROUP, Walk, leave_out=["mapping"])  # type: ignore[type-abstract]
