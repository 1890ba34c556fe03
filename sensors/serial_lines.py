"""Lines from a board to values: JSON objects, `key:value` pairs, or CSV. Pure; nothing it is fed can make it raise.

Boards say many things: a boot banner, half a line, binary rubbish after a reset. Only the keys the show asks for are
taken, and a line that has grown past its bound is dropped up to the next line end.
"""

import json
import re
from collections.abc import Collection, Sequence

LINE_LIMIT = 1024

_NUMBER = re.compile(r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d{1,3})?")
_PAIR = re.compile(
    r"(?:^|[\s,;])(?P<key>[A-Za-z_][\w./-]*+)\s*+[:=]\s*+(?P<value>[-+]?(?:\d++(?:\.\d*+)?|\.\d++)(?:[eE][-+]?\d{1,3}+)?)"
    r"(?![.:=\d])"
)
_NAME = re.compile(r"[A-Za-z_][\w./-]*")


def _number(raw: object) -> float | None:
    """A finite number, or None; text counts where it is nothing but a number."""
    if isinstance(raw, bool):
        return None
    if isinstance(raw, int | float):
        return float(raw) if abs(raw) < 1e300 else None
    return float(raw) if isinstance(raw, str) and len(raw) < 40 and _NUMBER.fullmatch(raw.strip()) else None


def _numbers(pairs: Collection[tuple[str, object]]) -> dict[str, float]:
    found = {key: _number(raw) for key, raw in pairs}
    return {key: value for key, value in found.items() if value is not None}


def parse_json(text: str) -> dict[str, float] | None:
    """The numbers of a JSON object, or None where the text is none."""
    if not text.startswith("{"):
        return None
    try:
        record = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return _numbers(record.items()) if isinstance(record, dict) else None


def parse_pairs(text: str) -> dict[str, float]:
    """`key:value` or `key=value` pairs between commas, semicolons or blanks; a unit behind a number is ignored."""
    return _numbers([(match["key"], match["value"]) for match in _PAIR.finditer(text)])


def split_fields(text: str) -> list[str]:
    """The fields of a CSV line, separated by commas, semicolons or tabs; failing these, by blanks."""
    fields = re.split(r"[,;\t]", text) if re.search(r"[,;\t]", text) else text.split()
    return [field.strip().strip('"') for field in fields]


class LineParser:
    """Bytes in, newest values by the board's keys out. `ignored` counts the lines that held nothing asked for."""

    def __init__(self, wanted: Collection[str], columns: Sequence[str] | None = None, *, midway: bool = False) -> None:
        """`columns`: fields of CSV lines without a header. `midway`: the first bytes may begin inside a line."""
        self.ignored = 0
        self._wanted = frozenset(wanted)
        self._columns = columns
        self._buffer = bytearray()
        self._skipping = midway

    def feed(self, data: bytes) -> dict[str, float]:
        """The newest value of each wanted key in the lines these bytes complete; mostly none."""
        newest: dict[str, float] = {}
        *ends, rest = re.split(rb"[\r\n]+", data)
        for end in ends:
            newest |= self._line(end)
        self._extend(rest)
        return newest

    def _extend(self, data: bytes) -> None:
        self._buffer += data
        if len(self._buffer) > LINE_LIMIT:
            self._buffer.clear()
            self._skipping = True
            self.ignored += 1

    def _line(self, end: bytes) -> dict[str, float]:
        """Values of the line that `end` completes."""
        self._extend(end)
        line, skipped = bytes(self._buffer).strip(), self._skipping
        self._buffer.clear()
        self._skipping = False
        if skipped or not line:
            return {}
        values = self._understand(line)
        self.ignored += values is None
        return values or {}

    def _understand(self, line: bytes) -> dict[str, float] | None:
        """Wanted values of a line; None where there is nothing in it for us."""
        try:
            text = line.decode()
        except UnicodeDecodeError:
            return None
        values = parse_json(text) or parse_pairs(text)
        return self._take(values) or self._csv(split_fields(text))

    def _csv(self, fields: Sequence[str]) -> dict[str, float] | None:
        if self._wanted.intersection(fields) and all(_NAME.fullmatch(field) for field in fields):
            self._columns = fields
            return {}
        if self._columns is None or len(fields) != len(self._columns):
            return None
        return self._take(_numbers(list(zip(self._columns, fields, strict=True)))) or None

    def _take(self, values: dict[str, float]) -> dict[str, float]:
        return {key: value for key, value in values.items() if key in self._wanted}
