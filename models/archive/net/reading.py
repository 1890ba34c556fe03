"""Addresses read one after the other, for what is not asynchronous: catalogues and manifests."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from models.archive.errors import ArchiveError
from models.archive.net.policy import Policy
from models.archive.reading import ReadUrl


@contextmanager
def read_url(policy: Policy) -> Iterator[ReadUrl]:
    """A function that reads an address whole, at the policy's pace over all its calls; for one thread.

    It raises RejectedError where this address is refused or missing, and ArchiveError where its server cannot be read
    from at present. Nothing is opened before the first address: most catalogues are files and name none.
    """
    with ExitStack() as stack:
        opened: list[ReadUrl] = []

        def read(address: str) -> bytes:
            if not opened:
                opened.append(stack.enter_context(_opened(policy)))
            return opened[0](address)

        yield read


@contextmanager
def _opened(policy: Policy) -> Iterator[ReadUrl]:
    from models.archive.net.client import Client  # brings aiohttp
    from models.archive.net.failure import TransientError

    with asyncio.Runner() as runner:
        client = Client(policy)

        def read(address: str) -> bytes:
            try:
                return runner.run(client.read(address, policy.document_cap))
            except TransientError as trouble:
                raise ArchiveError(f"{trouble.detail}; run the same command again later") from None

        runner.run(client.__aenter__())
        try:
            yield read
        finally:
            runner.run(client.__aexit__())
