"""How the program begins: as a script, as a module, in whatever folder its user is."""

import subprocess
import sys
from pathlib import Path

from engine import __version__
from tests.running import ROOT, environment, reverie


def test_it_says_its_version() -> None:
    done = reverie("--version")
    assert (done.returncode, done.stdout) == (0, f"reverie {__version__}\n")


def test_commands_are_listed_in_the_order_of_their_use() -> None:
    lines = reverie("--help").stdout.splitlines()
    rows = [line.split()[1] for line in lines if line.startswith("│ ") and line[2:3].isalpha()]
    assert rows[:5] == ["run", "check", "record", "safety", "sensors"]
    assert rows[-1] == "schema"
    assert len(rows) == 17


def test_a_folder_with_modules_of_the_users_own(tmp_path: Path) -> None:
    for name in ("models", "sensors"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('the user has a module of that name')")
    done = subprocess.run(
        [sys.executable, "-m", "engine", "info", "museum-128"],
        cwd=tmp_path, capture_output=True, text=True, env=environment({"PYTHONPATH": str(ROOT)}),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "museum-128" in done.stdout
