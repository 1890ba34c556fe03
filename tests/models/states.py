"""What the states of trainings say, for the tests."""

import json
from pathlib import Path
from typing import Any

from safetensors import safe_open


def told(folder: Path) -> dict[str, Any]:
    """The progress in the state of a run."""
    with safe_open(folder / "state.safetensors", framework="pt") as file:
        progress: dict[str, Any] = json.loads(file.metadata()["progress"])
    return progress
