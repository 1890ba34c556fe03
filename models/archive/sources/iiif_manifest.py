"""A manifest of the IIIF Presentation API, version 2 or 3: a record for every picture on its canvases."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from models.archive import dates, rights
from models.archive.errors import RejectedError
from models.archive.record import Record, Rights
from models.archive.sources import base
from models.archive.sources.base import Damaged, Row, Values
from models.archive.sources.iiif_words import ARTIST, DATE, RIGHTS, described, every, identity, kind, things, words

NAME = "iiif"
_WRAPPED_AT_MOST = 4  # a choice of a part of a picture is two
_NO_PICTURE = ("Video", "Sound", "MovingImage", "Text", "TextualBody", "Dataset", "Model")


def records(row: Row) -> Iterator[Record | Damaged]:
    """In the order of the canvases. A canvas without a picture is a record too."""
    manifest = row.values
    canvases = _canvases(manifest)
    for number, canvas in enumerate(canvases):
        key = identity(canvas) or f"{identity(manifest) or row.place}#{number}"
        try:
            yield from _of_canvas(key, canvas, manifest, len(canvases) == 1)
        except RejectedError as error:
            yield Damaged(row.place, error.detail, f"{NAME}:{key}", error.kind)


def of_service(row: Row) -> Record | Damaged:
    """The record of an info.json, which is a service alone."""
    try:
        service = base.secure(identity(row.values).rstrip("/"))
        if not service:
            return Damaged(row.place, "is an image service without an id")
        statements = _statements(row.values)
        credits = _credits(row.values)
        return Record(
            f"{NAME}:{service}",
            NAME,
            service.rpartition("/")[2],
            rights=_rights(statements, credits),
            rights_text="; ".join([*statements, *credits]),
            service=service,
        )
    except RejectedError as error:
        return Damaged(row.place, error.detail)


def _canvases(manifest: Values) -> list[Mapping[str, Any]]:
    if "items" in manifest:
        return things(manifest["items"])
    return [canvas for sequence in things(manifest.get("sequences")) for canvas in things(sequence.get("canvases"))]


def _of_canvas(key: str, canvas: Values, manifest: Values, alone: bool) -> Iterator[Record]:
    for number, picture in enumerate(_pictures(canvas) or [_Picture({}, [])]):
        parts = [*picture.parts, canvas, *things(manifest.get("sequences")), manifest]
        statements = [text for part in parts for text in _statements(part)]
        credits = [text for part in parts for text in _credits(part)]
        date = "; ".join(described(canvas, DATE) or described(manifest, DATE))
        service = _service(picture.values)
        yield Record(
            id=f"{NAME}:{key}#{number + 1}" if number else f"{NAME}:{key}",
            source=NAME,
            title=_title(canvas, manifest, alone),
            artists=tuple(described(canvas, ARTIST) or described(manifest, ARTIST)),
            date=date,
            years=dates.understood(date),
            rights=_rights(statements, credits),
            rights_text="; ".join(dict.fromkeys([*statements, *credits])),
            image="" if service else base.secure(identity(picture.values)),
            service=service,
            page=_page(canvas) or _page(manifest),
        )


class _Picture(NamedTuple):
    """A picture; and whatever on the way to it, and itself, may state rights."""

    values: Values
    parts: list[Values]


def _pictures(canvas: Values) -> list[_Picture]:
    notes = [note for page in things(canvas.get("items")) for note in things(page.get("items"))]
    notes = [note for note in notes if "painting" in str(note.get("motivation", "painting"))]
    found = [_picture(note, note.get("body")) for note in notes]
    found += [_picture(note, note.get("resource")) for note in things(canvas.get("images"))]
    return [
        picture
        for picture in found
        if kind(picture.values) not in _NO_PICTURE and (identity(picture.values) or _service(picture.values))
    ]


def _picture(note: Values, body: Any) -> _Picture:
    layers = _unwrapped(things(body)[0]) if things(body) else [{}]
    return _Picture(layers[-1], [*things(layers[-1].get("service")), *reversed(layers), note])


def _unwrapped(body: Values) -> list[Values]:
    """From what a picture is wrapped in down to the picture: of a choice the first, of a part the whole."""
    layers = [body]
    for _ in range(_WRAPPED_AT_MOST):
        inner = {"Choice": ("default", "items", "item"), "SpecificResource": ("source", "full")}
        found = [thing for name in inner.get(kind(layers[-1]), ()) for thing in things(layers[-1].get(name))]
        if not found:
            return layers
        layers.append(found[0])
    return [{}]


def _service(picture: Values) -> str:
    for service in things(picture.get("service")):
        speaks = f"{kind(service)} {service.get('@context', '')} {service.get('profile', '')}".lower()
        if "imageservice" in speaks or "api/image" in speaks or "image-api" in speaks:
            return base.secure(identity(service).rstrip("/"))
    return ""


def _statements(values: Values) -> list[str]:
    """Addresses of licences: one in version 3, maybe several in version 2. What is no text stands as one unknown."""
    said = [values.get("rights"), values.get("license")]
    flat = [one for value in said for one in (value if isinstance(value, list) else [value]) if one is not None]
    return [one.strip() if isinstance(one, str) else identity(one) if isinstance(one, Mapping) else "" for one in flat]


def _rights(statements: list[str], credits: list[str]) -> Rights:
    """As the licences say, unless somebody claims rights beside them."""
    claimed = any(rights.names_a_holder(credit) for credit in credits)
    return rights.strictest(
        [Rights.RESTRICTED] if claimed else [rights.understood(statement) for statement in statements]
    )


def _credits(values: Values) -> list[str]:
    """What has to be said beside a picture, and what is said of its rights in words; in every language."""
    required = values.get("requiredStatement")
    shown = required.get("value") if isinstance(required, Mapping) else values.get("attribution")
    return [*every(shown), *described(values, RIGHTS)]


def _title(canvas: Values, manifest: Values, alone: bool) -> str:
    """A canvas that is described by itself is a work; else it is a view or a page of the manifest's work."""
    own, whole = words(canvas.get("label")), words(manifest.get("label"))
    if canvas.get("metadata"):
        return own or whole
    return whole or own if alone else ", ".join(filter(None, [whole, own]))


def _page(values: Values) -> str:
    for value in (values.get("homepage"), values.get("related")):
        for one in value if isinstance(value, list) else [value]:
            address = one if isinstance(one, str) else identity(one) if isinstance(one, Mapping) else ""
            if address.startswith(("https://", "http://")):
                return base.secure(address)
    return ""
