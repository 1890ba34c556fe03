"""What metadata.csv and metadata.jsonl say of pictures, as in Hugging Face's imagefolder and in the archive's sets.

A table of that name without a file_name is somebody else's, and says nothing.
"""

import csv
import io
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import Any

from models.training.config import TrainingError
from models.training.data.source import Facts, Source

KEY = "file_name"
WANTED = ("id", "sha256", "rights", "label")


def facts_of(source: Source) -> Facts:
    """By the names of the pictures; `crop` counts the pictures of one id. Raises TrainingError."""
    if source.facts:
        return source.facts
    names, facts = set(source.names), dict[str, dict[str, Any]]()
    for table in source.tables:
        if PurePosixPath(table).name == "dataset.json":
            continue
        folder, crops = PurePosixPath(table).parent, Counter[str]()
        for row in _rows(source, table):
            name = str(folder / str(row[KEY]))
            if name in names:
                facts[name] = {key: row[key] for key in WANTED if key in row} | {"crop": crops[str(row.get("id"))]}
            crops[str(row.get("id"))] += 1
    return facts


def text_of(source: Source, table: str) -> str:
    """A table's text. Raises TrainingError."""
    try:
        return source.read(table).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise TrainingError(f"{source.where(table)} is not UTF-8; save it as UTF-8") from None


def _rows(source: Source, table: str) -> Iterator[dict[str, Any]]:
    text = text_of(source, table)
    yield from _csv(source, table, text) if table.endswith(".csv") else _jsonl(source, table, text.splitlines())


def _csv(source: Source, table: str, text: str) -> Iterator[dict[str, Any]]:
    rows = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        yield from rows if KEY in (rows.fieldnames or ()) else ()
    except csv.Error as error:
        line = rows.reader.line_num
        raise TrainingError(f"{source.where(table)}, line {line}, is not CSV ({error}); mend it") from None


def _jsonl(source: Source, table: str, lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(lines, 1):
        try:
            row = json.loads(line) if line.strip() else {}
        except (ValueError, RecursionError):
            raise TrainingError(f"{source.where(table)}, line {number}, is not JSON; mend it") from None
        if isinstance(row, dict) and KEY in row:
            yield row
