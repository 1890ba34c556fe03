"""Fetching from a real server on this machine: what arrives, what is refused, and what the catalogue says of it."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from models.archive.catalogue import Catalogue
from models.archive.errors import ArchiveError
from models.archive.fetch.fetching import Fetched, fetch
from models.archive.net import Policy
from models.archive.record import Entry, Record, Rights, Status
from tests.models.archive.server import Server, picture

FRAME = 1 << 20


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        yield running


def policy(server: Server, **changes: object) -> Policy:
    quick = {"backoff": 0.01, "idle_timeout": 20.0, "attempts": 3}
    return Policy("keeper@example.org", trusted=frozenset({server.host}), **(quick | changes))  # type: ignore[arg-type]


def list_works(folder: Path, addresses: dict[str, str]) -> None:
    with Catalogue(folder, writing=True) as catalogue:
        catalogue.put(
            Entry(Record(key, "test", image=url, rights=Rights.CC0), Status.LISTED) for key, url in addresses.items()
        )


def entry(folder: Path, key: str) -> Entry:
    with Catalogue(folder) as catalogue:
        found = catalogue.get(key)
    assert found is not None
    return found


def run_one(folder: Path, server: Server, url: str, **changes: object) -> tuple[Entry, Fetched]:
    """Fetch a single work, whose id is `t:1`."""
    list_works(folder, {"t:1": url})
    result = fetch(folder, policy(server, **changes))
    return entry(folder, "t:1"), result


def leftovers(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.suffix in (".part", ".tmp")]


def test_pictures_arrive_with_their_hash_and_their_servers_word(server: Server, tmp_path: Path) -> None:
    server.files = {f"/p/{number}": picture(number) for number in range(12)}
    list_works(tmp_path, {f"t:{number}": server.url(f"/p/{number}") for number in range(12)})
    seen: list[tuple[int, int | None]] = []
    result = fetch(tmp_path, policy(server), progress=lambda done, total: seen.append((done, total)))
    assert (result.accepted, result.rejected, result.deferred, result.left) == (12, {}, {}, 0)
    assert result.bytes == sum(map(len, server.files.values()))
    assert seen == [(done, 12) for done in range(13)]
    third = entry(tmp_path, "t:3")
    data = server.files["/p/3"]
    assert (tmp_path / third.file).read_bytes() == data
    assert (third.status, third.sha256, third.size) == (Status.FETCHED, hashlib.sha256(data).hexdigest(), len(data))
    assert third.etag.startswith('"')
    assert third.modified == "Mon, 01 Jun 2026 10:00:00 GMT"
    assert not leftovers(tmp_path)


def test_what_was_fetched_is_not_asked_for_again(server: Server, tmp_path: Path) -> None:
    server.files = {"/p/1": picture(1)}
    run_one(tmp_path, server, server.url("/p/1"))
    again = fetch(tmp_path, policy(server))
    assert again.accepted == 0
    assert server.hits["/p/1"] == 1


@pytest.mark.parametrize(
    ("kind", "suffix"), [("JPEG", ".jpg"), ("PNG", ".png"), ("GIF", ".gif"), ("WEBP", ".webp"), ("TIFF", ".tif")]
)
def test_the_suffix_is_that_of_the_content(server: Server, tmp_path: Path, kind: str, suffix: str) -> None:
    server.files = {"/p/misnamed.svg": picture(2, kind=kind)}
    found, _ = run_one(tmp_path, server, server.url("/p/misnamed.svg"))
    assert Path(found.file).suffix == suffix


def test_every_request_says_who_asks(server: Server, tmp_path: Path) -> None:
    server.files = {"/p/1": picture(1)}
    run_one(tmp_path, server, server.url("/p/1"))
    for path in ("/robots.txt", "/p/1"):
        assert server.seen[path][0]["User-Agent"] == "Reverie/0.1.0 (+keeper@example.org)"
        assert server.seen[path][0]["Accept-Encoding"] == "identity"


@pytest.mark.parametrize("status", [401, 403, 404, 410, 451, 304])
def test_a_refusal_is_asked_for_once(server: Server, tmp_path: Path, status: int) -> None:
    found, result = run_one(tmp_path, server, server.url(f"/status/{status}/x"))
    assert (found.status, found.kind) == (Status.REJECTED, f"http {status}")
    assert result.rejected == {f"http {status}": 1}
    assert server.hits[f"/status/{status}/x"] == 1
    assert not leftovers(tmp_path)


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504, 408])
def test_passing_trouble_is_waited_out(server: Server, tmp_path: Path, status: int) -> None:
    server.files, server.failing["/p/1"] = {"/p/1": picture(1)}, 2
    server.headers["/p/1"] = {"X-Fail": str(status)}
    found, _ = run_one(tmp_path, server, server.url("/p/1"))
    assert found.status is Status.FETCHED
    assert server.hits["/p/1"] == 3


def test_lasting_trouble_leaves_the_record_for_the_next_run(server: Server, tmp_path: Path) -> None:
    server.files, server.failing["/p/1"] = {"/p/1": picture(1)}, 3
    found, result = run_one(tmp_path, server, server.url("/p/1"))
    assert (found.status, found.kind, result.deferred, result.left) == (Status.LISTED, "http 500", {"http 500": 1}, 1)
    assert fetch(tmp_path, policy(server)).accepted == 1
    found = entry(tmp_path, "t:1")
    assert (found.status, found.kind, found.detail) == (Status.FETCHED, "", "")


@pytest.mark.parametrize(("path", "kind"), [("/drop/x", "dropped"), ("/short/x", "dropped")])
def test_a_broken_line_is_no_verdict(server: Server, tmp_path: Path, path: str, kind: str) -> None:
    found, result = run_one(tmp_path, server, server.url(path), attempts=2)
    assert (found.status, found.kind, result.deferred) == (Status.LISTED, kind, {kind: 1})
    assert 2 <= server.hits[path] <= 4  # the library asks again where a connection kept open turns out to be dead


@pytest.mark.parametrize("path", ["/stall/x", "/trickle/x"])
def test_a_line_that_falls_silent_is_no_verdict(server: Server, tmp_path: Path, path: str) -> None:
    found, result = run_one(tmp_path, server, server.url(path), attempts=1, idle_timeout=0.7)
    assert (found.status, found.kind, result.deferred) == (Status.LISTED, "stalled", {"stalled": 1})


def test_less_than_the_whole_is_never_taken_for_a_picture(server: Server, tmp_path: Path) -> None:
    """What comes after the announced length is noticed as a broken line, or the picture does not make sense."""
    found, _ = run_one(tmp_path, server, server.url("/long/x"))
    assert found.status is not Status.FETCHED
    assert found.kind in ("dropped", "not an image")


def test_a_line_that_is_never_idle_has_its_time_too(server: Server, tmp_path: Path) -> None:
    found, _ = run_one(tmp_path, server, server.url("/drip/x"), attempts=1, total_timeout=0.7)
    assert (found.status, found.kind) == (Status.LISTED, "stalled")


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/circle/a", "too many redirects"),
        ("/huge/x", "too large"),
        ("/endless/x", "too large"),
        ("/bomb/x.jpg", "encoded"),
        ("/away?to=file:///etc/passwd", "bad address"),
        ("/away?to=https://169.254.169.254/latest", "host not allowed"),
        ("/away?to=http://127.0.0.1:1/", "not https"),
        ("/away?to=http://www.artic.edu/x", "not https"),
        ("/away?to=https://elsewhere.example.org/x", "host not allowed"),
        ("/away?to=https://me:secret@www.artic.edu/x", "bad address"),
    ],
)
def test_a_server_that_misleads_costs_one_record(server: Server, tmp_path: Path, path: str, kind: str) -> None:
    found, _ = run_one(tmp_path, server, server.url(path), byte_cap=FRAME)
    assert (found.status, found.kind) == (Status.REJECTED, kind)
    assert found.detail
    assert server.hits.total() - server.hits["/robots.txt"] <= 6
    assert not leftovers(tmp_path)


def test_endless_bytes_are_cut_off_at_the_cap(server: Server, tmp_path: Path) -> None:
    run_one(tmp_path, server, server.url("/endless/x"), byte_cap=FRAME)
    assert server.hits["/endless/x"] == 1


def test_a_redirect_to_where_we_may_go_is_followed(server: Server, tmp_path: Path) -> None:
    server.files = {"/p/1": picture(1)}
    found, _ = run_one(tmp_path, server, server.url("/away?to=/p/1"))
    assert found.status is Status.FETCHED


def test_a_refused_host_says_what_to_do(server: Server, tmp_path: Path) -> None:
    found, _ = run_one(tmp_path, server, "https://museum.example.org/1.jpg")
    assert found.detail == "museum.example.org is not on the list; if it is right, add --allow-host museum.example.org"


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"", "empty"),
        (b"<!DOCTYPE html><p>Not found", "page of text"),
        (b"%PDF-1.7 ", "25 50 44 46"),
        (b"\xff\xd8\xff", ""),
    ],
)
def test_what_is_no_picture_is_refused_by_its_bytes(server: Server, tmp_path: Path, data: bytes, word: str) -> None:
    server.files = {"/p/1.jpg": data}
    found, _ = run_one(tmp_path, server, server.url("/p/1.jpg"))
    assert (found.status, found.kind) == (Status.REJECTED, "not an image")
    assert word in found.detail
    assert not leftovers(tmp_path)


@pytest.mark.parametrize("cap", [48 * 32 - 1, 10])
def test_the_pixel_cap_is_read_from_the_header(server: Server, tmp_path: Path, cap: int) -> None:
    server.files = {"/p/1": picture(1, (48, 32))}
    found, _ = run_one(tmp_path, server, server.url("/p/1"), pixel_cap=cap)
    assert (found.status, found.kind) == (Status.REJECTED, "too large")
    assert "48 x 32" in found.detail


def test_a_bomb_is_refused_by_its_header(server: Server, tmp_path: Path) -> None:
    head = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + (30_000).to_bytes(4, "big") * 2 + b"\x01\x00\x00\x00\x00"
    server.files = {"/p/1": head + (0x3E3BD9BA).to_bytes(4, "big") + b"\x00\x00\x00\x01IDAT\x00" + bytes(4)}
    found, _ = run_one(tmp_path, server, server.url("/p/1"))
    assert found.status is Status.REJECTED
    assert found.kind in ("too large", "not an image")


@pytest.mark.parametrize("tag", ["noai", "noindex, NoImageAI", "reverie: noimageai", "*: noai"])
def test_a_tag_against_ai_is_obeyed(server: Server, tmp_path: Path, tag: str) -> None:
    server.files, server.headers["/p/1"] = {"/p/1": picture(1)}, {"X-Robots-Tag": tag}
    found, _ = run_one(tmp_path, server, server.url("/p/1"))
    assert (found.status, found.kind) == (Status.REJECTED, "robots")
    assert not leftovers(tmp_path)


def test_robots_txt_is_obeyed_and_asked_for_once(server: Server, tmp_path: Path) -> None:
    server.robots = "User-agent: *\nDisallow: /\n\nUser-agent: reverie\nDisallow: /private/\n"
    server.files = {f"/{where}/{number}": picture(number) for where in ("p", "private") for number in range(4)}
    list_works(tmp_path, {f"t:{path}": server.url(path) for path in server.files})
    result = fetch(tmp_path, policy(server))
    assert (result.accepted, result.rejected) == (4, {"robots": 4})
    assert server.hits["/robots.txt"] == 1
    assert not any(path.startswith("/private/") for path in server.hits)


@pytest.mark.parametrize(("status", "outcome"), [(404, Status.FETCHED), (403, Status.FETCHED), (503, Status.LISTED)])
def test_without_robots_txt(server: Server, tmp_path: Path, status: int, outcome: Status) -> None:
    server.robots_status, server.files = status, {"/p/1": picture(1)}
    found, _ = run_one(tmp_path, server, server.url("/p/1"))
    assert found.status is outcome
    assert server.hits["/p/1"] == (outcome is Status.FETCHED)


def test_a_dead_host_is_given_up_and_holds_up_no_other(server: Server, tmp_path: Path) -> None:
    with Server() as other:
        dead = other.host
    server.files = {"/p/1": picture(1)}
    works = {f"dead:{number:03}": f"http://{dead}/{number}" for number in range(40)}
    list_works(tmp_path, {**works, "t:1": server.url("/p/1")})
    both = frozenset({server.host, dead})
    result = fetch(tmp_path, Policy("keeper@example.org", trusted=both, backoff=0.01))
    assert result.accepted == 1
    assert result.left == result.deferred["no connection"] + result.deferred["host down"] == 40
    assert result.deferred["host down"] >= 20
    assert entry(tmp_path, "dead:039").status is Status.LISTED


def test_a_limit_is_kept_and_the_rest_stays_listed(server: Server, tmp_path: Path) -> None:
    server.files = {f"/p/{number}": picture(number) for number in range(9)}
    list_works(tmp_path, {f"t:{path}": server.url(path) for path in server.files})
    result = fetch(tmp_path, policy(server), limit=4)
    assert (result.accepted, result.left) == (4, 5)
    assert fetch(tmp_path, policy(server)).accepted == 5


def test_every_source_has_its_turn(server: Server, tmp_path: Path) -> None:
    server.files = {"/p/1": picture(1)}
    names = ("a", "a-b", "a2", "ab", "moma", "Ünïcode", "z:y")
    list_works(tmp_path, {f"{name}:{number}": server.url("/p/1") for name in names for number in range(3)})
    assert fetch(tmp_path, policy(server)).accepted == len(names) * 3


def test_pictures_of_a_folder_stay_where_they_lie(server: Server, tmp_path: Path) -> None:
    work, archive = tmp_path / "work.jpg", tmp_path / "archive"
    work.write_bytes(picture(5))
    (tmp_path / "page.jpg").write_text("<html>")
    list_works(archive, {"f:1": str(work), "f:2": str(tmp_path / "page.jpg"), "f:3": str(tmp_path / "gone.jpg")})
    result = fetch(archive, policy(server))
    assert (result.accepted, result.rejected) == (1, {"not an image": 1, "no file": 1})
    found = entry(archive, "f:1")
    assert (found.file, found.sha256) == (str(work), hashlib.sha256(picture(5)).hexdigest())
    assert server.hits.total() == 0


def test_where_there_is_no_archive(tmp_path: Path, server: Server) -> None:
    with pytest.raises(ArchiveError, match="there is no archive"):
        fetch(tmp_path / "nothing", policy(server))
    assert not (tmp_path / "nothing").exists()


def test_a_changed_picture_takes_the_place_of_the_old_one(server: Server, tmp_path: Path) -> None:
    server.files = {"/p/1": picture(1), "/p/2": picture(2, kind="PNG")}
    before, _ = run_one(tmp_path, server, server.url("/p/1"))
    after, _ = run_one(tmp_path, server, server.url("/p/2"))
    assert (tmp_path / after.file).read_bytes() == picture(2, kind="PNG")
    assert not (tmp_path / before.file).exists()
