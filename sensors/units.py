"""Quantities a person writes with their unit: `80ms`, `2s`, `30s`, `5min`, `1h`; `500MB`, `5GB`."""

import math
import re
from typing import Annotated

from pydantic import BeforeValidator, Field, WithJsonSchema

_SECONDS = {"ms": 0.001, "s": 1.0, "min": 60.0, "h": 3600.0}
_DURATION = re.compile(r"\s*(\d+(?:\.\d+)?|\.\d+)\s*(ms|s|min|h)\s*")
_BYTES = {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
_SIZE = re.compile(r"\s*(\d+(?:\.\d+)?|\.\d+)\s*(B|kB|MB|GB|TB)\s*")


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


def parse_bytes(raw: object) -> int:
    """Bytes that `raw` stands for: a number of bytes, or text such as `500MB`, in steps of 1000. Raises ValueError."""
    if isinstance(raw, int) and not isinstance(raw, bool) and raw >= 0:
        return raw
    match = _SIZE.fullmatch(raw) if isinstance(raw, str) else None
    if match is None:
        raise ValueError(f"{raw!r} is no size; write it like 500MB or 5GB")
    return round(float(match[1]) * _BYTES[match[2]])


Bytes = Annotated[
    int,
    BeforeValidator(parse_bytes),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 0},
                {"type": "string", "pattern": r"^\s*(\d+(\.\d+)?|\.\d+)\s*(B|kB|MB|GB|TB)\s*$"},
            ]
        }
    ),
]
"""A size in bytes, not negative; a show file may write it with its unit."""
