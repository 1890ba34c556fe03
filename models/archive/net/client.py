"""One HTTP client for museums' servers: guarded, paced, patient, and honest about what went wrong.

Redirects are followed by hand, because every hop is checked, paced and asked for its robots.txt like the first one.
Used from one event loop.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import Self, TypeVar

import aiohttp
from aiohttp.resolver import ThreadedResolver
from yarl import URL

from models.archive.errors import RejectedError
from models.archive.net.body import body, robots_text
from models.archive.net.failure import Sleep, TransientError, persist, retry_after
from models.archive.net.guard import Resolver, check
from models.archive.net.limiter import Limiter
from models.archive.net.policy import Policy
from models.archive.net.robots import Robots, forbids_ai

T = TypeVar("T")
REDIRECTS = 5
MOVED = (301, 302, 303, 307, 308)
PASSING = (408, 425, 429, 500, 502, 503, 504)  # statuses that another attempt may not meet
RANGE_REFUSED = 416
ROBOTS_BYTES = 500 * 1024  # what RFC 9309 asks for at least
ROBOTS_AGE = 24 * 3600.0
DOWN = 10  # failures in a row after which nothing of that host is tried more than once
UNREACHABLE = ("no connection", "tls", "robots unknown")  # and after which it is left alone, when it failed like this


class Host:
    """What is known of one server: its pace, its rules and until when, how often it failed in a row and how lately."""

    def __init__(self, limiter: Limiter) -> None:
        self.limiter = limiter
        self.failures = 0
        self.trouble = ""
        self.lock = asyncio.Lock()
        self.robots = Robots()
        self.robots_until = float("-inf")


class Client:
    """An asynchronous context."""

    def __init__(self, policy: Policy, sleep: Sleep = asyncio.sleep) -> None:
        self.policy = policy
        self._sleep = sleep
        self._hosts: dict[URL, Host] = {}

    async def __aenter__(self) -> Self:
        policy = self.policy
        timeout = aiohttp.ClientTimeout(
            total=policy.total_timeout, sock_connect=policy.connect_timeout, sock_read=policy.idle_timeout
        )
        resolver = Resolver(policy, ThreadedResolver())
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(resolver=resolver, use_dns_cache=False, limit=0),
            timeout=timeout,
            headers={"User-Agent": policy.user_agent, "Accept-Encoding": "identity"},
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def read(self, address: str, cap: int) -> bytes:
        """A whole document of at most `cap` bytes. Raises RejectedError, TransientError."""
        return await self.persist(address, lambda: self._read(address, cap))

    async def persist(self, address: str, attempt: Callable[[], Awaitable[T]]) -> T:
        """What `attempt` makes of an address in the end. Raises TransientError when attempts are used up, at once where
        the host has failed too many records in a row.
        """
        host = self._host(check(address, self.policy))
        attempts = self._attempts(host, address)
        try:
            found = await persist(attempt, attempts, self.policy.backoff, self._sleep)
        except TransientError as trouble:
            host.failures += 1
            host.trouble = trouble.kind
            raise
        except RejectedError:
            host.failures = 0
            raise
        host.failures = 0
        return found

    def _attempts(self, host: Host, address: str) -> int:
        if host.failures < DOWN:
            return self.policy.attempts
        if host.trouble in UNREACHABLE:
            name = URL(address).host
            raise TransientError("host down", f"{name} failed {DOWN} times in a row ({host.trouble}); try it later")
        return 1

    @asynccontextmanager
    async def get(
        self, address: str, headers: Mapping[str, str] | None = None
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """One attempt: a response of status 200, 206 or 416 whose body is still to be read, in the server's own bytes.

        Raises RejectedError where asking again is of no use, else TransientError; also while the body is read.
        """
        async with self._follow(check(address, self.policy), headers or {}, polite=True) as response:
            self._judge(response)
            yield response

    async def _read(self, address: str, cap: int) -> bytes:
        async with self.get(address) as response:
            if response.status != 200:
                raise RejectedError(f"http {response.status}", f"{address} was asked for whole")
            return await body(response, cap)

    @asynccontextmanager
    async def _follow(
        self, url: URL, headers: Mapping[str, str], polite: bool
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """Follow redirects; `polite` unless robots.txt itself is what we ask for."""
        start = url
        for _ in range(REDIRECTS + 1):
            if polite:
                await self._ask_robots(url)
            async with self._request(url, headers) as response:
                if response.status not in MOVED:
                    yield response
                    return
                url = check(_target(response), self.policy)
        raise RejectedError("too many redirects", f"{start} led through more than {REDIRECTS} redirects")

    @asynccontextmanager
    async def _request(self, url: URL, headers: Mapping[str, str]) -> AsyncIterator[aiohttp.ClientResponse]:
        own = self.policy.pace(url.host or "", url.port or 0).header
        if own:
            headers = {**headers, own: self.policy.user_agent}
        with _troubles(url):
            turn = self._host(url).limiter.turn()
            async with turn, self._session.get(url, headers=headers, allow_redirects=False) as response:
                yield response

    def _host(self, url: URL) -> Host:
        origin = url.origin()
        if origin not in self._hosts:
            pace = self.policy.pace(url.host or "", url.port or 0)
            self._hosts[origin] = Host(Limiter(pace, self.policy.longest_wait, sleep=self._sleep))
        return self._hosts[origin]

    def _judge(self, response: aiohttp.ClientResponse) -> None:
        status, url = response.status, response.url
        if status in PASSING:
            self._rest(response)
            raise TransientError(f"http {status}", f"{url} answered {status}")
        if status not in (200, 206, RANGE_REFUSED):
            raise RejectedError(f"http {status}", f"{url} answered {status}")
        if forbids_ai(response.headers.getall("X-Robots-Tag", [])):
            raise RejectedError("robots", f"{url}: the server asks that it be kept from AI (X-Robots-Tag)")
        encoding = response.headers.get("Content-Encoding", "identity")
        if encoding.lower() != "identity":
            raise RejectedError("encoded", f"{url} came {encoding[:40]}-encoded though it was asked for as it is")

    async def _ask_robots(self, url: URL) -> None:
        host = self._host(url)
        async with host.lock:
            if time.monotonic() > host.robots_until:
                host.robots = await self._robots(url.origin() / "robots.txt")
                host.robots_until = time.monotonic() + ROBOTS_AGE
        if not host.robots.allows(url.raw_path_qs):
            raise RejectedError("robots", f"{url}: the server's robots.txt keeps it from us")

    async def _robots(self, url: URL) -> Robots:
        """RFC 9309: a robots.txt that is not there allows everything, one that cannot be had now forbids it for now."""
        try:
            async with self._follow(url, {}, polite=False) as response:
                if response.status in PASSING or response.status >= 500:
                    self._rest(response)
                    raise TransientError("robots unknown", f"{url} answered {response.status}, so nothing is asked for")
                return Robots(await robots_text(response, ROBOTS_BYTES) if response.status == 200 else "")
        except RejectedError:  # it leads where we do not go, which is as good as not there
            return Robots()

    def _rest(self, response: aiohttp.ClientResponse) -> None:
        wait = retry_after(response.headers.get("Retry-After"))
        if wait is not None:
            self._host(response.url).limiter.rest(wait)


def _target(response: aiohttp.ClientResponse) -> str:
    location = response.headers.get("Location")
    if not location:
        raise RejectedError(f"http {response.status}", f"{response.url} redirects without saying where to")
    try:
        return str(response.url.join(URL(location)).with_fragment(None))
    except ValueError as error:
        raise RejectedError("bad address", f"{response.url} redirects to {location[:200]!r} ({error})") from None


@contextmanager
def _troubles(url: URL) -> Iterator[None]:
    """Give the client library's errors our own names."""
    try:
        yield
    except aiohttp.ConnectionTimeoutError:
        raise TransientError("no connection", f"{url} cannot be reached in time") from None
    except TimeoutError:  # before ClientError: some of the library's are both
        raise TransientError("stalled", f"{url} did not answer in time") from None
    except aiohttp.ClientConnectorCertificateError:
        raise TransientError("tls", f"{url}: its certificate cannot be verified") from None
    except aiohttp.ClientConnectorError as error:
        raise TransientError("no connection", f"{url} cannot be reached ({error.os_error})") from None
    except aiohttp.InvalidURL:
        raise RejectedError("bad address", f"{url} is no address that can be asked") from None
    except aiohttp.ClientError as error:
        raise TransientError("dropped", f"{url}: the connection broke ({type(error).__name__})") from None
