"""Who is let in: the Host and Origin a request names, the token it brings, and the headers every answer carries.

A page on another site can make a visitor's browser call this server, directly or by pointing its own name at 127.0.0.1
(DNS rebinding). Both give themselves away: the first in Origin, the second in Host, which then is a name we never had.
The token is read from a header or the first WebSocket message, never from the URL, which ends up in logs and histories.
"""

import hmac
import ipaddress
import socket
from urllib.parse import SplitResult, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from engine.errors import ReverieError

OPEN_PATHS = ("/static/",)  # the panel's own files say nothing about the show

# The one style sheet Tweakpane 4.0.5 writes into the page, by its hash; see static/vendor/README.md.
TWEAKPANE_STYLE = "sha256-WU+tMAooBGOdJsdyBqbrrPu4TVMhi7m8OLZ9L4tWidA="

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; connect-src 'self'; img-src 'self'; font-src 'self'; "
        f"style-src 'self' '{TWEAKPANE_STYLE}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), fullscreen=(self)",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class Door:
    """The rules of one server. Raises ReverieError where it would stand open without a token."""

    def __init__(self, host: str, token: str | None) -> None:
        self._loopback = is_loopback(host)
        if not self._loopback and not token:
            raise ReverieError(
                f"panel: host {host} is reachable from the network, which needs a token; "
                "give one, or leave the host out to listen on 127.0.0.1 only"
            )
        if token == "":
            raise ReverieError("panel: the token is empty; write a long one, or give none to listen on 127.0.0.1 only")
        self._token = token
        self._names = {"localhost", host.lower(), socket.gethostname().lower(), f"{socket.gethostname().lower()}.local"}

    def admits(self, token: object) -> bool:
        """Whether this token opens the door; with no token set, anything does."""
        if self._token is None:
            return True
        return isinstance(token, str) and hmac.compare_digest(_bytes(token), _bytes(self._token))

    def admits_headers(self, headers: Headers) -> bool:
        """The same for an `Authorization: Bearer` header."""
        scheme, _, token = headers.get("authorization", "").partition(" ")
        return self.admits(token.strip() if scheme.lower() == "bearer" else None)

    def knows_host(self, host: str) -> bool:
        """Whether a Host header names this server: one of its names, or an address (which no one can rebind)."""
        name = _split(f"//{host}").hostname or ""
        if self._loopback:
            return name == "localhost" or is_loopback(name)
        return name in self._names or _is_address(name)

    def refusal(self, scope: Scope) -> tuple[int, str] | None:
        """Why a request may not pass, as a status and a sentence; None where it may."""
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if not self.knows_host(host):
            return 421, "this server does not go by that name; open the panel by the address it printed"
        origin = headers.get("origin")
        if origin is not None and _split(origin).netloc != host.lower():
            return 403, "requests from other sites' pages are refused"
        if scope["type"] == "http" and not _is_open(scope["path"]) and not self.admits_headers(headers):
            return 401, "this show asks for its token, as the header `Authorization: Bearer …`"
        return None


class Guard:
    """Middleware: refuses what the door refuses, and puts the security headers on every answer."""

    def __init__(self, app: ASGIApp, door: Door) -> None:
        self._app = app
        self._door = door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI entry."""
        refusal = self._door.refusal(scope)
        if refusal is None:
            await self._app(scope, receive, _with_headers(send))
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            status, sentence = refusal
            await JSONResponse({"error": sentence}, status)(scope, receive, _with_headers(send))


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


def _is_open(path: str) -> bool:
    return path == "/" or path.startswith(OPEN_PATHS)


def _with_headers(send: Send) -> Send:
    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers[name] = value
        await send(message)

    return send_with_headers
