"""Tables and JSON as rows: each with its place, so that a damaged one can be named and left out.

What is cut in half gives the rows that are whole, and then raises ArchiveError with the place.
"""

import csv
import json
import re
from collections import Counter
from collections.abc import Iterator
from itertools import chain
from typing import Any

from models.archive.errors import ArchiveError
from models.archive.sources.base import Damaged, Row

LONGEST_VALUE = 64 << 20  # characters of one JSON value
_STEP = 1 << 18
_NEWLINE = "\n"
_BETWEEN = re.compile(r"[\s,]*")
_DOUBLED = re.compile(r'[^,;\t\n\\]""[^,;\t\r\n]')
_ESCAPED = re.compile(r'\\"')


def is_json(head: str) -> bool:
    """Whether text that begins so is JSON."""
    return head.lstrip().startswith(("{", "["))


def table(lines: Iterator[str], name: str) -> tuple[list[str], Iterator[Row | Damaged]]:
    """The columns of a CSV file, and its rows. Commas, semicolons or tabs; quotes doubled or behind a backslash."""
    sample = [line for _, line in zip(range(1000), lines, strict=False)]
    head = "".join(sample)
    escape = "\\" if _ESCAPED.search(head) and not _DOUBLED.search(head) else None
    delimiter = max(",;\t|", key=(sample[0] if sample else "").count)
    reader = csv.reader(
        chain(sample, lines), delimiter=delimiter, escapechar=escape, doublequote=escape is None, strict=True
    )
    try:
        header = _distinct([column.strip() for column in next(reader, [])])
    except csv.Error as error:
        raise ArchiveError(f"{name}: its first line is no list of columns ({error}); is it a CSV file?") from None
    return header, _table_rows(reader, header, name)


def _distinct(header: list[str]) -> list[str]:
    """With a number behind names that come again: no column may hide another."""
    seen: Counter[str] = Counter()
    names = []
    for name in header:
        seen[name] += 1
        names.append(name if seen[name] == 1 else f"{name} {seen[name]}")
    return names


def _table_rows(reader: Any, header: list[str], name: str) -> Iterator[Row | Damaged]:
    doubtful: Damaged | None = None  # a row that is too short: damaged, or the place where the file was cut
    last = reader.line_num
    for found in _lenient(reader):
        place, last = _place(last + 1, reader.line_num), reader.line_num
        if doubtful:
            yield doubtful
            doubtful = None
        if isinstance(found, csv.Error):
            doubtful = Damaged(place, f"is no row of a table ({found})")
        elif len(found) == len(header):
            yield Row(place, dict(zip(header, found, strict=True)))
        else:
            detail = f"has {len(found)} columns where the first line has {len(header)}"
            doubtful = Damaged(place, detail)
    if doubtful:
        raise _cut(name, doubtful.place)


def _place(first: int, last: int) -> str:
    """A quote that is not closed takes many lines with it: all of them are named."""
    return f"line {last}" if first >= last else f"lines {first} to {last}"


def _lenient(reader: Any) -> Iterator[list[str] | csv.Error]:
    """Rows that are not empty, and the errors in their places; the reader goes on with the next line."""
    while True:
        try:
            yield from filter(None, reader)
        except csv.Error as error:
            yield error
        else:
            return


def objects(lines: Iterator[str], name: str) -> Iterator[Row | Damaged]:
    """The objects of a JSON file: one, an array of them, or one on each line."""
    first = next((line for line in lines if line.strip()), "")
    if first.lstrip().startswith("{") and first.rstrip().endswith("}"):
        return _by_line(chain([first], lines), name)
    return _by_value(chain([first], lines), name)


def _by_line(lines: Iterator[str], name: str) -> Iterator[Row | Damaged]:
    doubtful: Damaged | None = None
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        if doubtful:
            yield doubtful
            doubtful = None
        row = _row(f"line {number}", line)
        if isinstance(row, Damaged) and not line.endswith("\n"):
            doubtful = row
        else:
            yield row
    if doubtful:
        raise _cut(name, doubtful.place)


def _row(place: str, line: str) -> Row | Damaged:
    try:
        return _of_value(place, json.loads(line))
    except (ValueError, RecursionError) as error:
        return Damaged(place, f"is not JSON ({error})")


def _of_value(place: str, value: Any) -> Row | Damaged:
    if isinstance(value, dict):
        return Row(place, value)
    return Damaged(place, f"holds a {type(value).__name__} where an object belongs")


def _by_value(pieces: Iterator[str], name: str) -> Iterator[Row | Damaged]:
    """Values one after the other, or in an array; only as much of the text is held as the longest of them needs."""
    text, at, line, wanted = _more(pieces, "", _STEP), 0, 1, _STEP
    in_array = text.lstrip().startswith("[")
    if in_array:
        at = text.index("[") + 1
    decode = json.JSONDecoder().raw_decode
    while True:
        start = _between(text, at)
        try:
            if text.startswith("]", start) and in_array:
                return
            value, end = decode(text, start)
        except (ValueError, RecursionError) as error:
            text, at = text[at:], 0
            longer = _more(pieces, text, wanted) if len(text) <= LONGEST_VALUE else text
            if len(longer) == len(text):
                if not text.strip() and not in_array:
                    return
                raise _cut(name, f"line {line + text.count(_NEWLINE, 0, _between(text, 0))}", f" ({error})") from None
            text, wanted = longer, 2 * len(longer)
        else:
            line += text.count(_NEWLINE, at, start)
            yield _of_value(f"line {line}", value)
            line += text.count(_NEWLINE, start, end)
            at, wanted = end, _STEP


def _more(pieces: Iterator[str], text: str, length: int) -> str:
    parts, have = [text], len(text)
    for piece in pieces:
        parts.append(piece)
        have += len(piece)
        if have >= length:
            break
    return "".join(parts)


def _between(text: str, at: int) -> int:
    found = _BETWEEN.match(text, at)
    return found.end() if found else at


def _cut(name: str, place: str, why: str = "") -> ArchiveError:
    return ArchiveError(
        f"{name}: is cut off or damaged at {place}{why}; only what comes before can be used; "
        "get the whole file and import it again"
    )
