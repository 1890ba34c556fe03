"""Which set it is: one hash, from the set's manifest where there is one that fits, else of the pictures' bytes."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from models.archive.prepare.sample import as_json
from models.training.data.source import MAX_FILE_BYTES, Facts

NEEDED = ("id", "sha256", "rights", "crop")


class Fingerprint:
    """Takes in the pictures in the set's order."""

    def __init__(self, path: Path, facts: Facts) -> None:
        self._manifest = _manifest(path)
        self._facts = facts
        self._bytes, self._lines = hashlib.sha256(), hashlib.sha256()

    def add(self, name: str, data: bytes) -> None:
        """The next picture, as it stands in its file."""
        self._bytes.update(data)
        if self._manifest is not None:
            self._lines.update(_line(self._facts.get(name, {}), data))

    @property
    def fits(self) -> bool:
        """Whether a manifest lies beside the set and is that of these pictures, their origins and rights."""
        return self._manifest is not None and self._manifest.get("hash") == self._lines.hexdigest()

    @property
    def sha256(self) -> str:
        """In hex."""
        return (self._lines if self.fits else self._bytes).hexdigest()

    @property
    def class_names(self) -> tuple[str, ...]:
        """By their numbers, where a manifest that fits tells them."""
        names = (self._manifest or {}).get("classes") if self.fits else None
        return tuple(map(str, names)) if isinstance(names, list) else ()


def _line(fact: Mapping[str, Any], data: bytes) -> bytes:
    """What the archive makes the hash of a set over (Sample.line), from the set itself."""
    key, original, rights, crop = (fact.get(name) for name in NEEDED)
    return as_json([key, crop, hashlib.sha256(data).hexdigest(), original, rights]) + b"\n"


def _manifest(path: Path) -> dict[str, Any] | None:
    """SET.manifest.json beside SET.zip or the folder SET; None where it is no manifest, or cannot be read."""
    try:
        place = path.resolve()
        file = place.with_name(f"{place.stem if place.is_file() else place.name}.manifest.json")
        if not file.is_file() or file.stat().st_size > MAX_FILE_BYTES:
            return None
        content = json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None
