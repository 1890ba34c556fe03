"""Which addresses are asked: none that is not https, not allowed, or not on the open internet."""

import asyncio
import socket
from ipaddress import ip_address

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from models.archive.errors import ArchiveError, RejectedError
from models.archive.net import Policy
from models.archive.net.client import Client
from models.archive.net.guard import Resolver, check, is_public
from models.archive.net.policy import host_named, server_named

POLICY = Policy("keeper@example.org", trusted=frozenset({"127.0.0.1:8123", "[::1]:8123", "store.local:443"}))


@pytest.mark.parametrize(
    "address",
    [
        "https://www.artic.edu/iiif/2/abc%2Fdef/full/843,/0/default.jpg",
        "https://WWW.ARTIC.EDU/x",
        "https://www.artic.edu./x",
        "https://www.artic.edu:443/x?sha=a+b",
        "http://127.0.0.1:8123/x",
        "http://[::1]:8123/x",
    ],
)
def test_allowed(address: str) -> None:
    assert check(address, POLICY).path


def test_what_stands_in_an_address_reaches_the_server_as_it_is() -> None:
    assert str(check("https://www.artic.edu/iiif/2/a%2Fb/full/843,/0/default.jpg", POLICY)).endswith(
        "a%2Fb/full/843,/0/default.jpg"
    )


def test_the_operators_own_server_is_asked_in_plain_http_but_on_the_port_of_https() -> None:
    assert check("https://127.0.0.1:8123/x", POLICY).scheme == "http"
    assert check("https://store.local/x", POLICY).scheme == "https"


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("http://www.artic.edu/x", "not https"),
        ("https://www.artic.edu:8443/x", "not https"),
        ("https://www.artic.edu:80/x", "not https"),
        ("ftp://www.artic.edu/x", "not https"),
        ("gopher://www.artic.edu:443/x", "not https"),
        ("file:///etc/passwd", "bad address"),
        ("//www.artic.edu/x", "bad address"),
        ("https:///x", "bad address"),
        ("https://www.artic.edu:99999/x", "bad address"),
        ("https://[::1/x", "bad address"),
        ("https://a:b@www.artic.edu/x", "bad address"),
        ("https://www.artic.edu@evil.example/x", "bad address"),
        ("https://evil.example/?www.artic.edu", "host not allowed"),
        ("https://www.artic.edu.evil.example/x", "host not allowed"),
        ("https://sub.www.artic.edu/x", "host not allowed"),
        ("https://127.0.0.1/x", "host not allowed"),
        ("https://[::1]/x", "host not allowed"),
        ("http://127.0.0.1:8124/x", "not https"),
        ("", "bad address"),
        ("\x00", "bad address"),
    ],
)
def test_refused(address: str, kind: str) -> None:
    with pytest.raises(RejectedError) as caught:
        check(address, POLICY)
    assert caught.value.kind == kind


@pytest.mark.parametrize("literal", ["10.0.0.1", "169.254.169.254", "[fd00::1]", "[64:ff9b::a00:1]"])
def test_a_private_address_gains_nothing_from_the_list(literal: str) -> None:
    listed = Policy("keeper@example.org", hosts=frozenset({literal.strip("[]")}))
    with pytest.raises(RejectedError, match="private address"):
        check(f"https://{literal}/x", listed)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "64:ff9b::808:808", "2002:808:808::1"])
def test_public(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize(
    "address",
    [
        *(
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
        ),
        *("255.255.255.255", "192.0.2.1", "198.18.0.1", "240.0.0.1"),
        *("::", "::1", "fe80::1", "fc00::1", "fec0::1", "ff02::1", "2001:db8::1", "::7f00:1"),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "2002:7f00:1::1", "64:ff9b::a00:1", "64:ff9b:1::808:808"),
        "2001:0:4136:e378:8000:63bf:f5ff:fffe",  # Teredo that wraps 10.0.0.1
    ],
)
def test_private(address: str) -> None:
    assert not is_public(ip_address(address))


