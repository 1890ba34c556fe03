"""Commands in this process: the real entry point, without an interpreter that loads torch anew for each. For the many
that refuse; what only a process of its own shows is asked of `tests.running.reverie`.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from io import BytesIO, TextIOWrapper
from subprocess import CompletedProcess

import pytest

from engine import cli
from tests.running import ROOT, WIDTH, environment


def reverie(*arguments: object) -> CompletedProcess[str]:
    """One command run to its end, without a display. Logging is not set up: it stays as the tests have it."""
    out, err = _stream(), _stream()
    words = list(map(str, arguments))
    with _as_from_a_shell(words), redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as ended:
        cli.main()
    return CompletedProcess(words, ended.value.code or 0, _written(out), _written(err))  # type: ignore[arg-type]


def refused(*arguments: object) -> str:
    """What a command said when it refused: a sentence, exit code 2, no traceback."""
    done = reverie(*arguments)
    assert done.returncode == 2, done.stdout + done.stderr
    assert "Traceback" not in done.stderr + done.stdout
    return done.stderr


def said(*arguments: object) -> str:
    """What a command printed when it did what it was asked for."""
    done = reverie(*arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@contextmanager
def _as_from_a_shell(arguments: list[str]) -> Iterator[None]:
    """Arguments, environment and folder of a new process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["reverie", *arguments])
        for name in os.environ.keys() - environment().keys():
            patch.delenv(name)
        patch.setenv("COLUMNS", WIDTH)
        patch.setattr(cli, "configure", lambda: None)
        patch.chdir(ROOT)
        yield


def _stream() -> TextIOWrapper:
    return TextIOWrapper(BytesIO(), encoding="utf-8", newline="", write_through=True)


def _written(stream: TextIOWrapper) -> str:
    assert isinstance(stream.buffer, BytesIO)
    return stream.buffer.getvalue().decode()
