"""A set's manifest: how it was made, what is in it, what is not and why, and a hash of the whole."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from models.archive.catalogue import LogLine
from models.archive.prepare.sample import Sample
from models.archive.prepare.select import Rejection
from models.archive.prepare.settings import Settings
from models.files import write_atomically

FORMAT = 1


class Account:
    """What is said of the samples that go by. The hash is SHA-256 over their lines: it depends on the images, their
    originals, ids and rights, in this order, and on nothing else.
    """

    def __init__(self) -> None:
        self._digest = hashlib.sha256()
        self.images = 0
        self.records = 0
        self.rights: Counter[str] = Counter()
        self.notes: list[dict[str, str]] = []

    def passing(self, samples: Iterable[Sample]) -> Iterator[Sample]:
        """The samples, each taken account of."""
        for sample in samples:
            self._digest.update(sample.line())
            self.images += 1
            if sample.number == 0:
                self.records += 1
                self.rights[sample.record.rights] += 1
                self.notes += [{"id": sample.record.id, "note": note} for note in sample.result.notes]
            yield sample

    @property
    def hash(self) -> str:
        """Of what went by so far, in hex."""
        return self._digest.hexdigest()


def manifest(
    account: Account,
    settings: Settings,
    rejections: list[Rejection],
    classes: list[str] | None,
    decisions: list[LogLine],
) -> dict[str, Any]:
    """What `SET.manifest.json` says of the pictures. `classes` are the labels' names by number."""
    counts = Counter(rejection.kind for rejection in rejections)
    return {
        "format": FORMAT,
        "made": datetime.now(UTC).isoformat("T", "seconds"),
        "hash": account.hash,
        "settings": settings.as_json(),
        "counts": {
            "records": account.records + len(rejections),
            "accepted": account.records,
            "images": account.images,
            "rejected": dict(sorted(counts.items())),
        },
        "rights": dict(sorted(account.rights.items())),
        "classes": classes,
        "decisions": [asdict(line) for line in decisions],
        "notes": account.notes,
        "rejections": [asdict(rejection) for rejection in rejections],
    }


def manifest_text(content: dict[str, Any]) -> bytes:
    """As it stands in its file."""
    return (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode()


def write_manifest(path: Path, content: dict[str, Any]) -> None:
    """Raises OSError."""
    write_atomically(path, lambda temporary: temporary.write_bytes(manifest_text(content)))
