"""Tests wait on conditions, never on time, so that a loaded machine makes them slower and not wrong."""

import time
from collections.abc import Callable

PATIENCE = 30.0


def eventually(what: str, condition: Callable[[], object], patience: float = PATIENCE) -> None:
    """Return once the condition holds; fail where it does not within `patience` seconds."""
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline, f"no {what} within {patience:g} s"
        time.sleep(0.01)
