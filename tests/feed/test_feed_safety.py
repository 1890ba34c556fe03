"""A registry keeps its word whatever happens beside it: files that change, typing errors, processes that are killed."""

import errno
import hashlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from feeding import save_tiny
from typer.testing import CliRunner

from engine.cli_models import models_app
from engine.errors import ReverieError
from models.feed.entries import Entries
from models.feed.errors import FeedError
from models.feed.registry import Registry
from models.manifest import sha256
from tests.running import reverie

ROOT = Path(__file__).parents[2]
KILLED_WHILE_WRITING = """
import os, signal, sys
from pathlib import Path
from models.feed.registry import Registry
os.replace = lambda *paths: os.kill(os.getpid(), signal.SIGKILL)
Registry(sys.argv[1]).add(Path(sys.argv[2]), {})
"""


class Interrupted(Registry):
    """One whose source is given other bytes, in place, or as another file, after its hash was taken."""

    source: Path
    other: bytes
    in_place: bool

    def entries(self) -> Entries:
        part = self.source if self.in_place else self.source.with_suffix(".new")
        part.write_bytes(self.other)
        part.replace(self.source)
        return super().entries()


def interrupted(tmp_path: Path, in_place: bool) -> Interrupted:
    registry = Interrupted(tmp_path / "feed")
    registry.other = save_tiny(tmp_path / "other.safetensors", seed=2).read_bytes()
    registry.source = save_tiny(tmp_path / "network.safetensors", seed=1)
    registry.in_place = in_place
    return registry


def test_a_later_network_of_the_same_name_does_not_get_the_earlier_ones_hash(tmp_path: Path) -> None:
    registry = interrupted(tmp_path, in_place=False)
    registry.add(registry.source, {})
    (entry,) = Registry(registry.place).entries()
    assert entry.sha256 == sha256(tmp_path / "feed" / "candidates" / "network.safetensors")


def test_a_file_that_is_written_to_meanwhile_is_refused(tmp_path: Path) -> None:
    registry = interrupted(tmp_path, in_place=True)
    with pytest.raises(FeedError, match="network: the file was written to while it was published; publish it again"):
        registry.add(registry.source, {})
    assert Registry(registry.place).entries() == ()
    assert list((tmp_path / "feed" / "candidates").iterdir()) == []


def test_a_refused_file_makes_no_registry(tmp_path: Path) -> None:
    (tmp_path / "poor.safetensors").write_bytes(b"\xff" * 100)
    with pytest.raises(FeedError, match="cannot be published"):
        Registry(tmp_path / "feed").add(tmp_path / "poor.safetensors", {})
    assert not (tmp_path / "feed").exists()


def test_a_file_whose_disk_fails_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(file: object, algorithm: str) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    path = save_tiny(tmp_path / "network.safetensors")
    monkeypatch.setattr(hashlib, "file_digest", fail)
    with pytest.raises(FeedError, match=r"network\.safetensors cannot be read \(Input/output error\)"):
        Registry(tmp_path / "feed").add(path, {})


@pytest.mark.parametrize("empty", [False, True], ids=["no folder", "an empty folder"])
@pytest.mark.parametrize("arguments", [("list",), ("list", "--json"), ("approve", "x"), ("retire", "x"), ("rollback",)])
def test_only_publishing_makes_a_registry(arguments: tuple[str, ...], empty: bool, tmp_path: Path) -> None:
    place = tmp_path / "nowhere"
    if empty:
        place.mkdir()
    with pytest.raises(ReverieError, match=r"nowhere: there is no registry here; see whether the address is right"):
        CliRunner().invoke(models_app, [arguments[0], str(place), *arguments[1:]], catch_exceptions=False)
    assert [path for path in tmp_path.rglob("*") if path != place] == []
    assert place.exists() == empty


def test_a_registry_at_an_address_is_not_made_by_deciding_either(tmp_path: Path) -> None:
    registry = Registry(f"memory://{tmp_path.name}")
    for ask in (registry.published, lambda: registry.approve("x"), registry.roll_back):
        with pytest.raises(FeedError, match=f"memory://{tmp_path.name}: there is no registry here"):
            ask()


def test_a_mistyped_registry_is_one_sentence(tmp_path: Path) -> None:
    done = reverie("models", "approve", str(tmp_path / "nowhere"), "x")
    assert done.returncode == 2
    assert done.stderr.strip().count("\n") == 0
    assert "there is no registry here" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_registry_is_looked_at_before_a_training_and_left_as_it_was(tmp_path: Path, checkpoints: list[Path]) -> None:
    place = tmp_path / "mount" / "feed"
    Registry(place).check()
    assert not place.parent.exists()
    Registry(place).add(checkpoints[0], {})
    before = sorted(place.rglob("*"))
    Registry(place).check()
    assert sorted(place.rglob("*")) == before


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        (".", None, r"feed: this is a file, no folder; give a folder or an address"),
        ("candidates", None, r"feed/candidates: this is a file, no folder"),
        ("registry.json", "{", r"feed/registry\.json: this is not JSON; put a good one back"),
        ("registry.json", '{"format": 1, "networks": 3}', r"feed/registry\.json: this is no list of networks"),
        ("registry.json/x", None, r"feed: cannot be used"),
    ],
)
def test_what_is_wrong_with_a_registry_is_said_before(name: str, text: str | None, why: str, tmp_path: Path) -> None:
    path = tmp_path / "feed" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text or "a letter")
    with pytest.raises(FeedError, match=why) as caught:
        Registry(tmp_path / "feed").check()
    assert "\n" not in str(caught.value)


def test_a_registry_that_cannot_be_written_to_is_said_before() -> None:
    with pytest.raises(FeedError, match=r"cannot be written to"):
        Registry("/dev/fd/feed").check()


def test_who_is_killed_while_publishing_leaves_nothing_for_good(tmp_path: Path, checkpoints: list[Path]) -> None:
    place, temporary = tmp_path / "feed", tmp_path / "temporary"
    temporary.mkdir()
    environment = os.environ | {"TMPDIR": str(temporary)}
    done = subprocess.run(
        [sys.executable, "-c", KILLED_WHILE_WRITING, str(place), str(checkpoints[0])], cwd=ROOT, env=environment
    )
    assert done.returncode == -signal.SIGKILL
    assert list(temporary.iterdir()) == [], "no copy outside the registry"
    (half,) = (place / "candidates").iterdir()
    then = time.time() - 7200
    os.utime(half, (then, then))

    Registry(place).add(checkpoints[1], {})
    assert not half.exists()
    assert {path.name for path in (place / "candidates").iterdir()} == {"b.safetensors", "b.safetensors.sha256"}
