"""Texts of IIIF in the many shapes that its versions and their users give them."""

import html
import re
from collections.abc import Mapping
from typing import Any

from models.archive.errors import RejectedError
from models.archive.sources import base

_TAG = re.compile(r"<[^<>]{0,1000}>")
_PREFERRED = ("en", "en-GB", "en-US", "none", "@none")
_ARTIST = """artist, artists, artist(s), creator, creators, author, authors, maker, makers, painter, artiste, auteur,
    créateur, künstler, künstlerin, urheber, schöpfer, maler, artista, autore, autor, creador, kunstenaar, vervaardiger
"""
_DATE = """date, dates, date created, creation date, date made, created, datierung, datum, date de création, fecha,
    data, datazione, datering"""
_RIGHTS = """rights, copyright, license, licence, rights statement, copyright notice, conditions of use, terms of use,
    droits, licence d'utilisation, rechte, lizenz, nutzungsbedingungen, urheberrecht, derechos, diritti, rechten
"""
ARTIST = frozenset(" ".join(_ARTIST.split()).split(", "))
DATE = frozenset(" ".join(_DATE.split()).split(", "))
RIGHTS = frozenset(" ".join(_RIGHTS.split()).split(", "))


def texts(value: Any) -> list[str]:
    """The texts of a label or value in one language: English, or none, or the first that there is."""
    found = _by_language(value)
    chosen = next((language for language in _PREFERRED if language in found), next(iter(found), ""))
    return [text for text in map(_plain, found.get(chosen, [])) if text]


def every(value: Any) -> list[str]:
    """The texts of a label or value in all languages."""
    return [text for lines in _by_language(value).values() for text in map(_plain, lines) if text]


def words(value: Any) -> str:
    """The texts of a label or value as one."""
    return "; ".join(texts(value))


def described(values: Mapping[str, Any], labels: frozenset[str]) -> list[str]:
    """What `metadata` says under one of these labels, in whichever language they are."""
    for pair in things(values.get("metadata")):
        names = {
            _plain(name).lower().rstrip(": ") for each in _by_language(pair.get("label")).values() for name in each
        }
        if names & labels:
            return texts(pair.get("value"))
    return []


def things(value: Any) -> list[Mapping[str, Any]]:
    """The objects of a value that is one, or a list of them."""
    return [thing for thing in (value if isinstance(value, list) else [value]) if isinstance(thing, Mapping)]


def identity(values: Mapping[str, Any]) -> str:
    """`id` of version 3 or `@id` of version 2, empty where it is no text."""
    found = values.get("id", values.get("@id"))
    return found.strip() if isinstance(found, str) else ""


def kind(values: Mapping[str, Any]) -> str:
    """`type` of version 3 or `@type` of version 2 without its prefix, such as "Manifest"."""
    found = values.get("type", values.get("@type"))
    return found.rpartition(":")[2] if isinstance(found, str) else ""


def _by_language(value: Any) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for part in value if isinstance(value, list) else [value]:
        if isinstance(part, str):
            found.setdefault("none", []).append(part)
        elif isinstance(part, Mapping) and "@value" in part:
            found.setdefault(str(part.get("@language", "none")), []).append(str(part["@value"]))
        elif isinstance(part, Mapping):
            for language, lines in part.items():
                found.setdefault(str(language), []).extend(str(line) for line in _several(lines))
    return found


def _several(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _plain(text: str) -> str:
    """Without HTML, which values may hold."""
    if len(text) > base.LONGEST_TEXT:
        raise RejectedError(base.UNREADABLE, f"a text holds {len(text):,} characters")
    return base.text({"text": " ".join(html.unescape(_TAG.sub("", text)).split())}, "text")
