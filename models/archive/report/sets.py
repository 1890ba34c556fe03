"""The sets that were made of an archive, as their manifests tell: `sets/NAME.manifest.json`.

Manifests outlive the version that wrote them, so that whatever is there is shown and nothing is required.
"""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SUFFIX = ".manifest.json"
MOST = 12  # kinds of rejection, and of notes, that are shown


@dataclass(frozen=True, slots=True)
class Set:
    """One set. `facts` are {heading: {name: value}}. `problem` is a sentence where the manifest cannot be read."""

    name: str
    hash: str = ""
    made: str = ""  # when, UTC, ISO 8601
    facts: dict[str, dict[str, str]] = field(default_factory=dict)
    problem: str = ""


def sets(folder: Path) -> list[Set]:
    """All of an archive's sets by name."""
    return [_set(path) for path in sorted((folder / "sets").glob(f"*{SUFFIX}"))]


def _set(path: Path) -> Set:
    name = path.name.removesuffix(SUFFIX)
    try:
        manifest = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        return Set(name, problem=f"sets/{path.name}: is no manifest that can be read ({error}); prepare the set anew")
    if not isinstance(manifest, dict):
        return Set(name, problem=f"sets/{path.name}: holds no JSON object; prepare the set anew")
    hash_, made = (str(manifest.get(key) or "") for key in ("hash", "made"))
    return Set(name, hash_, made, {heading: facts for heading, facts in _facts(manifest) if facts})


def _facts(manifest: dict[str, Any]) -> Iterator[tuple[str, dict[str, str]]]:
    for part in ("settings", "counts", "rights"):
        values = manifest.get(part)
        yield part, _plain(values) if isinstance(values, dict) else {}
    yield "left out", _frequent(manifest.get("rejections"), "kind")
    yield "notes", _frequent(manifest.get("notes"), "note")


def _plain(values: dict[str, Any]) -> dict[str, str]:
    return {name.replace("_", " "): _said(value) for name, value in values.items() if not isinstance(value, dict)}


def _said(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return {None: "–", True: "yes", False: "no"}[value]
    if isinstance(value, int):
        return f"{value:,}"
    return " × ".join(map(str, value)) if isinstance(value, list) else str(value)


def _frequent(rows: Any, key: str) -> dict[str, str]:
    """How often each value of a key occurs among rows."""
    listed = rows if isinstance(rows, list) else []
    counted = Counter(str(row.get(key, "")) for row in listed if isinstance(row, dict))
    return {name: f"{number:,}" for name, number in counted.most_common(MOST)}
