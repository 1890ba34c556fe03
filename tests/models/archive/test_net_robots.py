"""robots.txt as RFC 9309 has it, and the tag against AI."""

import pytest

from models.archive.net.robots import Robots, forbids_ai


@pytest.mark.parametrize(
    ("rules", "path", "allowed"),
    [
        ("", "/any", True),
        ("Disallow: /", "/any", False),
        ("Disallow:", "/any", True),
        ("Disallow: /a", "/a.jpg", False),
        ("Disallow: /a", "/b/a", True),
        ("Disallow: /a\nAllow: /a/b", "/a/b/c", True),
        ("Allow: /a\nDisallow: /a", "/a", True),
        ("Disallow: /*.jpg$", "/x/y.jpg", False),
        ("Disallow: /*.jpg$", "/x/y.jpg?w=1", True),
        ("Disallow: /*/full/", "/iiif/2/abc/full/max", False),
        ("Disallow: /x$", "/x", False),
        ("Disallow: /x$", "/xy", True),
        ("Disallow: /a*b*c$", "/a-b-c", False),
        ("Disallow: /a*b*c$", "/a-c-b", True),
        ("Disallow: /ab*ab$", "/ab", True),
        ("Disallow: /*?size=", "/x?size=9", False),
        ("Disallow: /%7Eart", "/~art/1", False),
        ("Disallow: /caf%c3%a9", "/caf%C3%A9/1", False),
        ("Disallow: /café", "/caf%C3%A9/1", False),
        ("Disallow: /a%2Fb", "/a/b", True),
        ("DISALLOW : /a # all of it", "/a", False),
        ("Noise\n: :\nDisallow: /a", "/a", False),
    ],
)
def test_rules(rules: str, path: str, allowed: bool) -> None:
    assert Robots(f"User-Agent: *\n{rules}").allows(path) is allowed


def test_a_group_for_us_replaces_the_one_for_all() -> None:
    robots = Robots("user-agent: *\ndisallow: /\n\nuser-agent: other\nuser-agent: Reverie/2.0\ndisallow: /b\n")
    assert robots.allows("/a")
    assert not robots.allows("/b")


def test_groups_of_one_name_are_joined() -> None:
    robots = Robots(
        "user-agent: reverie\ndisallow: /a\nuser-agent: x\ndisallow: /\nuser-agent: REVERIE\ndisallow: /b\n"
    )
    assert not robots.allows("/a")
    assert not robots.allows("/b")
    assert robots.allows("/c")


def test_rules_before_any_agent_bind_nobody() -> None:
    assert Robots("disallow: /\nuser-agent: other\ndisallow: /").allows("/a")


def test_line_ends_and_a_byte_order_mark() -> None:
    assert not Robots("\ufeffUser-agent: *\r\nDisallow: /a\r\n").allows("/a")


def test_a_hostile_pattern_takes_no_time() -> None:
    robots = Robots("user-agent: *\ndisallow: /" + "*a" * 2_000 + "$")
    assert robots.allows("/" + "a" * 1_999 + "b")


@pytest.mark.parametrize(
    ("headers", "forbidden"),
    [
        ([], False),
        (["noindex, nofollow"], False),
        (["noai"], True),
        (["NOINDEX , NoImageAI"], True),
        (["noindex", "noai"], True),
        (["otherbot: noai"], False),
        (["Reverie: noai, noindex"], True),
        (["unavailable_after: 25 Jun 2030 15:00:00 GMT, noai"], True),
    ],
)
def test_the_tag_against_ai(headers: list[str], forbidden: bool) -> None:
    assert forbids_ai(headers) is forbidden
