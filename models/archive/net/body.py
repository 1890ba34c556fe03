"""The bytes of a response, never more of them than allowed, whatever its headers say."""

from collections.abc import AsyncIterator

from aiohttp import ClientResponse

from models.archive.errors import RejectedError

CHUNK = 1 << 16


async def body(response: ClientResponse, cap: int) -> bytes:
    """All bytes. Raises RejectedError where they are more than `cap`."""
    received = bytearray()
    async for chunk in chunks(response, cap):
        received += chunk
    return bytes(received)


async def beginning(response: ClientResponse, size: int) -> str:
    """The first `size` bytes as text."""
    received = bytearray()
    async for chunk in response.content.iter_chunked(CHUNK):
        received += chunk
        if len(received) >= size:
            break
    return received[:size].decode("utf-8", "replace")


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
