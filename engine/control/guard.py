"""What every request passes first: its page, its token, its budget. And the headers every answer carries."""

import math

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from engine.control.connections import client_address
from engine.control.rate_limit import RateLimit, kind_of
from engine.control.security import Door, bearer
from engine.control.token_check import TokenCheck, Verdict

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


class Guard:
    """Middleware. A WebSocket that brings no token is let through: it is asked for one there."""

    def __init__(self, app: ASGIApp, door: Door, tokens: TokenCheck, rates: RateLimit) -> None:
        self._app = app
        self._door = door
        self._tokens = tokens
        self._rates = rates

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI entry."""
        refusal = await self._refusal(scope)
        await (refusal or self._app)(scope, receive, _with_headers(send))

    async def _refusal(self, scope: Scope) -> Response | None:
        client = client_of(scope)
        admitted, token = not self._door.locked, bearer(Headers(scope=scope))
        stranger = self._door.stranger(scope)
        if stranger is None and not admitted and token is not None:
            verdict = await self._tokens.judge(client, token)
            if verdict is Verdict.BUSY:
                return _too_many("wrong tokens", 1.0)
            if verdict is Verdict.WRONG:
                return _refused(401, "that token is wrong; send the show's own, as `Authorization: Bearer …`")
            admitted = True
            client = f"{client} with token"  # whose budget those without cannot use up
        wait = self._rates.wait(client, kind_of(scope["type"], scope.get("method", "GET"), scope["path"]))
        if wait:
            return _too_many("requests", wait)
        if stranger is not None:
            return _refused(*stranger)
        scope["state"]["admitted"] = admitted
        if scope["type"] == "http" and not admitted and not _is_open(scope["path"]):
            return _refused(401, "this show asks for its token, as the header `Authorization: Bearer …`")
        return None


def client_of(scope: Scope) -> str:
    """The address a request comes from, as budgets and logs know it."""
    return client_address(str((scope.get("client") or ("unknown",))[0]))


def _refused(status: int, sentence: str) -> Response:
    return JSONResponse({"error": sentence}, status)


def _too_many(what: str, wait: float) -> Response:
    """429. The connection ends with it: whoever goes on asking must connect anew, which has a budget of its own."""
    seconds = math.ceil(wait)
    headers = {"Retry-After": str(seconds), "Connection": "close"}
    return JSONResponse({"error": f"too many {what} from this address; try again in {seconds} s"}, 429, headers)


def _is_open(path: str) -> bool:
    return path == "/" or path.startswith(OPEN_PATHS)


def _with_headers(send: Send) -> Send:
    async def send_with_headers(message: Message) -> None:
        if message["type"] in ("http.response.start", "websocket.http.response.start"):
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers[name] = value
        await send(message)

    return send_with_headers
