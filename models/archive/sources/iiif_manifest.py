"""A manifest of the IIIF Presentation API, version 2 or 3: a record for every picture on its canvases."""

from collections.abc import Iterator, Mapping
from typing import Any

from models.archive import dates, rights
from models.archive.errors import RejectedError
from models.archive.record import Record, Rights
from models.archive.sources import base
from models.archive.sources.base import Damaged, Row, Values
from models.archive.sources.iiif_words import ARTIST, DATE, described, identity, kind, things, words

NAME = "iiif"
_WRAPPED_AT_MOST = 4  # a choice of a part of a picture is two
_NO_PICTURE = ("Video", "Sound", "MovingImage", "Text", "TextualBody", "Dataset", "Model")


def records(row: Row) -> Iterator[Record | Damaged]:
    """In the order of the canvases. A canvas without a picture is a record too."""
    manifest = row.values
    canvases = _canvases(manifest)
    for number, canvas in enumerate(canvases):
        key = identity(canvas) or f"{identity(manifest)}#{number}"
        try:
            yield from _of_canvas(key, canvas, manifest, len(canvases) == 1)
        except RejectedError as error:
            yield Damaged(row.place, error.detail, f"{NAME}:{key}" if key else "", error.kind)


def of_service(row: Row) -> Record | Damaged:
    """The record of an info.json, which is a service alone."""
    try:
        service = base.secure(identity(row.values).rstrip("/"))
        if not service:
            return Damaged(row.place, "is an image service without an id")
        statements = _statements(row.values)
        return Record(
            f"{NAME}:{service}",
            NAME,
            service.rpartition("/")[2],
            rights=_rights(statements),
            rights_text="; ".join(statements),
            service=service,
        )
    except RejectedError as error:
        return Damaged(row.place, error.detail)


def _canvases(manifest: Values) -> list[Mapping[str, Any]]:
    if "items" in manifest:
        return things(manifest["items"])
    return [canvas for sequence in things(manifest.get("sequences")) for canvas in things(sequence.get("canvases"))]


def _of_canvas(key: str, canvas: Values, manifest: Values, alone: bool) -> Iterator[Record]:
    pictures = _pictures(canvas)
    for number, picture in enumerate(pictures or [{}]):
        statements = [text for part in (picture, canvas, manifest) for text in _statements(part)]
        attribution = _attribution(canvas) or _attribution(manifest)
        date = "; ".join(described(canvas, DATE) or described(manifest, DATE))
        service = _service(picture)
        yield Record(
            id=f"{NAME}:{key}#{number + 1}" if number else f"{NAME}:{key}",
            source=NAME,
            title=_title(canvas, manifest, alone),
            artists=tuple(described(canvas, ARTIST) or described(manifest, ARTIST)),
            date=date,
            years=dates.understood(date),
            rights=_rights(statements),
            rights_text="; ".join([*statements, *filter(None, [attribution])]),
            image="" if service else base.secure(identity(picture)),
            service=service,
            page=_page(canvas) or _page(manifest),
        )


def _pictures(canvas: Values) -> list[Mapping[str, Any]]:
    annotations = [note for page in things(canvas.get("items")) for note in things(page.get("items"))]
    bodies = [note.get("body") for note in annotations if "painting" in str(note.get("motivation", "painting"))]
    bodies += [image.get("resource") for image in things(canvas.get("images"))]
    found = [_unwrapped(things(body)[0]) for body in bodies if things(body)]
    return [
        picture for picture in found if kind(picture) not in _NO_PICTURE and (identity(picture) or _service(picture))
    ]


def _unwrapped(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """The picture of a choice, which is the first of it, and that of a part of a picture, which is the whole."""
    for _ in range(_WRAPPED_AT_MOST):
        inner = {"Choice": ("default", "items", "item"), "SpecificResource": ("source", "full")}.get(kind(body), ())
        found = [thing for name in inner for thing in things(body.get(name))]
        if not found:
            return body
        body = found[0]
    return {}


def _service(picture: Values) -> str:
    for service in things(picture.get("service")):
        speaks = f"{kind(service)} {service.get('@context', '')} {service.get('profile', '')}".lower()
        if "imageservice" in speaks or "api/image" in speaks or "image-api" in speaks:
            return base.secure(identity(service).rstrip("/"))
    return ""


def _statements(values: Values) -> list[str]:
    """Addresses of licences: one in version 3, maybe several in version 2."""
    said = [values.get("rights"), values.get("license")]
    flat = [one for value in said for one in (value if isinstance(value, list) else [value])]
    return [one.strip() if isinstance(one, str) else identity(one) for one in flat if isinstance(one, str | Mapping)]


def _rights(statements: list[str]) -> Rights:
    return rights.strictest([rights.understood(statement) for statement in statements])


def _attribution(values: Values) -> str:
    required = values.get("requiredStatement")
    return words(required.get("value") if isinstance(required, Mapping) else values.get("attribution"))


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
