"""`reverie explore directions`: what it prints, where it writes, and what it refuses."""

import json
import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).with_name("feed")))

from feeding import save_tiny

from models.explore.direction_file import directions_path, read_directions
from tests.commands import refused, reverie, said


@pytest.fixture
def own(tmp_path: Path) -> Path:
    return save_tiny(tmp_path / "own.safetensors")


def test_json_says_how_well_they_do(own: Path, tmp_path: Path) -> None:
    out = tmp_path / "elsewhere" / "mine.directions.safetensors"
    told = json.loads(said("explore", "directions", own, "--samples", 32, "--seed", 5, "-o", out, "--json"))
    assert told["file"] == str(out)
    assert (told["samples"], told["seed"]) == (32, 5)
    assert not directions_path(own).exists()
    shutil.move(out, directions_path(own))
    found = read_directions(own, (6, 8))
    assert found is not None
    for name in found.shifts:
        assert 0 <= told[name]["r2"] <= 1
        assert -1 <= told[name]["rank_correlation"] <= 1
        assert set(found.shifts) <= set(told[name]["effects"])
        assert told[name] == found.figures[name]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("mona-lisa",), "there is no built-in network 'mona-lisa'"),
        (("OWN", "-o", "FOLDER/own.safetensors"), "cannot be the file; name one that ends in .directions.safetensors"),
        (("OWN", "-o", "OWN/own.directions.safetensors"), "cannot be written (Not a directory); choose another place"),
        (("OWN", "--device", "abacus"), "there is no device 'abacus'"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(own: Path, arguments: tuple[str, ...], sentence: str) -> None:
    before = own.read_bytes()
    words = [word.replace("OWN", str(own)).replace("FOLDER", str(own.parent)) for word in arguments]
    assert sentence in refused("explore", "directions", *words, "--samples", 32)
    assert own.read_bytes() == before
    assert not directions_path(own).exists()


def test_too_few_samples_are_refused_by_name(own: Path) -> None:
    done = reverie("explore", "directions", own, "--samples", 31)
    assert done.returncode == 2
    assert "--samples" in done.stderr
