"""Quantities a person writes with their unit: `80ms`, `2s`, `30s`, `5min`."""

import math
import re
from typing import Annotated

from pydantic import BeforeValidator, Field, WithJsonSchema

_SECONDS = {"ms": 0.001, "s": 1.0, "min": 60.0, "h": 3600.0}
_DURATION = re.compile(r"\s*(\d+(?:\.\d+)?|\.\d+)\s*(ms|s|min|h)\s*")


def parse_seconds(raw: object) -> float:
    """Seconds that `raw` stands for: a number of seconds, or text such as `80ms` or `5min`. Raises ValueError."""
    if isinstance(raw, int | float) and not isinstance(raw, bool) and math.isfinite(raw) and raw >= 0:
        return float(raw)
    match = _DURATION.fullmatch(raw) if isinstance(raw, str) else None
    if match is None:
        raise ValueError(f"{raw!r} is no duration; write it like 80ms, 2s, 30s or 5min")
    return float(match[1]) * _SECONDS[match[2]]


Seconds = Annotated[
    float,
    BeforeValidator(parse_seconds),
    Field(allow_inf_nan=False),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number", "minimum": 0},
                {"type": "string", "pattern": r"^\s*(\d+(\.\d+)?|\.\d+)\s*(ms|s|min|h)\s*$"},
            ]
        }
    ),
]
"""A duration in seconds, not negative; a show file may write it with its unit."""
