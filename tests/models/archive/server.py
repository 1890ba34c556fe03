"""A museum's web server with every vice, on 127.0.0.1.

`python tests/models/archive/server.py --folder PICTURES --port 8123` serves a plain folder, politely.
"""

import argparse
import asyncio
import io
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Self
from zlib import compressobj

from aiohttp import web
from PIL import Image

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def picture(seed: int = 0, size: tuple[int, int] = (48, 32), kind: str = "JPEG") -> bytes:
    """An image file whose bytes depend on the seed."""
    data = io.BytesIO()
    colour = (seed * 37 % 256, seed * 91 % 256, seed * 151 % 256)
    Image.new("RGB", size, colour).save(data, kind)
    return data.getvalue()


class Server:
    """A context. `hits` counts requests by path, `seen` keeps their headers, `sent` the bytes of bodies by path.

    What is put into `files` is served with ETag and ranges; `robots` is the text of robots.txt, `robots_status` its
    status. `failing` says how often a path fails before it works; `gate` holds back the second half
    of what lies under `hold`; `most` is how many bytes of the rest of a file it sends at a time.
    """

    def __init__(self, folder: Path | None = None, port: int = 0) -> None:
        self.files: dict[str, bytes] = {}
        self.headers: dict[str, dict[str, str]] = {}
        self.robots = ""
        self.robots_status = 200
        self.failing: Counter[str] = Counter()
        self.hold: tuple[str, ...] = ("/held/",)
        self.gate = threading.Event()
        self.most = 1 << 40
        self.hits: Counter[str] = Counter()
        self.sent: Counter[str] = Counter()
        self.seen: dict[str, list[dict[str, str]]] = defaultdict(list)
        self.times: dict[str, list[float]] = defaultdict(list)
        self.together = self.most_together = 0
        self._folder = folder
        self._port = port
        self._ready = threading.Event()

    @property
    def host(self) -> str:
        """What a policy trusts."""
        return f"127.0.0.1:{self._port}"

    def url(self, path: str) -> str:
        """The address of a path."""
        return f"http://{self.host}{path}"

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=lambda: asyncio.run(self.serve()), daemon=True)
        self._thread.start()
        assert self._ready.wait(30)
        return self

    def __exit__(self, *_: object) -> None:
        self.gate.set()
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(30)

    async def serve(self) -> None:
        """Until `__exit__`, or for ever."""
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        app = web.Application(middlewares=[self._count])
        app.router.add_get("/{path:.*}", self._answer)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", self._port)
        await site.start()
        self._port = runner.addresses[0][1]
        self._ready.set()
        await self._stop.wait()
        await runner.cleanup()

    @web.middleware
    async def _count(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        self.hits[request.path] += 1
        self.seen[request.path].append(dict(request.headers))
        self.times[request.path].append(time.monotonic())
        self.together += 1
        self.most_together = max(self.most_together, self.together)
        try:
            return await handler(request)
        finally:
            self.together -= 1

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        path = request.path
        if path == "/robots.txt" and path not in self.files:
            return web.Response(text=self.robots, status=self.robots_status)
        if self.failing[path] > 0:
            self.failing[path] -= 1
            return await self._fail(request)
        if path in self.files:
            return await self._file(request, self.files[path])
        if self._folder is not None:
            return self._plain(path)
        vice = getattr(self, f"_{path.split('/')[1]}", None)
        return web.Response(status=404) if vice is None else await vice(request)

    def _plain(self, path: str) -> web.StreamResponse:
        assert self._folder is not None
        file = (self._folder / path.lstrip("/")).resolve()
        inside = file.is_relative_to(self._folder.resolve()) and file.is_file()
        return web.FileResponse(file) if inside else web.Response(status=404)

    async def _file(self, request: web.Request, data: bytes) -> web.StreamResponse:
        """With ETag and, but in /whole/, ranges. In /drops/ the first answer breaks off half-way."""
        headers = {"ETag": f'"{len(data)}-{hash(data) & 0xFFFFFF:x}"', "Last-Modified": "Mon, 01 Jun 2026 10:00:00 GMT"}
        headers |= self.headers.get(request.path, {})
        start, status = self._range(request, headers, len(data))
        end = min(len(data), start + self.most) if status == 206 else len(data)
        if status == 416:
            return web.Response(status=416, headers={"Content-Range": f"bytes */{len(data)}"})
        if status == 206:
            headers["Content-Range"] = f"bytes {start}-{end - 1}/{len(data)}"
        response = web.StreamResponse(status=status, headers={**headers, "Content-Length": str(end - start)})
        await response.prepare(request)
        await self._body(request, response, data[start:end])
        return response

    def _range(self, request: web.Request, headers: dict[str, str], size: int) -> tuple[int, int]:
        asked = request.http_range.start
        if asked is None or request.headers.get("If-Range") != headers["ETag"] or request.path.startswith("/whole/"):
            return 0, 200
        return asked, 206 if asked < size else 416

    async def _body(self, request: web.Request, response: web.StreamResponse, data: bytes) -> None:
        half = len(data) // 2
        await response.write(data[:half])
        self.sent[request.path] += half
        if request.path.startswith(self.hold):
            await self._held()
        if request.path.startswith("/drops/") and self.hits[request.path] == 1:
            await asyncio.sleep(0.05)  # the half is on its way before the line breaks
            assert request.transport is not None
            request.transport.abort()
            return
        await response.write(data[half:])
        self.sent[request.path] += len(data) - half

    async def _held(self) -> None:
        while not self.gate.is_set():
            await asyncio.sleep(0.01)

    async def _fail(self, request: web.Request) -> web.StreamResponse:
        headers = self.headers.get(request.path, {})
        return web.Response(status=int(headers.get("X-Fail", 500)), headers=headers, text="not now")

    async def _status(self, request: web.Request) -> web.StreamResponse:
        """/status/404/…"""
        return web.Response(status=int(request.path.split("/")[2]))

    async def _drop(self, request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    async def _stall(self, request: web.Request) -> web.StreamResponse:
        await self._held()
        return web.Response()

    async def _trickle(self, request: web.Request) -> web.StreamResponse:
        """The head, a few bytes, then nothing."""
        response = web.StreamResponse(headers={"Content-Length": "1000"})
        await response.prepare(request)
        await response.write(b"\xff\xd8\xff")
        await self._held()
        return response

    async def _drip(self, request: web.Request) -> web.StreamResponse:
        """A byte now and then, so that the line is never idle."""
        response = web.StreamResponse()
        await response.prepare(request)
        while not self._stop.is_set():
            await response.write(b"\xff")
            await asyncio.sleep(0.02)
        return response

    async def _circle(self, request: web.Request) -> web.StreamResponse:
        raise web.HTTPFound("/circle/" + ("b" if request.path.endswith("a") else "a"))

    async def _away(self, request: web.Request) -> web.StreamResponse:
        """/away?to=URL"""
        return web.Response(status=302, headers={"Location": request.query["to"]})

    async def _short(self, request: web.Request) -> web.StreamResponse:
        """Says 5,000 bytes and closes after 100."""
        return self._raw(request, b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + b"\xff" * 100)

    async def _long(self, request: web.Request) -> web.StreamResponse:
        """Says 100 bytes and sends a whole picture."""
        return self._raw(request, b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + picture(1))

    def _raw(self, request: web.Request, data: bytes) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.write(data)
        request.transport.close()
        return web.Response()

    async def _endless(self, request: web.Request) -> web.StreamResponse:
        """Bytes without end, and no word of how many."""
        response = web.StreamResponse()
        await response.prepare(request)
        while not self._stop.is_set():
            await response.write(b"\xff" * 65536)
            self.sent[request.path] += 65536
        return response

    async def _huge(self, request: web.Request) -> web.StreamResponse:
        """Says that it is 1 TB."""
        return self._raw(request, b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n\xff\xd8\xff")

    async def _bomb(self, request: web.Request) -> web.StreamResponse:
        """A megabyte of gzip that is a gigabyte."""
        squeeze = compressobj(wbits=31)
        data = b"".join(squeeze.compress(bytes(1 << 20)) for _ in range(64)) + squeeze.flush()
        return web.Response(body=data, headers={"Content-Encoding": "gzip", "Content-Type": "image/jpeg"})


def main() -> None:
    """Serve a folder until stopped."""
    parser = argparse.ArgumentParser(description="Serve a folder of pictures on 127.0.0.1.")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--port", type=int, default=8123)
    options = parser.parse_args()
    print(f"{options.folder} is served at http://127.0.0.1:{options.port}/", flush=True)
    try:
        asyncio.run(Server(options.folder, options.port).serve())
    except KeyboardInterrupt:
        return


if __name__ == "__main__":
    main()
