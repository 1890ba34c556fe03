"""One training image with all that is known of its origin."""

import json
from dataclasses import dataclass
from typing import Any

from models.archive.prepare.chunk import Result
from models.archive.record import Record


@dataclass(frozen=True, slots=True)
class Sample:
    """Image `number` of a record, encoded."""

    record: Record
    result: Result
    number: int
    image: bytes

    def origin(self) -> dict[str, str]:
        """What a set says of it: the columns of metadata.csv, the fields of a shard's JSON. `sha256` is that of the
        original file, `years` one year or FROM/TO.
        """
        record = self.record
        return {
            "id": record.id,
            "title": record.title,
            "artists": "; ".join(record.artists),
            "date": record.date,
            "years": "" if record.years is None else "/".join(map(str, dict.fromkeys(record.years))),
            "rights": str(record.rights),
            "rights_text": record.rights_text,
            "source": record.source,
            "page": record.page,
            "label": record.label,
            "sha256": self.result.original,
        }

    def line(self) -> bytes:
        """What the hash of a set is made over."""
        image = self.result.images[self.number]
        return as_json([self.record.id, self.number, image, self.result.original, self.record.rights]) + b"\n"


def as_json(value: Any) -> bytes:
    """Canonical: the same value, the same bytes."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
