"""Contestants in processes of their own, and the orders they take: for a module that is run with `python -m`.

Orders come as JSON lines on standard input; each is answered by one JSON line on standard output. Standard output
proper is handed to standard error first, because the published code prints to it.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from models.errors import CheckpointError

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Call:
    """How to start a contestant: its `name` for people, its module, and plain values that its entry is made of."""

    name: str
    module: str
    entry: dict[str, Any]


class Runner:
    """A contestant's process with so many threads, as a context."""

    def __init__(self, call: Call, threads: int) -> None:
        environment = os.environ | {
            "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")])),
            "OMP_NUM_THREADS": str(threads),
            "OMP_WAIT_POLICY": "PASSIVE",
        }
        self._name = call.name
        self._ready = False
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", call.module, json.dumps(call.entry)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )

    def __enter__(self) -> Self:
        self.wait()
        return self

    def wait(self) -> None:
        """Until its network is loaded. Raises CheckpointError where it cannot be."""
        if not self._ready:
            self._answer()
            self._ready = True

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def __call__(self, what: str, **order: Any) -> Any:
        """Have it do something and wait for the answer. Raises CheckpointError where it cannot."""
        assert self._process.stdin is not None
        print(json.dumps({"do": what} | order), file=self._process.stdin, flush=True)
        return self._answer()

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            _, errors = self._process.communicate()
            last = errors.strip().splitlines()[-1:] or ["it ended without a word"]
            raise CheckpointError(f"the {self._name} cannot be measured: {last[0]}")
        return json.loads(line)


def in_turns(runners: dict[str, Runner], rounds: int, what: str, **order: Any) -> dict[str, list[Any]]:
    """Give every contestant the same order, one after the other, so many times: the answers of each."""
    answers: dict[str, list[Any]] = {name: [] for name in runners}
    for _ in range(rounds):
        for name, runner in runners.items():
            answers[name].append(runner(what, **order))
    return answers


def serve(make: Callable[[dict[str, Any]], object]) -> None:
    """Be the process that a Runner started: build the contestant, and do `{"do": method, …arguments}` until the end."""
    with os.fdopen(os.dup(1), "w") as answers:
        os.dup2(2, 1)
        contestant = make(json.loads(sys.argv[1]))
        print(json.dumps("ready"), file=answers, flush=True)
        for line in sys.stdin:
            order = json.loads(line)
            print(json.dumps(getattr(contestant, order.pop("do"))(**order)), file=answers, flush=True)
