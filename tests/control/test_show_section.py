"""The `panel` section of a show: every mistake in it is a sentence with file, line and key."""

import os
from pathlib import Path

import pytest

from engine.build import build_panel, load
from engine.control.hub import Hub
from engine.control.listen import listen
from engine.errors import ReverieError

SHOW = "reverie: 1\nmodel: museum-128\n"


def refused(folder: Path, panel: str) -> str:
    """What the show file with this panel section is refused with."""
    show = folder / "show.yaml"
    show.write_text(f"{SHOW}panel: {panel}\n", "utf-8", "surrogatepass")
    with pytest.raises(ReverieError) as refusal:
        build_panel(load(show), Hub(), None)
    said = str(refusal.value)
    assert "\n" not in said
    return said.removeprefix(f"{show}:")


@pytest.mark.parametrize(
    "host",
    ['"a\\0b"', '""', '"two words"', "ünïcode", "a..b", "-.", f'"{"a" * 300}"', f'"{"a" * 64}"', '"::1\\n"', '"[::1]"'],
)
def test_a_host_that_is_none_is_named_with_its_line(tmp_path: Path, host: str) -> None:
    assert refused(tmp_path, f"{{host: {host}}}").startswith("3: panel.host: ")


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "fe80::1%eth0", "localhost", "wall-3.museum.example", "a_b"])
def test_hosts_and_addresses_are_taken(tmp_path: Path, host: str) -> None:
    (tmp_path / "token").write_text("sixteen letters.")
    show = tmp_path / "show.yaml"
    show.write_text(f'{SHOW}panel: {{host: "{host}", token_file: token}}\n')
    assert build_panel(load(show), Hub(), None) is not None


@pytest.mark.parametrize("host", ["a\0b", "é" * 300, "a" * 300, "a..b", "\ud800"])
def test_no_host_however_odd_is_more_than_a_sentence(host: str) -> None:
    with pytest.raises(ReverieError, match=r"^panel: cannot listen on "):
        listen(host, 0)


@pytest.mark.parametrize("name", ['"a\\0b"', '""', f'"{"a" * 3000}"', '"tab\\there"', '"\\ud800"'])
def test_a_token_file_that_no_path_can_name_is_refused(tmp_path: Path, name: str) -> None:
    assert refused(tmp_path, f"{{token_file: {name}}}").startswith("3: panel.token_file: ")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "the token is empty"),
        (b" \n", "the token is empty"),
        (b"fifteen letters\n", "has 15 characters; it needs at least 16"),
        (b"x" * 5000, "is too large, 4096 bytes is the most"),
        (b"\xff\xfe\x00" * 9, "is not text"),
        (b"two lines of it\nand the second", "characters that a header cannot carry"),
        ("schlüsselwörter, lang".encode(), "characters that a header cannot carry"),
    ],
)
def test_a_token_that_will_not_do_is_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "token").write_bytes(content)
    said = refused(tmp_path, "{token_file: token}")
    assert said.startswith("3: panel.token_file: ")
    assert reason in said


def test_a_token_file_that_is_no_file_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name, reason in [
        (".", "cannot be read (Is a directory)"),
        ("pipe", "it is a pipe or a device, not a file"),
        ("/dev/zero", "it is a pipe or a device, not a file"),
        ("nowhere", "cannot be read (No such file or directory)"),
        ("show.yaml/token", "cannot be read (Not a directory)"),
    ]:
        assert reason in refused(tmp_path, f"{{token_file: {name}}}")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_token_file_of_somebody_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("sixteen letters.")
    (tmp_path / "token").chmod(0)
    assert "cannot be read (Permission denied)" in refused(tmp_path, "{token_file: token}")


def test_marks_and_ends_of_lines_are_no_part_of_a_token(tmp_path: Path) -> None:
    (tmp_path / "token").write_bytes(b"\xef\xbb\xbfsixteen letters.\r\n")
    show = tmp_path / "show.yaml"
    show.write_text(f"{SHOW}panel: {{token_file: token}}\n")
    server = build_panel(load(show), Hub(), None)
    assert server is not None
    assert server._door.admits("sixteen letters.")
