"""Every connection the server holds, and which gives way when there are too many.

An open panel keeps its place. Of all others the one that has been still for longest gives way, and the address that
has most of them pays first: whoever fills the server from one place pushes out nobody but himself.
"""

import asyncio
import ipaddress
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(eq=False, slots=True)
class Connection:
    """One client's connection. `kept`: an open panel, which does not give way."""

    address: str
    transport: asyncio.Transport | None = None  # None until asyncio has taken it over
    kept: bool = False


class Connections:
    """At most `most` at once, longest still first. Control thread only."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._held: dict[Connection, None] = {}

    def __len__(self) -> int:
        return len(self._held)

    def enter(self, address: str) -> Connection | None:
        """A place for a client just accepted, made if need be; None where nobody can give way."""
        if len(self._held) >= self.most and not self.make_room():
            return None
        connection = Connection(address)
        self._held[connection] = None
        return connection

    def touch(self, connection: Connection) -> None:
        """It has just done something."""
        if connection in self._held:
            del self._held[connection]
            self._held[connection] = None

    def leave(self, connection: Connection) -> None:
        """It has ended. Repeating this does no harm."""
        self._held.pop(connection, None)

    def make_room(self) -> bool:
        """Drop one that may give way; whether there was one."""
        connection = first_to_go(c for c in self._held if not c.kept and c.transport is not None)
        if connection is None:
            return False
        self.drop(connection)
        return True

    def drop(self, connection: Connection) -> None:
        """End it at once, whatever it still has to send."""
        self.leave(connection)
        if connection.transport is not None:
            connection.transport.abort()


def first_to_go(connections: Iterable[Connection]) -> Connection | None:
    """The first of those that come from the address with most of them."""
    candidates = list(connections)
    crowds = Counter(connection.address for connection in candidates)
    return max(candidates, key=lambda connection: crowds[connection.address], default=None)


def client_address(host: str) -> str:
    """What counts as one client: an IPv4 address, or the /64 that one IPv6 user has to himself."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:  # no IP socket
        return host
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.IPv6Network((address, 64), strict=False).network_address) if not address.is_loopback else "::1"
