"""Who is let in: the Host and Origin a request names, and the token it brings.

A page on another site can make a visitor's browser call this server, directly or by pointing its own name at 127.0.0.1
(DNS rebinding). Both give themselves away: the first in Origin, the second in Host, which then is a name we never had.
The token is read from a header or the first WebSocket message, never from the URL, which ends up in logs and histories.
"""

import hmac
import ipaddress
import socket
from urllib.parse import SplitResult, urlsplit

from starlette.datastructures import Headers
from starlette.types import Scope

from engine.control.token_file import check_token
from engine.errors import ReverieError


class Door:
    """The rules of one server. Raises ReverieError where it would stand open without a token."""

    def __init__(self, host: str, token: str | None) -> None:
        self._loopback = is_loopback(host)
        if not self._loopback and not token:
            raise ReverieError(
                f"panel: host {host} is reachable from the network, which needs a token; "
                "give one, or leave the host out to listen on 127.0.0.1 only"
            )
        if token is not None:
            check_token(token)
        self._token = token
        self._names = {"localhost", host.lower(), socket.gethostname().lower(), f"{socket.gethostname().lower()}.local"}

    @property
    def locked(self) -> bool:
        """Whether a token is needed."""
        return self._token is not None

    def admits(self, token: object) -> bool:
        """Whether this token opens the door; with no token set, anything does."""
        if self._token is None:
            return True
        return isinstance(token, str) and hmac.compare_digest(_bytes(token), _bytes(self._token))

    def knows_host(self, host: str) -> bool:
        """Whether a Host header names this server: one of its names, or an address (which no one can rebind)."""
        name = _split(f"//{host}").hostname or ""
        if self._loopback:
            return name == "localhost" or is_loopback(name)
        return name in self._names or _is_address(name)

    def stranger(self, scope: Scope) -> tuple[int, str] | None:
        """Why a request comes from the wrong page, as a status and a sentence; None where it does not."""
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if not self.knows_host(host):
            return 421, "this server does not go by that name; open the panel by the address it printed"
        origin = headers.get("origin")
        if origin is not None and _split(origin).netloc != host.lower():
            return 403, "requests from other sites' pages are refused"
        return None


def bearer(headers: Headers) -> str | None:
    """The token of an `Authorization: Bearer` header; None where there is none."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url.lower())
    except ValueError:  # such as an unclosed bracket
        return urlsplit("")


def _bytes(token: str) -> bytes:
    return token.encode("utf-8", "replace")  # JSON may carry lone surrogates


def is_loopback(host: str) -> bool:
    """Whether a host to listen on can be reached from this machine only."""
    return host == "localhost" or (_is_address(host) and ipaddress.ip_address(host).is_loopback)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
