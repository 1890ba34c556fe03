"""Which addresses may be asked at all, so that no catalogue can turn us against the network that we run in.

A URL is checked before it is asked for, at every redirect; an IP address when the name is resolved, and the addresses
that were checked are the ones connected to: a name that changes its address in between gains nothing.
"""

import ipaddress
import socket

from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from models.archive.errors import ArchiveError, RejectedError
from models.archive.net.policy import Policy

GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def check(address: str, policy: Policy) -> URL:
    """The URL to ask for. Raises RejectedError where policy forbids it, ArchiveError where nobody has said who asks."""
    try:
        url = URL(address)
        host, port = (url.raw_host or "").rstrip("."), url.port
    except ValueError as error:
        raise RejectedError("bad address", f"{address[:200]!r} is no web address ({error})") from None
    if not host or port is None or url.user is not None or url.password is not None:
        raise RejectedError("bad address", f"{address[:200]!r} is no plain https address")
    if url.scheme in ("http", "https"):  # catalogues are imported with https throughout
        if policy.trusts(host, port):
            return url if port == 443 else url.with_scheme("http")
        if port == 443 and policy.trusts(host, 80):
            return url.with_scheme("http").with_port(80)
    if url.scheme != "https" or port != 443:
        raise RejectedError(
            "not https", f"{url.origin()} is not asked: only https on its own port is, and what --trust-host names"
        )
    if host not in policy.hosts:
        raise RejectedError("host not allowed", f"{host} is not on the list; if it is right, add --allow-host {host}")
    if not policy.contact:
        raise ArchiveError(f"{host}: its keepers want to know who asks; add --contact with your e-mail or web address")
    _check_literal(host)
    return url


def _check_literal(host: str) -> None:
    try:
        literal = ipaddress.ip_address(host)
    except ValueError:
        return  # a name, which `Resolver` sees to
    if not is_public(literal):
        raise _private(host, host)


def is_public(address: Address) -> bool:
    """Whether an address is one of the open internet, also when an IPv4 address is wrapped in an IPv6 one."""
    if isinstance(address, ipaddress.IPv4Address):
        return address.is_global and not address.is_multicast
    wrapped = _wrapped(address)
    if wrapped is not None:
        return is_public(wrapped)
    return address.is_global and address in GLOBAL_UNICAST


def _wrapped(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if address in NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    if address.teredo is not None:
        return address.teredo[1]
    return address.ipv4_mapped or address.sixtofour


def _private(host: str, address: str) -> RejectedError:
    return RejectedError("private address", f"{host} leads to {address}, which is not on the open internet")


class Resolver(AbstractResolver):
    """Resolves names by `inner`, and refuses those that lead into private networks, unless the operator trusts them."""

    def __init__(self, policy: Policy, inner: AbstractResolver) -> None:
        self._policy = policy
        self._inner = inner

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The addresses of a host. Raises RejectedError where any of them is private."""
        found = await self._inner.resolve(host, port, family)
        if not self._policy.trusts(host, port):
            for result in found:
                if not is_public(ipaddress.ip_address(result["host"].partition("%")[0])):
                    raise _private(host, result["host"])
        return found

    async def close(self) -> None:
        """Release the inner resolver."""
        await self._inner.close()
