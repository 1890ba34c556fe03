"""One training image with all that is known of its origin."""

import json
from dataclasses import dataclass
from typing import Any

from models.archive.prepare.chunk import Result
from models.archive.record import Record

# What a set says of an image: the columns of metadata.csv, the fields of a shard's JSON. `sha256` is that of the
# original file, `years` one year or FROM/TO.
ORIGIN = ("id", "title", "artists", "date", "years", "rights", "rights_text", "source", "page", "label", "sha256")


@dataclass(frozen=True, slots=True)
class Sample:
    """Image `number` of a record, encoded."""

    record: Record
    result: Result
    number: int
    image: bytes

    def origin(self) -> dict[str, str]:
        """`ORIGIN` of it."""
        record = self.record
        years = "" if record.years is None else "/".join(map(str, dict.fromkeys(record.years)))
        what = (record.id, record.title, "; ".join(record.artists), record.date, years)
        whose = (str(record.rights), record.rights_text, record.source, record.page)
        return dict(zip(ORIGIN, (*what, *whose, record.label, self.result.original), strict=True))

    def line(self) -> bytes:
        """What the hash of a set is made over."""
        image = self.result.images[self.number]
        return as_json([self.record.id, self.number, image, self.result.original, self.record.rights]) + b"\n"


def as_json(value: Any) -> bytes:
    """Canonical: the same value, the same bytes."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
