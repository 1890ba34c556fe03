"""Files are replaced whole or not at all."""

from pathlib import Path

import pytest

from models.files import write_atomically


def test_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "state"
    write_atomically(path, lambda part: part.write_text("old"))

    def half(part: Path) -> None:
        part.write_text("ne")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        write_atomically(path, half)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_folders_are_made(tmp_path: Path) -> None:
    write_atomically(tmp_path / "a" / "b", lambda part: part.write_text("new"))
    assert (tmp_path / "a" / "b").read_text() == "new"
