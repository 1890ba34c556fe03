"""One address into one file, going on where an earlier attempt or an earlier run was cut off."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

from aiohttp import ClientResponse

from models.archive.errors import ArchiveError, RejectedError
from models.archive.fetch.store import disk, remove
from models.archive.net.body import chunks
from models.archive.net.client import RANGE_REFUSED, Client
from models.archive.net.failure import TransientError


@dataclass(frozen=True, slots=True)
class Version:
    """What the server calls the version it sends: ETag and Last-Modified, empty where it says nothing."""

    etag: str = ""
    modified: str = ""

    @property
    def resumable(self) -> bool:
        """Whether bytes of this version can be told from another's: by an ETag that is not a weak one."""
        return self.etag.startswith('"')


class Download:
    """`part` grows to the whole file. `version` is what an earlier run had begun to receive; `note` hears of a new one
    before its first byte is written.
    """

    def __init__(
        self, client: Client, address: str, part: Path, version: Version, note: Callable[[Version], None]
    ) -> None:
        self.version = version
        self._client = client
        self._address = address
        self._part = part
        self._note = note

    async def run(self) -> None:
        """Raises RejectedError, TransientError with the part left to go on from, ArchiveError when the disk is full."""
        await self._client.persist(self._address, self._attempt)

    async def _attempt(self) -> None:
        have = self._part.stat().st_size if self.version.resumable and self._part.is_file() else 0
        headers = {"Range": f"bytes={have}-", "If-Range": self.version.etag} if have else {}
        async with self._client.get(self._address, headers) as response:
            if response.status == RANGE_REFUSED and have and _total(response) == have:
                return  # it was whole already
            start = self._start(response, have)
            if not start:
                self._begin(Version(response.headers.get("ETag", ""), response.headers.get("Last-Modified", "")))
            await self._receive(response, start)
            self._see_that_it_is_all(response)

    def _see_that_it_is_all(self, response: ClientResponse) -> None:
        """A server may answer with less of the rest than it was asked for."""
        size, total = self._part.stat().st_size, _total(response)
        if total is not None and size < total:
            raise TransientError("dropped", f"{response.url} sent {size:,} of {total:,} bytes")

    def _start(self, response: ClientResponse, have: int) -> int:
        if response.status == 200:
            return 0
        if have and response.status == 206 and _first(response) == have:
            return have
        remove(self._part)
        if not have:
            raise RejectedError(f"http {response.status}", f"{response.url} sent a part though asked for the whole")
        raise TransientError("dropped", f"{response.url} sent another part than it was asked for")

    def _begin(self, version: Version) -> None:
        remove(self._part)  # first: bytes of one version must never be taken for another's
        if version != self.version:
            self.version = version
            self._note(version)

    async def _receive(self, response: ClientResponse, start: int) -> None:
        with disk(self._part):
            file = self._part.open("r+b" if start else "wb", buffering=0)
        with file:
            file.seek(start)
            async for chunk in chunks(response, self._client.policy.byte_cap - start):
                self._write(file, chunk)

    def _write(self, file: FileIO, chunk: bytes) -> None:
        rest = memoryview(chunk)
        try:
            with disk(self._part):
                while rest:
                    rest = rest[file.write(rest) :]
        except ArchiveError:
            remove(self._part)  # gives back what room it had
            raise


def _first(response: ClientResponse) -> int | None:
    found = re.match(r"bytes (\d+)-", response.headers.get("Content-Range", ""))
    return int(found[1]) if found else None


def _total(response: ClientResponse) -> int | None:
    found = re.fullmatch(r"bytes (?:\*|\d+-\d+)/(\d+)", response.headers.get("Content-Range", ""))
    return int(found[1]) if found else None
