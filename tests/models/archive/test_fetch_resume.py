"""Killed, stopped, cut off or out of room: nothing whole is downloaded twice and nothing half-written stays."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from models.archive.catalogue import Catalogue
from models.archive.fetch.fetching import fetch
from models.archive.fetch.picture import digest
from models.archive.importing import import_source
from models.archive.net import Policy
from models.archive.record import Entry, Record, Status
from tests.models.archive.server import Server, picture
from tests.running import PATIENCE

ROOT = Path(__file__).resolve().parents[3]
CHILD = """
import json, resource, sys
from dataclasses import asdict
from pathlib import Path
from engine.stopping import STOP
from models.archive.errors import ArchiveError
from models.archive.fetch.fetching import fetch
from models.archive.net import Policy
STOP.listen()
folder, host, file_size = sys.argv[1:]
if int(file_size):
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(file_size), int(file_size)))
try:
    policy = Policy("keeper@example.org", trusted=frozenset({host}), backoff=0.01)
    result = fetch(Path(folder), policy, stopped=lambda: STOP.requested)
except ArchiveError as error:
    sys.exit(f"sentence: {error}")
print(json.dumps(asdict(result)))
"""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        yield running


def policy(server: Server) -> Policy:
    return Policy("keeper@example.org", trusted=frozenset({server.host}), backoff=0.01, attempts=3)


def list_works(folder: Path, server: Server) -> None:
    with Catalogue(folder, writing=True) as catalogue:
        records = (Record(f"t:{path}", "t", image=server.url(path)) for path in server.files)
        catalogue.put(Entry(record, Status.LISTED) for record in records)


def start(folder: Path, server: Server, file_size: int = 0) -> subprocess.Popen[str]:
    command = [sys.executable, "-W", "error", "-c", CHILD, str(folder), server.host, str(file_size)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_for(what: Callable[[], bool], child: subprocess.Popen[str] | None = None) -> None:
    end = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < end, "it did not come about"
        assert child is None or child.poll() is None, child.communicate() if child else ""
        time.sleep(0.002)


def kill(child: subprocess.Popen[str]) -> None:
    child.kill()
    child.communicate()


def fetched(folder: Path) -> dict[str, Entry]:
    with Catalogue(folder) as catalogue:
        return {entry.record.id.removeprefix("t:"): entry for entry in catalogue.entries(Status.FETCHED)}


def assert_whole(folder: Path, server: Server) -> None:
    """Every picture is there, byte for byte, and nothing else is."""
    found = fetched(folder)
    assert found.keys() == server.files.keys()
    for path, entry in found.items():
        assert (folder / entry.file).read_bytes() == server.files[path]
        assert entry.sha256 == digest(folder / entry.file)
    files = [path for path in folder.rglob("*") if path.is_file() and path.parent != folder]
    assert len(files) == len(found)
    assert not list(folder.rglob("*.part"))


def big(seed: int, megabytes: float = 2.0) -> bytes:
    """A picture with so much after its end that it comes in many pieces."""
    return picture(seed) + random.Random(seed).randbytes(int(megabytes * 2**20))


def test_a_dropped_download_goes_on_where_it_was(server: Server, tmp_path: Path) -> None:
    server.files = {"/drops/1": big(1)}
    list_works(tmp_path, server)
    assert fetch(tmp_path, policy(server)).accepted == 1
    assert_whole(tmp_path, server)
    first, second = server.seen["/drops/1"]
    assert "Range" not in first
    assert int(second["Range"].removeprefix("bytes=").rstrip("-")) > 0
    assert second["If-Range"].startswith('"')


def test_a_server_that_sends_the_rest_bit_by_bit(server: Server, tmp_path: Path) -> None:
    """It may answer with less than it was asked for, which is not yet the whole picture."""
    server.files, server.most = {"/drops/1": big(1)}, 2**19
    list_works(tmp_path, server)
    fetch(tmp_path, policy(server))
    fetch(tmp_path, policy(server))
    assert_whole(tmp_path, server)
    assert server.hits["/drops/1"] >= 3


@pytest.mark.parametrize("case", ["no ranges", "weak tag", "no tag", "changed"])
def test_what_cannot_be_gone_on_with_is_begun_anew(server: Server, tmp_path: Path, case: str) -> None:
    path = "/whole/1" if case == "no ranges" else "/held/1"
    server.hold, server.files = (path,), {path: big(1)}
    server.headers[path] = {"weak tag": {"ETag": 'W/"1"'}, "no tag": {"ETag": ""}}.get(case, {})
    list_works(tmp_path, server)
    child = start(tmp_path, server)
    part_begun(tmp_path, server, child)
    kill(child)
    if case == "changed":
        server.files = {path: big(2)}
    server.gate.set()
    assert fetch(tmp_path, policy(server)).accepted == 1
    assert_whole(tmp_path, server)


def part_begun(folder: Path, server: Server, child: subprocess.Popen[str]) -> None:
    """Until some bytes of a held-back picture are in its part."""
    wait_for(lambda: any(part.stat().st_size for part in folder.glob("unfinished/*.part")), child)


def test_a_killed_download_goes_on_where_it_was(server: Server, tmp_path: Path) -> None:
    server.files = {"/held/1": big(1, 8.0)}
    list_works(tmp_path, server)
    child = start(tmp_path, server)
    part_begun(tmp_path, server, child)
    wait_for(lambda: server.sent["/held/1"] > 2**22, child)
    kill(child)
    had = next(tmp_path.glob("unfinished/*.part")).stat().st_size
    server.gate.set()
    assert fetch(tmp_path, policy(server)).accepted == 1
    assert_whole(tmp_path, server)
    assert server.seen["/held/1"][1]["Range"] == f"bytes={had}-"


def test_killed_at_any_moment_nothing_whole_is_fetched_twice(server: Server, tmp_path: Path) -> None:
    """Children are killed after a random number of requests, until one comes to the end."""
    server.files = {f"/p/{number:03}": big(number, 0.1) for number in range(200)}
    list_works(tmp_path, server)
    chance = random.Random(7)
    for _ in range(6):
        before, hits = set(fetched(tmp_path)), server.hits.copy()
        child = start(tmp_path, server)
        enough = server.hits.total() + chance.randrange(2, 25)
        wait_for(lambda child=child, enough=enough: server.hits.total() >= enough or child.poll() is not None)
        kill(child)
        assert [path for path in before if server.hits[path] > hits[path]] == []
    before, hits = set(fetched(tmp_path)), server.hits.copy()
    assert before
    output, errors = start(tmp_path, server).communicate(timeout=PATIENCE)
    assert json.loads(output)["accepted"] == 200 - len(before), errors
    assert [path for path in before if server.hits[path] > hits[path]] == []
    assert_whole(tmp_path, server)


@pytest.mark.parametrize("renamed", [False, True])
def test_killed_between_the_last_byte_and_the_catalogue(server: Server, tmp_path: Path, renamed: bool) -> None:
    """The two states in which a kill can leave a whole file: not yet renamed, or renamed and not yet fetched."""
    server.files = {"/p/1": picture(1)}
    list_works(tmp_path, server)
    fetch(tmp_path, policy(server))
    done = fetched(tmp_path)["/p/1"]
    with Catalogue(tmp_path, writing=True) as catalogue:
        catalogue.put([replace(done, status=Status.LISTED)])
    if not renamed:
        (tmp_path / "unfinished").mkdir()
        (tmp_path / done.file).rename(tmp_path / "unfinished" / f"{Path(done.file).stem}.part")
    assert fetch(tmp_path, policy(server)).accepted == 1
    assert fetched(tmp_path)["/p/1"] == done
    assert server.hits["/p/1"] == 1
    assert_whole(tmp_path, server)


def test_a_whole_part_that_the_catalogue_does_not_know_of_is_not_sent_again(server: Server, tmp_path: Path) -> None:
    server.files = {"/p/1": picture(1)}
    list_works(tmp_path, server)
    fetch(tmp_path, policy(server))
    done = fetched(tmp_path)["/p/1"]
    sent = server.sent["/p/1"]
    with Catalogue(tmp_path, writing=True) as catalogue:
        catalogue.put([Entry(done.record, Status.LISTED, etag=done.etag)])
    (tmp_path / "unfinished").mkdir()
    (tmp_path / done.file).rename(tmp_path / "unfinished" / f"{Path(done.file).stem}.part")
    assert fetch(tmp_path, policy(server)).accepted == 1
    assert server.sent["/p/1"] == sent
    assert_whole(tmp_path, server)


def test_an_import_between_does_not_lose_what_is_half_here(server: Server, tmp_path: Path) -> None:
    server.files = {"/held/1": big(1, 8.0)}
    table = tmp_path / "works.csv"
    table.write_text(f"id,image,rights\n1,{server.url('/held/1')},CC0\n")
    archive = tmp_path / "archive"
    import_source(str(table), archive)
    child = start(archive, server)
    part_begun(archive, server, child)
    wait_for(lambda: server.sent["/held/1"] > 2**22, child)
    kill(child)
    assert import_source(str(table), archive).kept == 1
    server.gate.set()
    assert fetch(archive, policy(server)).accepted == 1
    assert "Range" in server.seen["/held/1"][1]


def test_a_part_that_belongs_to_nothing_is_swept_away(server: Server, tmp_path: Path) -> None:
    server.files = {"/p/1": picture(1)}
    list_works(tmp_path, server)
    (tmp_path / "unfinished").mkdir()
    (tmp_path / "unfinished" / "0123.part").write_bytes(b"of a record that was rejected since")
    fetch(tmp_path, policy(server))
    assert_whole(tmp_path, server)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_ends_cleanly(server: Server, tmp_path: Path, number: signal.Signals) -> None:
    server.files = {"/held/1": big(1), "/p/1": picture(1)}
    list_works(tmp_path, server)
    child = start(tmp_path, server)
    part_begun(tmp_path, server, child)
    wait_for(lambda: "/p/1" in fetched(tmp_path), child)
    os.kill(child.pid, number)
    output, errors = child.communicate(timeout=PATIENCE)
    assert (child.returncode, errors) == (0, "")
    result = json.loads(output)
    assert (result["stopped"], result["accepted"], result["left"]) == (True, 1, 1)
    server.gate.set()
    assert fetch(tmp_path, policy(server)).accepted == 1
    assert_whole(tmp_path, server)


def test_a_stop_is_heard_among_records_that_wait_for_nothing(tmp_path: Path) -> None:
    with Catalogue(tmp_path, writing=True) as catalogue:
        refused = (Record(f"t:{number}", "t", image="https://elsewhere.example.org/1") for number in range(2_000))
        catalogue.put(Entry(record, Status.LISTED) for record in refused)

    asked: list[int] = []

    def stop(done: int, total: int | None) -> None:
        assert total == 2_000
        if done == 20:
            asked.append(done)

    result = fetch(tmp_path, Policy("keeper@example.org"), progress=stop, stopped=lambda: bool(asked))
    assert result.stopped
    assert result.rejected["host not allowed"] + result.left == 2_000
    assert result.left > 0


def test_a_full_disk_ends_the_run_with_a_sentence(server: Server, tmp_path: Path) -> None:
    """The limit on a file's size is the system's own refusal in the middle of a write."""
    server.files = {"/p/1": picture(1), "/p/2": big(2, 3.0)}
    list_works(tmp_path, server)
    child = start(tmp_path, server, file_size=2**20)
    output, errors = child.communicate(timeout=PATIENCE)
    assert child.returncode == 1, output
    assert errors.startswith("sentence: ")
    assert "make room and run the same command again" in errors
    assert "Traceback" not in errors
    left = [part.stat().st_size for part in tmp_path.glob("unfinished/*.part")]
    assert sum(left) <= len(server.files["/p/1"])  # its room is given back; its neighbour may have been cut off
    assert fetch(tmp_path, policy(server)).left == 0
    assert_whole(tmp_path, server)
