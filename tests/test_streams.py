"""Commands whose standard streams are full, closed, left by their reader, or of another encoding."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.running import ROOT, environment

SHOW = """\
reverie: 1
title: "Étude \\u001b[31m"
canvas: {width: 160, height: 90, fps: 10}
model: museum-128
panel: null
outputs:
  - {type: offscreen, snapshot: wall.png, every: 0.1s}
"""
RUN = ("run", "SHOW", "--offscreen", "--seconds", "0.5")
CHECK = ("check", "SHOW")
FULL = "cannot be written (No space left on device)"


@pytest.fixture
def show(tmp_path: Path) -> Path:
    path = tmp_path / "show.yaml"
    path.write_text(SHOW)
    return path


def shell(redirected: str, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    """A command with its streams redirected as a shell writes it; `| reader` counts as redirected, too."""
    command = f'{sys.executable} -m engine "$@" {redirected}'
    return subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command}", "bash", *words],
        capture_output=True,
        text=True,
        errors="replace",
        env=environment(env),
        cwd=ROOT,
        timeout=120,
    )


def of(show: Path, words: tuple[str, ...]) -> list[str]:
    return [str(show) if word == "SHOW" else word for word in words]


@pytest.mark.parametrize(
    "redirected",
    [
        ">/dev/full",
        ">&-",
        "2>&-",
        ">&- 2>&-",
        "<&- >&- 2>&-",
        "2>/dev/full",
        ">/dev/full 2>&1",
        "| true",
        "2>&1 | true",
    ],
)
def test_a_show_runs_whatever_its_streams_are(show: Path, redirected: str) -> None:
    done = shell(redirected, *of(show, RUN))
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert "Exception ignored" not in done.stderr
    assert show.with_name("wall.png").exists()


@pytest.mark.parametrize("words", [CHECK, ("doctor",), ("schema",), ("info", "museum-128", "--json"), ("--help",)])
def test_what_cannot_be_printed_is_one_sentence(show: Path, words: tuple[str, ...]) -> None:
    done = shell(">/dev/full", *of(show, words))
    assert done.returncode == 2, done.stderr
    assert FULL in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_nothing_is_left_to_say_where_both_streams_are_full(show: Path) -> None:
    assert shell(">/dev/full 2>&1", *of(show, CHECK)).returncode == 2


@pytest.mark.parametrize("words", [CHECK, ("doctor",), ("schema",)])
def test_a_reader_that_leaves_is_no_error_worth_a_word(show: Path, words: tuple[str, ...]) -> None:
    done = shell("| true", *of(show, words))
    assert done.returncode == 1
    assert done.stderr == ""


@pytest.mark.parametrize("redirected", [">&-", "2>&-", ">&- 2>&-"])
def test_a_closed_stream_is_like_dev_null(show: Path, redirected: str) -> None:
    done = shell(redirected, *of(show, CHECK))
    assert done.returncode == 0
    assert done.stderr == ""


def test_a_mistake_is_refused_though_nobody_can_read_it(show: Path) -> None:
    show.write_text("reverie: 2\n")
    assert shell("2>/dev/full", *of(show, RUN)).returncode == 2


ASCII, LATIN = {"PYTHONIOENCODING": "ascii"}, {"PYTHONIOENCODING": "latin-1"}
PLAIN = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


@pytest.mark.parametrize(
    ("words", "env"),
    [(RUN, ASCII), (RUN, LATIN), (RUN, PLAIN), (("sensors", "SHOW", "--seconds", "0.5"), PLAIN), (("doctor",), ASCII)],
)
def test_what_an_encoding_lacks_is_a_question_mark(show: Path, words: tuple[str, ...], env: dict[str, str]) -> None:
    done = shell("", *of(show, words), **env)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr


def test_a_title_does_not_steer_the_terminal(show: Path) -> None:
    done = shell("", *of(show, RUN))
    assert "Étude" in done.stdout
    assert "\x1b" not in done.stdout


def test_a_log_whose_terminal_goes_away_ends_no_show(show: Path) -> None:
    keeper, terminal = os.openpty()
    command = [sys.executable, "-m", "engine", *of(show, RUN)]
    process = subprocess.Popen(command, stdout=terminal, stderr=terminal, env=environment(), cwd=ROOT)
    os.close(terminal)
    os.read(keeper, 1)
    os.close(keeper)  # from here on writing fails with EIO
    assert process.wait(120) == 0
    assert show.with_name("wall.png").exists()
