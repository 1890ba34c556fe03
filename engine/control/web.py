"""The routes: the panel's files, a small JSON interface for scripts and watchdogs, and the WebSocket."""

import time
from collections.abc import Mapping

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp
from starlette.websockets import WebSocket

from engine.control import assets
from engine.control.desk import Desk
from engine.control.guard import Guard
from engine.control.health import judge
from engine.control.hub import Hub
from engine.control.listing import Listing
from engine.control.rate_limit import RateLimit
from engine.control.roster import Roster
from engine.control.security import Door
from engine.control.token_check import TokenCheck
from engine.control.wire import MalformedError, decode, encode, reading
from engine.params import ParameterError

MESSAGE_SIZE = 64 * 1024


class Web:
    """Handlers of one server. Control thread only."""

    def __init__(self, hub: Hub, tokens: TokenCheck, places: int) -> None:
        """`places`: connections the server can hold."""
        self._hub = hub
        self._desk = Desk(hub)
        self._listing = Listing(hub)
        self._roster = Roster(hub, self._desk, tokens, places)
        self._assets = assets.load()

    def application(self, door: Door, tokens: TokenCheck, rates: RateLimit) -> ASGIApp:
        """The ASGI application, guarded."""
        routes = [
            Route("/", self.panel),
            Route("/static/{name:path}", self.asset),
            Route("/healthz", self.live),
            Route("/readyz", self.ready),
            Route("/preview.jpg", self.preview),
            Route("/api/signals", self.signals),
            Route("/api/parameters", self.parameters),
            Route("/api/parameters{address:path}", self.set_parameter, methods=["PUT"]),
            WebSocketRoute("/ws", self.socket),
        ]
        return Starlette(routes=routes, middleware=[Middleware(Guard, door=door, tokens=tokens, rates=rates)])

    async def panel(self, request: Request) -> Response:
        """GET /"""
        return assets.respond(self._assets.get("index.html"), request)

    async def asset(self, request: Request) -> Response:
        """GET /static/…"""
        return assets.respond(self._assets.get(request.path_params["name"]), request)

    async def live(self, request: Request) -> Response:
        """GET /healthz: the show's figures; 503 where nothing is shown, so that a watchdog may act on the status."""
        health = judge(self._hub, time.monotonic())
        return _json(health.body, health.live_status)

    async def ready(self, request: Request) -> Response:
        """GET /readyz: the same body; 200 only where nothing is wrong."""
        health = judge(self._hub, time.monotonic())
        return _json(health.body, health.ready_status)

    async def preview(self, request: Request) -> Response:
        """GET /preview.jpg: the newest one; 404 while none has been made."""
        jpeg = self._hub.preview.jpeg
        if not jpeg:
            return _json({"error": "no preview yet; one is made while a panel is open"}, 404)
        return Response(jpeg, media_type="image/jpeg", headers={"Cache-Control": "no-store"})

    async def signals(self, request: Request) -> Response:
        """GET /api/signals: by name."""
        return _json({name: reading(signal) for name, signal in self._hub.signals.items()})

    async def parameters(self, request: Request) -> Response:
        """GET /api/parameters: every declaration with its value, and the value in force."""
        return _answer(self._listing.body())

    async def set_parameter(self, request: Request) -> Response:
        """PUT /api/parameters/walk/speed with {"value": 0.2}."""
        address = request.path_params["address"]
        if self._desk.parameter(address) is None:
            return _json({"error": f"there is no parameter {address[:200]}"}, 404)
        try:
            message = decode(await _body(request))
            return _json({"value": self._desk.set(address, message.get("value"))})
        except (MalformedError, ParameterError) as error:
            return _json({"error": str(error)[:240]}, 400)
        except ClientDisconnect:
            return Response(status_code=400)  # nobody is there to read it

    async def socket(self, socket: WebSocket) -> None:
        """The panel's live connection."""
        await self._roster.serve(socket)


async def _body(request: Request) -> bytes:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MESSAGE_SIZE:
            raise MalformedError(f"the request is larger than {MESSAGE_SIZE} bytes; send one value")
    return body


def _json(content: Mapping[str, object], status: int = 200) -> Response:
    return _answer(encode(content), status)


def _answer(text: str, status: int = 200) -> Response:
    return Response(text, status, {"Cache-Control": "no-store"}, "application/json")
