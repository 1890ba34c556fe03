"""A real `reverie run` in a process of its own, watched through its panel's JSON."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PATIENCE = 240.0  # seconds: tests wait for conditions on machines under any load; only what hangs comes near
WIDTH = "200"  # columns of the terminal that commands are shown


@dataclass
class RunningShow:
    """One running show. `log` holds everything it printed."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def get(self, path: str) -> Any:
        """JSON from the panel's server; of health also where it is 503."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=PATIENCE) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                if error.code != 503:
                    raise
                return json.load(error)

    def put(self, address: str, value: object) -> None:
        """Set a parameter."""
        body = json.dumps({"value": value}).encode()
        request = urllib.request.Request(
            f"{self.url}api/parameters{address}", body, {"Content-Type": "application/json"}, method="PUT"
        )
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            assert answer.status < 300

    def signal(self, name: str) -> float:
        """Newest value of a signal."""
        return float(self.get("api/signals")[name]["value"])

    def wait(self, what: str, condition: Callable[[], object]) -> None:
        """Until `condition` holds; an address that does not answer yet counts as not."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            assert self.process.poll() is None, f"the show ended: {self.log.read_text()}"
            try:
                if condition():
                    return
            except (urllib.error.URLError, http.client.HTTPException, ConnectionError, TimeoutError, KeyError):
                pass  # not up yet, or ended in the middle of its answer: the deadline decides
            time.sleep(0.05)
        raise AssertionError(f"waited {PATIENCE:g} s for {what}; the show said:\n{self.log.read_text()}")

    def wait_for_dreams(self, count: int = 3) -> None:
        """Until the generator has delivered that many frames."""
        self.wait("generated frames", lambda: self.get("healthz")["dream_frames"] >= count)

    def end(self) -> int:
        """SIGTERM, as a service manager does; the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)


def descendants(pid: int) -> list[int]:
    """The children of a process, their children, and so on."""
    try:
        listed = [path.read_text().split() for path in Path(f"/proc/{pid}/task").glob("*/children")]
    except (FileNotFoundError, ProcessLookupError):
        return []  # it has just ended
    direct = [int(child) for some in listed for child in some]
    return direct + [further for child in direct for further in descendants(child)]


def workers_of(process: int) -> list[int]:
    """The generator's processes below a running show."""
    return [pid for pid in descendants(process) if b"engine.dream.worker" in _read(Path(f"/proc/{pid}/cmdline"))]


def _read(path: Path) -> bytes:
    """A file of a process's; empty when the thread or process ended between being listed and being read."""
    try:
        return path.read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def reverie(*arguments: str, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """One command run to its end, without a display."""
    return subprocess.run(
        [sys.executable, "-m", "engine", *arguments],
        capture_output=True,
        text=True,
        env=environment(env),
        cwd=ROOT,
    )


def environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's, without a display and with wide terminal lines."""
    kept = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY")}
    return {**kept, "COLUMNS": WIDTH, **(more or {})}


@contextmanager
def running_show(
    show: Path, *arguments: str, env: Mapping[str, str] | None = None, before: Sequence[str] = ()
) -> Iterator[RunningShow]:
    """`reverie run SHOW --offscreen` inside the command `before`, answering on a free port; ended afterwards."""
    port = free_port()
    log = show.with_suffix(f".{port}.log")
    own = [sys.executable, "-m", "engine", "run", str(show), "--offscreen", "--port", str(port)]
    command = [*before, *own, *arguments]
    with log.open("wb") as sink:
        process = subprocess.Popen(command, stdout=sink, stderr=sink, env=environment(env), cwd=ROOT)
    running = RunningShow(process, port, log)
    try:
        running.wait("the first frame", lambda: running.get("healthz")["presented_frames"] > 0)
        yield running
    finally:
        if process.poll() is None:
            running.end()
