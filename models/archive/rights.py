"""What a statement of rights amounts to. In doubt a picture is not open; only an operator can let it through."""

import re
from urllib.parse import urlsplit

from models.archive.record import Rights

_ADDRESS = re.compile(r"(?:https?:)?//[^\s\"'<>]{1,300}", re.IGNORECASE)
_OPEN_WORDS = re.compile(r"\b(?:(cc[ -]?(?:0|zero)\b|creative commons zero)|public[ -]domain\b)|^(?:pd|pdm)(?: 1\.0)?$")
_NOTHING_HELD = re.compile(r"\bno (?:known )?(?:copyright|rights reserved)(?: restrictions?)?\b")
_DOUBT = re.compile(
    r"\b(?:not?|non-?commercial|isn't|unless|except|only|if|until|may|might|maybe|probably|possibly|presumed|unknown"
    r"|undetermined|unclear|formerly|outside|personal|permission|restrict(?:ed|ions?)|copyright (?:of|by|held|holder)"
    r"|in copyright|all rights reserved|fair use|cc[ -]by)\b|©|\?"
)
_NAMED = re.compile(r"©|\(c\)|copyright|all rights reserved|licen[cs]|\bcc[ -]by\b|courtesy|permission", re.IGNORECASE)
_RESTRICTED_STATEMENTS = ("inc", "noc-cr", "noc-nc", "noc-oklr")  # of rightsstatements.org


def understood(statement: str) -> Rights:
    """Read a licence's address or a sentence about rights. An address in the text decides before its words do."""
    if not statement.strip():
        return Rights.UNKNOWN
    addresses = [address for address in _ADDRESS.findall(statement[:5000]) if _speaks_of_rights(address)]
    if addresses:
        return strictest([_of_address(address) for address in addresses])
    return _of_words(" ".join(statement[:5000].lower().split()))


def strictest(rights: list[Rights]) -> Rights:
    """What several statements about one picture come to: open only where each of them is."""
    order = (Rights.RESTRICTED, Rights.UNKNOWN, Rights.PUBLIC_DOMAIN, Rights.CC0)
    return min(rights, key=order.index, default=Rights.UNKNOWN)


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
    if _host(address) == "rightsstatements.org":
        name = path.removeprefix("/vocab/").removeprefix("/page/").split("/")[0]
        return Rights.RESTRICTED if name.startswith(_RESTRICTED_STATEMENTS) else Rights.UNKNOWN
    if path.startswith("/publicdomain/zero/"):
        return Rights.CC0
    if path.startswith(("/publicdomain/mark/", "/licenses/publicdomain/")):
        return Rights.PUBLIC_DOMAIN
    return Rights.RESTRICTED if path.startswith("/licenses/") else Rights.UNKNOWN


def _of_words(words: str) -> Rights:
    claims = _NOTHING_HELD.sub("", words)
    found = _OPEN_WORDS.search(words)
    if found and not _DOUBT.search(claims):
        return Rights.CC0 if found[1] else Rights.PUBLIC_DOMAIN
    return Rights.RESTRICTED if _NAMED.search(claims) else Rights.UNKNOWN
