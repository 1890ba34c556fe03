"""The bytes of a response, never more of them than allowed, whatever its headers say."""

import zlib
from collections.abc import AsyncIterator

from aiohttp import ClientResponse

from models.archive.errors import RejectedError
from models.archive.net.failure import TransientError

CHUNK = 1 << 16


async def body(response: ClientResponse, cap: int) -> bytes:
    """All bytes. Raises RejectedError where they are more than `cap`."""
    received = bytearray()
    async for chunk in chunks(response, cap):
        received += chunk
    return bytes(received)


async def robots_text(response: ClientResponse, size: int) -> str:
    """The first `size` bytes of a robots.txt, unpacked where they come in gzip though nobody asked for that: packed
    they would forbid nothing. Raises TransientError where they cannot be read.
    """
    received = bytearray()
    async for chunk in response.content.iter_chunked(CHUNK):
        received += chunk
        if len(received) >= size:
            break
    return _plain(bytes(received), response.headers.get("Content-Encoding", ""), size)[:size].decode("utf-8", "replace")


def _plain(data: bytes, encoding: str, size: int) -> bytes:
    if encoding.lower() in ("", "identity"):
        return data
    try:
        return zlib.decompressobj(wbits=47).decompress(data, size)  # 47: finds out which of the two it is
    except zlib.error:
        raise TransientError(
            "robots unknown", f"robots.txt came {encoding[:40]}-encoded, and not as asked for"
        ) from None


async def chunks(response: ClientResponse, cap: int) -> AsyncIterator[bytes]:
    """The bytes as they come. Raises RejectedError as soon as there are, or are said to be, more than `cap`."""
    announced = response.content_length or 0
    if announced > cap:
        raise RejectedError("too large", f"{response.url} has {announced:,} bytes, more than the {cap:,} allowed")
    received = 0
    async for chunk in response.content.iter_chunked(CHUNK):
        received += len(chunk)
        if received > cap:
            raise RejectedError("too large", f"{response.url} has more than the {cap:,} bytes allowed")
        yield chunk