class Names(AbstractResolver):
    """A name server under the enemy's hand: its answers change from one question to the next."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked = 0

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        answer = self.answers[min(self.asked, len(self.answers) - 1)]
        self.asked += 1
        return [ResolveResult(hostname=host, host=ip, port=port, family=family, proto=0, flags=0) for ip in answer]

    async def close(self) -> None:
        return None


@pytest.mark.parametrize("answers", [["10.0.0.1"], ["8.8.8.8", "127.0.0.1"], ["::1"], ["fe80::1%eth0"]])
def test_a_name_that_leads_into_a_private_network_is_refused(answers: list[str]) -> None:
    resolver = Resolver(POLICY, Names(answers))
    with pytest.raises(RejectedError, match="not on the open internet"):
        asyncio.run(resolver.resolve("www.artic.edu", 443))


def test_a_public_name_is_resolved() -> None:
    found = asyncio.run(Resolver(POLICY, Names(["8.8.8.8"])).resolve("www.artic.edu", 443))
    assert [result["host"] for result in found] == ["8.8.8.8"]


def test_a_name_that_changes_its_mind_is_asked_for_each_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every new connection, the one for robots.txt first, is resolved and checked anew: no answer is kept."""
    names = Names(["10.0.0.1"], ["10.0.0.2"], ["127.0.0.1"])
    monkeypatch.setattr("models.archive.net.client.ThreadedResolver", lambda: names)

    async def ask() -> list[str]:
        kinds = []
        async with Client(Policy("keeper@example.org", attempts=1, rate=1000.0)) as client:
            for _ in range(2):
                with pytest.raises(RejectedError) as caught:
                    await client.read("https://media.nga.gov/x", 100)
                kinds.append(caught.value.detail)
        return kinds

    first, second = asyncio.run(ask())
    assert "10.0.0.2" in first
    assert "127.0.0.1" in second


@pytest.mark.parametrize("contact", ["a\r\nX-Evil: 1", "küstler@example.org"])
def test_a_contact_that_no_header_can_carry(contact: str) -> None:
    with pytest.raises(ArchiveError, match="plain ASCII"):
        Policy(contact)


def test_a_museum_is_not_asked_by_nobody() -> None:
    """One's own server is."""
    nobody = Policy(contact="", trusted=frozenset({"127.0.0.1:8123"}))
    with pytest.raises(ArchiveError, match="--contact"):
        check("https://www.artic.edu/iiif/2/x", nobody)
    assert str(check("https://127.0.0.1:8123/a.jpg", nobody)) == "http://127.0.0.1:8123/a.jpg"
    assert "(" not in nobody.user_agent


def test_an_own_server_on_the_port_of_http_is_found_again() -> None:
    """Catalogues are imported with https throughout, and then say nothing of the port."""
    own = Policy("", trusted=frozenset({"192.168.1.5:80"}))
    assert str(check("https://192.168.1.5/a.jpg", own)) == "http://192.168.1.5/a.jpg"
    with pytest.raises(RejectedError, match="not https"):
        check("https://192.168.1.5:8080/a.jpg", own)


@pytest.mark.parametrize(
    ("text", "host"), [("Museum.ORG.", "museum.org"), ("müseum.de", "xn--mseum-kva.de"), ("[::1]", "::1")]
)
def test_a_host_that_the_operator_allows(text: str, host: str) -> None:
    assert host_named(text) == host


def test_a_server_that_the_operator_trusts() -> None:
    assert server_named("LocalHost:8123") == "localhost:8123"
    assert server_named("[::1]:80") == "[::1]:80"


@pytest.mark.parametrize("text", ["", "https://a.org", "a.org/x", "a.org:443", "u@a.org", "::1"])
def test_what_is_no_host(text: str) -> None:
    with pytest.raises(ArchiveError, match=r"--allow-host .*write the name alone"):
        host_named(text)


@pytest.mark.parametrize("text", ["", "localhost", "http://a.org:80/", "a.org:99999", "u@a.org:80", "::1"])
def test_what_is_no_server(text: str) -> None:
    with pytest.raises(ArchiveError, match=r"--trust-host .*write HOST:PORT"):
        server_named(text)
