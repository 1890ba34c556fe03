"""Reading addresses one after the other from a real server on this machine."""

import gzip
from collections.abc import Iterator

import pytest

from models.archive.errors import ArchiveError, RejectedError
from models.archive.net import Policy, read_url
from models.archive.net.hosts import Pace
from tests.models.archive.server import Server


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        yield running


def policy(server: Server, **changes: object) -> Policy:
    quick = {"backoff": 0.01, "attempts": 3}
    return Policy("keeper@example.org", trusted=frozenset({server.host}), **(quick | changes))  # type: ignore[arg-type]


def test_documents_are_read_over_one_client(server: Server) -> None:
    server.files = {f"/{number}.json": b"[%d]" % number for number in range(5)}
    with read_url(policy(server)) as read:
        assert [read(server.url(path)) for path in server.files] == list(server.files.values())
    assert server.hits["/robots.txt"] == 1


def test_a_catalogues_https_finds_the_operators_own_server(server: Server) -> None:
    server.files = {"/a.json": b"{}"}
    with read_url(policy(server)) as read:
        assert read(server.url("/a.json").replace("http:", "https:")) == b"{}"


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/status/404", "http 404"),
        ("/bomb/x", "encoded"),
        ("/huge/x", "too large"),
        ("/away?to=/circle/a", "too many redirects"),
    ],
)
def test_what_is_refused(server: Server, path: str, kind: str) -> None:
    with read_url(policy(server)) as read, pytest.raises(RejectedError) as caught:
        read(server.url(path))
    assert caught.value.kind == kind


def test_a_document_is_capped(server: Server) -> None:
    server.files = {"/a": bytes(101), "/b": bytes(100)}
    with read_url(policy(server, document_cap=100)) as read:
        assert len(read(server.url("/b"))) == 100
        with pytest.raises(RejectedError, match="too large"):
            read(server.url("/a"))


def test_a_server_that_is_not_well_ends_the_command_with_a_sentence(server: Server) -> None:
    server.files, server.failing["/a"] = {"/a": b"1"}, 3
    with read_url(policy(server)) as read:
        with pytest.raises(ArchiveError, match="answered 500; run the same command again later"):
            read(server.url("/a"))
        assert read(server.url("/a")) == b"1"


def test_a_server_that_wants_a_long_rest_is_not_asked_again(server: Server) -> None:
    server.files, server.failing["/a"] = {"/a": b"1", "/b": b"2"}, 1
    server.headers["/a"] = {"X-Fail": "429", "Retry-After": "3600"}
    with read_url(policy(server)) as read:
        for path in ("/a", "/b"):
            with pytest.raises(ArchiveError, match="of rest"):
                read(server.url(path))
    assert (server.hits["/a"], server.hits["/b"]) == (1, 0)


def test_a_short_rest_is_granted(server: Server) -> None:
    server.files, server.failing["/a"] = {"/a": b"1"}, 1
    server.headers["/a"] = {"X-Fail": "503", "Retry-After": "1"}
    with read_url(policy(server)) as read:
        assert read(server.url("/a")) == b"1"
    first, second = server.times["/a"]
    assert second - first >= 0.9


def test_robots_txt_that_leads_nowhere_forbids_nothing(server: Server) -> None:
    server.robots_status, server.files = 302, {"/a": b"1"}
    with read_url(policy(server)) as read:
        assert read(server.url("/a")) == b"1"


def test_robots_txt_that_comes_packed_is_obeyed(server: Server) -> None:
    server.files = {"/a": b"1", "/robots.txt": gzip.compress(b"User-agent: *\nDisallow: /a")}
    server.headers["/robots.txt"] = {"Content-Encoding": "gzip"}
    with read_url(policy(server)) as read, pytest.raises(RejectedError, match="robots"):
        read(server.url("/a"))
    assert server.hits["/a"] == 0


def test_robots_txt_that_cannot_be_read_is_not_guessed_at(server: Server) -> None:
    server.files = {"/a": b"1", "/robots.txt": b"\x0b\x02\x80"}
    server.headers["/robots.txt"] = {"Content-Encoding": "br"}
    with read_url(policy(server)) as read, pytest.raises(ArchiveError, match=r"robots\.txt came br-encoded"):
        read(server.url("/a"))
    assert server.hits["/a"] == 0


class OfAic(Policy):
    """A policy under which every server is treated like that of the Art Institute of Chicago."""

    def pace(self, host: str, port: int) -> Pace:
        return Pace(1, 1000.0, Policy.pace(self, "api.artic.edu", 443).header)


def test_a_museum_hears_who_asks_in_a_header_of_its_own(server: Server) -> None:
    server.files = {"/a": b"1"}
    own = OfAic("keeper@example.org", trusted=frozenset({server.host}))
    with read_url(own) as read:
        read(server.url("/a"))
    assert server.seen["/a"][0]["AIC-User-Agent"] == own.user_agent
