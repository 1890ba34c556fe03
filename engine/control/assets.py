"""The panel's own files, read once and served from memory: no path from the network ever reaches the file system."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

ROOT = Path(__file__).parent / "static"
MEDIA_TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
    ".txt": "text/plain",
}


@dataclass(frozen=True, slots=True)
class Asset:
    """One file as it is served. `tag` changes with its content."""

    content: bytes
    media_type: str
    tag: str


def load(root: Path = ROOT) -> dict[str, Asset]:
    """Every servable file under `root` by its path there, with forward slashes."""
    files = (path for path in root.rglob("*") if path.suffix in MEDIA_TYPES)
    return {path.relative_to(root).as_posix(): _read(path) for path in files}


def _read(path: Path) -> Asset:
    content = path.read_bytes()
    return Asset(content, MEDIA_TYPES[path.suffix], f'"{hashlib.sha256(content).hexdigest()[:24]}"')


def respond(asset: Asset | None, request: Request) -> Response:
    """The asset, 304 where the browser has it already, 404 where there is none."""
    if asset is None:
        return Response("not found", 404, media_type="text/plain")
    headers = {"ETag": asset.tag, "Cache-Control": "no-cache"}
    if request.headers.get("if-none-match") == asset.tag:
        return Response(status_code=304, headers=headers)
    return Response(asset.content, headers=headers, media_type=asset.media_type)
