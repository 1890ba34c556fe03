"""`reverie models` as people type it."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from engine.cli_models import models_app
from engine.errors import ReverieError
from models.feed.registry import Registry
from tests.running import reverie


def said(*arguments: object) -> str:
    """What a command prints."""
    done = CliRunner().invoke(models_app, list(map(str, arguments)), catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def test_a_registry_from_empty_to_a_rollback(tmp_path: Path, checkpoints: list[Path]) -> None:
    place = tmp_path / "feed"
    with pytest.raises(ReverieError, match="there is no registry here"):
        said("list", place)
    assert "next: reverie models approve" in said("publish", place, checkpoints[0])
    said("publish", place, checkpoints[1], "--note", "by hand")
    assert said("approve", place, "a").split() == ["follow:", "approved", "a", "follow:", "latest", "a"]
    assert said("approve", place, "b", "--note", "good [reds]").split()[2] == "b"
    listed = json.loads(said("list", place, "--json"))
    assert [(e["name"], e["status"], e["note"]) for e in listed] == [
        ("a", "approved", ""),
        ("b", "approved", "good [reds]"),
    ]
    assert said("rollback", place).split()[2] == "a"
    assert said("rollback", place, "b").split()[2] == "b"
    assert "shows stay with what they have" in said("retire", place, "b")


def test_the_table_is_for_people(tmp_path: Path, checkpoints: list[Path]) -> None:
    Registry(tmp_path).add(checkpoints[0], {"kimg": 12.25, "metrics": {"swd": 31.4159}, "note": "[red]\x1b[31m"})
    done = reverie("models", "list", str(tmp_path))
    assert done.returncode == 0, done.stderr
    row = done.stdout.splitlines()[1]
    assert row.split()[:5] == ["a", "candidate", "12.2", "swd", "31.42"]
    assert "[red]" in row
    assert "\x1b" not in row


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("approve", "{place}", "nobody"), "there is no network 'nobody'"),
        (("rollback", "{place}"), "nothing to go back to"),
        (("publish", "{place}", "{place}/none.safetensors"), "cannot be published"),
        (("list", "moon://base"), "moon://base: cannot be reached"),
    ],
)
def test_a_mistake_is_one_sentence(
    tmp_path: Path, checkpoints: list[Path], arguments: tuple[str, ...], why: str
) -> None:
    Registry(tmp_path).add(checkpoints[0], {})
    with pytest.raises(ReverieError, match=why) as caught:
        said(*(argument.format(place=tmp_path) for argument in arguments))
    assert "\n" not in str(caught.value)
