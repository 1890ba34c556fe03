"""The Art Institute of Chicago: artworks of its API, as files or read page by page from api.artic.edu.

Pictures come from its IIIF service, whose base is in `config.iiif_url` of every answer.
"""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from models.archive import dates
from models.archive.errors import ArchiveError, RejectedError
from models.archive.record import Record
from models.archive.sources import base, opening
from models.archive.sources.base import Damaged, Row, Source, Values, text

NAME = "aic"
SERVICE = "https://www.artic.edu/iiif/2"
PAGE = "https://www.artic.edu/artworks/"
FIELDS = (
    "id,title,artist_title,artist_titles,date_display,date_start,date_end,is_public_domain,copyright_notice,image_id"
)
_LIMIT = 100  # works a page, the most that the API gives


def recognises(source: Source) -> bool:
    """A work as the API gives it, alone, in a `data` beside its `config`, or in a page of them."""
    return any("image_id" in work for sample in source.samples for work in _works(sample)[:1])


def records(source: Source) -> Iterator[Record | Damaged]:
    """Works of a file or folder; of an address, those of all pages."""
    first = next(source.rows, None)
    if source.address and isinstance(first, Row) and isinstance(first.values.get("data"), list):
        yield from _paged(source)
        return
    if first is not None:
        yield from _of(first)
    for row in source.rows:
        yield from _of(row)


def _paged(source: Source) -> Iterator[Record | Damaged]:
    number, last = 1, 1
    while number <= last:
        pages = list(_read_page(source, _page(source.address, number)))
        if not any(_works(page.values) for page in pages if isinstance(page, Row)):
            return  # whatever number of pages it promises
        for page in pages:
            yield from _of(page)
            if isinstance(page, Row) and isinstance(paging := page.values.get("pagination"), Mapping):
                last = base.whole(paging, "total_pages") or last
        number += 1


def _read_page(source: Source, address: str) -> Iterator[Row | Damaged]:
    try:
        content = source.read(address)
    except RejectedError as error:
        raise ArchiveError(
            f"{address}: cannot be read ({error.detail or error.kind}); only what comes before can be used; "
            "import it again later"
        ) from None
    return opening.parsed(content, address)


def _page(address: str, number: int) -> str:
    """The address of a page of works: what the user asked for, but for the paging."""
    parts = urlsplit(address)
    query = {"fields": FIELDS} | dict(parse_qsl(parts.query)) | {"page": str(number), "limit": str(_LIMIT)}
    return urlunsplit(parts._replace(query=urlencode(query, safe=","), fragment=""))


def _of(row: Row | Damaged) -> Iterator[Record | Damaged]:
    if isinstance(row, Damaged):
        yield row
        return
    service = _service(row.values)
    for work in _works(row.values):
        if "image_id" in work and "is_public_domain" in work:
            yield base.one(Row(row.place, work), NAME, "id", partial(_record, service))
        else:
            yield Damaged(row.place, "is no artwork of the Art Institute")


def _works(values: Values) -> list[Mapping[str, Any]]:
    data = values.get("data", values)
    return [work for work in (data if isinstance(data, list) else [data]) if isinstance(work, Mapping)]


def _service(values: Values) -> str:
    config = values.get("config")
    named = config.get("iiif_url") if isinstance(config, Mapping) else None
    return named.rstrip("/") if isinstance(named, str) and named.startswith("https://") else SERVICE


def _record(service: str, key: str, values: Values) -> Record:
    date, image = text(values, "date_display"), text(values, "image_id")
    allowed, statement = base.declared_rights(values, "is_public_domain", "copyright_notice")
    return Record(
        id=key,
        source=NAME,
        title=text(values, "title"),
        artists=_artists(values),
        date=date,
        years=base.span(values, "date_start", "date_end") or dates.understood(date),
        rights=allowed,
        rights_text=statement,
        service=f"{service}/{image}" if image else "",
        page=PAGE + key.partition(":")[2],
    )


def _artists(values: Values) -> tuple[str, ...]:
    names = values.get("artist_titles")
    if not isinstance(names, list) or not names:
        names = [values.get("artist_title")]
    return tuple(name for name in (text({"artist_titles": name}, "artist_titles") for name in names) if name)
