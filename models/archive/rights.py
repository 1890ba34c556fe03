"""What a statement of rights amounts to.

It is open only where all of it is understood: one word that is not known may be the one that takes the rest back ("CC0
for the metadata", "public domain from 2035", "sauf les images"). In doubt a picture stays closed; only an operator can
let it through.
"""

import re
from urllib.parse import urlsplit

from models.archive.record import Rights

LONGEST = 5000  # characters; nobody writes longer ones to say that a picture is free
_ADDRESS = re.compile(r"(?:https?:)?//[^\s\"'<>]{1,300}", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]{0,1000}>")
_CLAIM = re.compile(
    r"\b(?:(?:licen[cs]ed|released) under (?:the )?)?(?:(cc[ -]?(?:0|zero)|creative commons zero)\b"
    r"|(?:in the )?public[ -]domain\b)|^pdm?(?= 1\.0$|$)"
)
_NOTHING_HELD = re.compile(
    r"\bno (?:known )?(?:copyright|rights reserved)(?: restrictions?)?\b|\bout of copyright\b|\bcopyright expired\b"
)
_PARTS = re.compile(r"[^\W\d_]+|[\d.]*\d|\S")
_HARMLESS = """a access ago and are artist artwork dedication died faithful image is licence license mark object open
    painting photographic picture reproduction rights status the this universal work works years
    1.0 50 70 100 . , ; : ( ) / - – > " '
"""
_KNOWN = frozenset(_HARMLESS.split())
_NAMED = re.compile(r"©|\(c\)|copyright|rights reserved|licen[cs]|\bcc[ -]by\b|courtesy|permission", re.IGNORECASE)
_HOLDER = re.compile(
    r"©|\(c\)|rights reserved|droits réservés|rechte vorbehalten|derechos reservados|diritti riservati"
    r"|\b(?:in|under) copyright|\bcc[ -]by\b|creativecommons\.org/licenses/by",
    re.IGNORECASE,
)
_RESTRICTED_STATEMENTS = ("inc", "noc-cr", "noc-nc", "noc-oklr")  # of rightsstatements.org


def understood(statement: str) -> Rights:
    """Read a licence's address, a sentence about rights, or both: as the stricter of them says."""
    if len(statement) > LONGEST:
        return Rights.UNKNOWN
    words = " ".join(statement.lower().split())
    addresses = [address for address in _ADDRESS.findall(words) if _speaks_of_rights(address)]
    for address in addresses:
        words = words.replace(address, " ")
    words = " ".join(_TAG.sub(" ", words).split())
    said = [_of_address(address) for address in addresses]
    return strictest(said if said and _is_known(words) else [*said, _of_words(words)])


def strictest(rights: list[Rights]) -> Rights:
    """What several statements about one picture come to: open only where each of them is."""
    order = (Rights.RESTRICTED, Rights.UNKNOWN, Rights.PUBLIC_DOMAIN, Rights.CC0)
    return min(rights, key=order.index, default=Rights.UNKNOWN)


def names_a_holder(text: str) -> bool:
    """Whether a credit line claims rights, and does not only say whom to thank."""
    return _HOLDER.search(text) is not None


def _speaks_of_rights(address: str) -> bool:
    host = _host(address)
    return host in ("creativecommons.org", "rightsstatements.org")


def _host(address: str) -> str:
    try:
        return (urlsplit(address).hostname or "").removeprefix("www.")
    except ValueError:  # not an address after all: a broken [IPv6], say
        return ""


def _of_address(address: str) -> Rights:
    path = urlsplit(address).path.lower().rstrip("/.,;)") + "/"
    if ".." in path:
        return Rights.UNKNOWN
    if _host(address) == "rightsstatements.org":
        name = path.removeprefix("/vocab/").removeprefix("/page/").split("/")[0]
        return Rights.RESTRICTED if name.startswith(_RESTRICTED_STATEMENTS) else Rights.UNKNOWN
    if path.startswith("/publicdomain/zero/"):
        return Rights.CC0
    if path.startswith(("/publicdomain/mark/", "/licenses/publicdomain/")):
        return Rights.PUBLIC_DOMAIN
    return Rights.RESTRICTED if path.startswith("/licenses/") else Rights.UNKNOWN


def _of_words(words: str) -> Rights:
    claim = _CLAIM.search(words)
    if claim and _is_known(words):
        return Rights.CC0 if claim[1] else Rights.PUBLIC_DOMAIN
    return Rights.RESTRICTED if _NAMED.search(_NOTHING_HELD.sub("", words)) else Rights.UNKNOWN


def _is_known(words: str) -> bool:
    """Whether nothing is said beside the claim that can take it back."""
    return _KNOWN.issuperset(_PARTS.findall(_CLAIM.sub(" ", _NOTHING_HELD.sub(" ", words))))
