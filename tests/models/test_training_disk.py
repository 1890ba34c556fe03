"""A disk that takes no more, for real: files of this process may not grow beyond a limit."""

import subprocess
import sys
from pathlib import Path

from picture_sets import filled

from models.training import train
from models.training.state import NAME
from tests.models.states import told
from tests.models.tiny import PICTURES, tiny
from tests.running import ROOT, environment

LIMITED = """
import resource, sys
from engine.cli import main
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv.pop(1)),) * 2)
main()
"""


def reverie_within(size: int, *arguments: str) -> subprocess.CompletedProcess[str]:
    """One command that can write no file of more bytes than `size`."""
    return subprocess.run(
        [sys.executable, "-c", LIMITED, str(size), *arguments],
        capture_output=True, text=True, env=environment(), cwd=ROOT,
    )  # fmt: skip


def test_a_state_that_does_not_fit_leaves_the_old_one(tmp_path: Path) -> None:
    config = tiny(filled(tmp_path / "data", *(f"{n}.png" for n in range(PICTURES))), tmp_path / "run")
    train(config)
    state = config.out / NAME
    before = state.read_bytes()
    options = ("--data", config.data, "--out", config.out, "--resume", config.out, "--kimg", "0.032", "--threads", "1")
    done = reverie_within(len(before) * 3 // 4, "train", *map(str, options))
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "cannot be read or written" in done.stderr
    assert "File too large" in done.stderr
    assert state.read_bytes() == before
    assert [path.name for path in config.out.iterdir() if path.name.endswith(".tmp")] == []
    train(tiny(config.data, config.out, resume=config.out, kimg=0.024))
    assert told(config.out)["shown"] == 24
