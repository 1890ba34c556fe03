"""An archive prepared on a cluster: really one, of two nodes on this machine, and one of them is really killed."""

import json
import os
import re
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from models.archive.errors import ArchiveError
from models.archive.prepare import chunk, on_ray
from models.archive.prepare.preparing import prepare
from models.archive.prepare.settings import Settings
from models.archive.prepare.task import Places
from tests.models.archive import on_nodes
from tests.models.archive.cluster import ENVIRONMENT, Nodes, processes_of
from tests.models.archive.pictures import archive, encoded, jpeg, photo
from tests.running import PATIENCE

SETTINGS = Settings((32, 32))
FILES = {f"{i:02d}.jpg": jpeg(i) for i in range(30)} | {
    "02 again.jpg": encoded(photo(2), "JPEG", quality=60),
    "broken.jpg": jpeg(7)[:-900],
    "missing.jpg": jpeg(31),
}


@pytest.fixture(scope="module")
def nodes() -> Iterator[Nodes]:
    nodes = Nodes()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in ENVIRONMENT.items():
            patch.setenv(name, value)  # this process will be a client of the cluster
        try:
            nodes.start()
            yield nodes
        finally:
            nodes.end()


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunk, "CHUNK", 4)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = archive(tmp_path / "archive", FILES)
    (folder / "images" / "missing.jpg").unlink()
    return folder


