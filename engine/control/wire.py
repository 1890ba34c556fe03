"""What goes over the wire: JSON a browser can read, and nothing else.

Every message is an object whose one or two keys say what it is: `tree`, `values` and `effective`, `signals`, `health`,
`refused`, `error` and `ask_token` from the server; `set` and `token` from a client. Pictures are binary messages.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict

from engine.errors import ReverieError
from engine.params import Parameter, Value
from engine.signals import Signal


class MalformedError(ReverieError):
    """A message that cannot be read at all."""


def encode(message: Mapping[str, object]) -> str:
    """Compact JSON. What JSON cannot say (NaN, infinity) becomes null; unknown objects become text."""
    return json.dumps(finite(message), allow_nan=False, separators=(",", ":"), default=str)


def decode(text: str | bytes) -> dict[str, object]:
    """The object a client sent. Integers arrive as floats, so a number of a thousand digits is merely infinite.

    Raises MalformedError.
    """
    try:
        message = json.loads(text, parse_int=float)
    except (ValueError, RecursionError):
        raise MalformedError('the message is not JSON; send an object such as {"set": {"/walk/speed": 0.2}}') from None
    if not isinstance(message, dict):
        raise MalformedError('the message is not a JSON object; send one such as {"set": {"/walk/speed": 0.2}}')
    return message


def finite(item: object) -> object:
    """The same structure with every NaN and infinity replaced by None."""
    if isinstance(item, float):
        return item if math.isfinite(item) else None
    if isinstance(item, Mapping):
        return {str(key): finite(value) for key, value in item.items()}
    if isinstance(item, list | tuple):
        return [finite(value) for value in item]
    return item


def declaration(parameter: Parameter) -> dict[str, object]:
    """A parameter as the panel draws it."""
    return asdict(parameter)


def short(value: Value) -> Value:
    """A modulated number to five digits: what an eye can follow, in fewer bytes and fewer changes."""
    return float(f"{value:.5g}") if isinstance(value, float) else value


def reading(signal: Signal) -> dict[str, object]:
    """A signal as a meter shows it."""
    return {
        "value": short(signal.value),
        "unit": signal.unit,
        "low": signal.low,
        "high": signal.high,
        "age": round(signal.age, 2) if math.isfinite(signal.age) else None,
        "quality": signal.quality,
    }
