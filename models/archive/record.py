"""One work of an archive, whichever catalogue it came from."""

from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """How far a record has come. Rejected ones keep their reason; nothing is ever deleted."""

    LISTED = "listed"  # catalogued, its rights are open and it has an image to fetch
    FETCHED = "fetched"  # its image file is here, `sha256` is that of the file
    REJECTED = "rejected"


class Rights(StrEnum):
    """What may be done with the picture, as far as its source says."""

    CC0 = "CC0"
    PUBLIC_DOMAIN = "public domain"
    RESTRICTED = "restricted"  # the source names a licence or a holder
    UNKNOWN = "unknown"  # the source says nothing about its images
    OVERRIDDEN = "overridden"  # not open, let through by an operator, whose words are in the log


OPEN = (Rights.CC0, Rights.PUBLIC_DOMAIN)


@dataclass(frozen=True, slots=True)
class Record:
    """A work and its picture. Text is as the catalogue gives it, stripped; what is missing is empty or None.

    `id` is `SOURCE:KEY` and unique in an archive: the same work imported again replaces itself. `years` is the range
    that `date` was read as. `image` is an https address, or the path of a file; `service` the base of a IIIF Image API
    service instead, whose picture is asked for in a fitting size. `rights_text` is the source's own statement.
    """

    id: str
    source: str
    title: str = ""
    artists: tuple[str, ...] = ()
    date: str = ""
    years: tuple[int, int] | None = None
    rights: Rights = Rights.UNKNOWN
    rights_text: str = ""
    image: str = ""
    service: str = ""
    page: str = ""  # where a person reads about the work
    label: str = ""  # a class for conditional training, where the catalogue has one


@dataclass(frozen=True, slots=True)
class Entry:
    """A record with what the archive did with it.

    `kind` and `detail` say why it was rejected. `file` is relative to the archive's folder, or absolute for pictures
    that were imported where they lie; `etag` and `modified` are what the server called its version.
    """

    record: Record
    status: Status
    kind: str = ""
    detail: str = ""
    file: str = ""
    sha256: str = ""
    size: int = 0
    etag: str = ""
    modified: str = ""