def shards(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_a_node_killed_half_way_changes_nothing(
    nodes: Nodes, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    alone = prepare(folder, str(tmp_path / "alone" / "set"), SETTINGS, workers=1)
    monkeypatch.setattr(on_ray, "prepare_chunk", on_nodes.caught_by_the_kill)
    marks = on_nodes.marks(Places(str(folder), ""))

    def kill() -> None:
        while not (marks / "caught").exists():
            time.sleep(0.02)
        nodes.kill_second()

    killer = threading.Thread(target=kill, daemon=True)
    killer.start()
    seen: list[int] = []
    many = prepare(
        folder,
        f"file://{tmp_path}/many/set",
        SETTINGS,
        ray=nodes.address,
        progress=lambda done, total: seen.append(done),
    )
    killer.join(PATIENCE)
    assert capfd.readouterr().out == ""  # where --json writes
    assert many == alone
    assert many.rejected == {"missing file": 1, "near-duplicate": 1, "truncated": 1}
    assert seen[-1] == len(FILES)
    begun_on = list(marks.glob(f"{(marks / 'caught').read_text()}.*"))
    assert len(begun_on) == 2  # the node that was killed, and the other
    assert shards(tmp_path / "many" / "set") == shards(tmp_path / "alone" / "set")
    manifest = json.loads((tmp_path / "many" / "set.manifest.json").read_text())
    assert manifest["hash"] == alone.hash
    assert not (tmp_path / "many" / "set.chunks").exists()
    assert not list((folder / "work").iterdir())


def test_a_record_of_which_processes_die_is_given_up(
    nodes: Nodes, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(on_ray, "prepare_chunk", on_nodes.deadly_chunk)
    monkeypatch.setattr(on_ray, "prepare_alone", on_nodes.deadly_alone)
    monkeypatch.setattr(on_ray, "RETRIES", 1)
    done = prepare(folder, f"file://{tmp_path}/set", SETTINGS, ray=nodes.address)
    without = archive(tmp_path / "without", {name: data for name, data in FILES.items() if name != "05.jpg"})
    (without / "images" / "missing.jpg").unlink()
    assert done.rejected == {"crashed": 1, "missing file": 1, "near-duplicate": 1, "truncated": 1}
    assert done.hash == prepare(without, str(tmp_path / "set.zip"), SETTINGS, workers=1).hash


def test_a_cluster_that_does_not_start_leaves_nothing() -> None:
    nodes = Nodes()
    try:
        (nodes.folder / "ray" / "ray_current_cluster").mkdir(
            parents=True
        )  # where a first node, begun, says it is there
        with pytest.raises(RuntimeError, match="Is a directory"):
            nodes.start()
        assert processes_of(nodes.folder)
    finally:
        nodes.end()
    assert not processes_of(nodes.folder)
    assert not nodes.folder.exists()


class Stopped(Exception):
    """By the one who asked."""


def test_chunks_that_are_done_are_not_done_again(nodes: Nodes, folder: Path, tmp_path: Path) -> None:
    def stop(done: int, total: int | None) -> None:
        if done >= 8:
            raise Stopped

    out = f"file://{tmp_path}/set"
    with pytest.raises(Stopped):
        prepare(folder, out, SETTINGS, ray=nodes.address, progress=stop)
    kept = [tmp_path / "set.chunks" / path.name for path in (folder / "work").glob("*/*/*.tar")]
    assert len(kept) >= 2
    assert not (tmp_path / "set").exists()
    kept[0].write_bytes(kept[0].read_bytes()[:-3000])  # what its disk lost is found out when it is copied
    with pytest.raises(ArchiveError, match=rf"set.chunks: {kept[0].name} is gone or damaged; start again"):
        prepare(folder, out, SETTINGS, ray=nodes.address)
    again = prepare(folder, out, SETTINGS, ray=nodes.address)
    assert again.reused == len(FILES) - 4
    assert again.hash == prepare(folder, str(tmp_path / "set.zip"), SETTINGS, workers=1).hash


@pytest.mark.parametrize(
    ("out", "originals", "sentence"),
    [
        (
            "file:///proc/none/set",
            None,
            r"file:///proc/none/set: cannot be written \(No such file or directory\);",
        ),
        ("memory://set", None, "node {host} does not see memory://set.chunks: give an address that every node"),
        (
            "{tmp}/set",
            "{tmp}/elsewhere",
            r"images/\d\d.jpg: cannot be read \(node {host} does not see {tmp}/elsewhere/images\); see",
        ),
    ],
)
def test_places_that_do_not_do_are_a_sentence(
    nodes: Nodes,
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    out: str,
    originals: str | None,
    sentence: str,
) -> None:
    monkeypatch.setattr(on_ray, "RETRIES", 0)
    names = {"tmp": tmp_path, "host": os.uname().nodename}
    with pytest.raises(ArchiveError) as caught:
        prepare(
            folder,
            out.format(**names),
            SETTINGS,
            ray=nodes.address,
            originals=originals and originals.format(**names),
        )
    assert re.match(sentence.format(**names), str(caught.value))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("address", ["127.0.0.1:1", "ray://127.0.0.1:1", "nonsense", "[::1"])
def test_no_cluster_at_an_address_is_a_sentence(folder: Path, tmp_path: Path, address: str) -> None:
    with pytest.raises(ArchiveError) as caught:
        prepare(folder, str(tmp_path / "set"), SETTINGS, ray=address)
    assert str(caught.value).startswith(f"{address}: no Ray cluster can be used there (")
    assert "; start one with `ray start --head`" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_without_ray_it_says_what_to_install(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ArchiveError, match=r"^work on a cluster needs Ray: pip install 'reverie\[cluster\]'$"):
        prepare(folder, str(tmp_path / "set"), SETTINGS, ray="auto")


@pytest.mark.parametrize(
    ("ray", "originals", "sentence"),
    [
        (
            None,
            "s3://bucket",
            "s3://bucket: originals elsewhere are read by a cluster only; give its address with --ray",
        ),
        ("auto", "nowhere://bucket", "nowhere://bucket: cannot be reached (Protocol not known: nowhere)"),
    ],
)
def test_originals_that_cannot_be_read_are_a_sentence(
    folder: Path, tmp_path: Path, ray: str | None, originals: str, sentence: str
) -> None:
    with pytest.raises(ArchiveError) as caught:
        prepare(folder, str(tmp_path / "set"), SETTINGS, ray=ray, originals=originals)
    assert str(caught.value).startswith(sentence)
