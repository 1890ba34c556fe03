"""Quantities a person writes with their unit: `80ms`, `2s`, `30s`, `5min`, `1h`; `500MB`, `5GB`."""

import math
import re
from typing import Annotated

from pydantic import BeforeValidator, Field, WithJsonSchema

_SECONDS = {"ms": 0.001, "s": 1.0, "min": 60.0, "h": 3600.0}
_DURATION = re.compile(r"\s*(\d+(?:\.\d+)?|\.\d+)\s*(ms|s|min|h)\s*")
_BYTES = {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
_SIZE = re.compile(r"\s*(\d+(?:\.\d+)?|\.\d+)\s*(B|kB|MB|GB|TB)\s*")


def _as_float(number: float) -> float:
    """The same as a float; infinite where it is too large for one."""
    try:
        return float(number)
    except OverflowError:
        return math.inf


def parse_seconds(raw: object) -> float:
    """Seconds that `raw` stands for: a number of seconds, or text such as `80ms` or `5min`. Raises ValueError."""
    match = _DURATION.fullmatch(raw) if isinstance(raw, str) else None
    if match is not None:
        seconds = float(match[1]) * _SECONDS[match[2]]
    elif isinstance(raw, int | float) and not isinstance(raw, bool):
        seconds = _as_float(raw)
    else:
        seconds = math.nan
    if not 0 <= seconds < math.inf:
        raise ValueError("expected a duration, such as 80ms, 2s, 5min or 1h")
    return seconds


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
    match = _SIZE.fullmatch(raw) if isinstance(raw, str) else None
    if match is not None:
        size = float(match[1]) * _BYTES[match[2]]
    elif isinstance(raw, int) and not isinstance(raw, bool):
        size = _as_float(raw)
    else:
        size = math.nan
    if not 0 <= size < math.inf:
        raise ValueError("expected a size, such as 500MB or 5GB")
    return raw if isinstance(raw, int) else round(size)


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
