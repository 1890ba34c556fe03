"""Tests wait on conditions, never on time, so that a loaded machine makes them slower and not wrong."""

import time
from collections.abc import Callable

from tests.running import PATIENCE


def eventually(what: str, condition: Callable[[], object]) -> None:
    """Return once the condition holds; fail where it never does."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"no {what} within {PATIENCE:g} s"
        time.sleep(0.01)
