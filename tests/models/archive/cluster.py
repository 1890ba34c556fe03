"""A Ray cluster of two nodes on this machine. Run as a program it is the cluster: in a process of its own, so that
everything it began can be ended, whatever became of its start.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from tempfile import mkdtemp

from tests.models.archive import on_nodes
from tests.running import PATIENCE, ROOT

NODE = {"num_cpus": 1, "object_store_memory": 80_000_000, "include_dashboard": False}
ENVIRONMENT = {
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # else Ray makes 127.0.0.1 an address others reach
    "RAY_NUM_REDIS_GET_RETRIES": "60",  # seconds that its own processes have to find each other
    "RAY_USAGE_STATS_ENABLED": "0",
}


class Nodes:
    """The cluster, as a test sees it. Everything of it lies in one folder, whose name all its processes carry."""

    def __init__(self) -> None:
        self.folder = Path(mkdtemp(prefix="ray"))  # a short path: it holds sockets, whose paths end at 107 bytes
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Until both nodes are there."""
        (self.folder / "ray").mkdir(exist_ok=True)  # Ray writes its address here and does not make the folder
        command = [sys.executable, "-m", "tests.models.archive.cluster", str(self.folder)]
        environment = {**os.environ, **ENVIRONMENT, "RAY_TMPDIR": str(self.folder)}
        with (self.folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=log, stderr=log, cwd=ROOT, env=environment
            )
        self.address = self._answer("address")

    def kill_second(self) -> None:
        """Without warning."""
        assert self._process
        assert self._process.stdin
        self._process.stdin.write(b"kill\n")
        self._process.stdin.flush()
        self._answer("killed")

    def end(self) -> None:
        """No process and no folder is left, however far the start came."""
        if self._process:
            self._process.kill()
            self._process.communicate()
        while processes := processes_of(self.folder):  # a node may begin one more while it is being ended
            for process in processes:
                with suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
            time.sleep(0.02)
        shutil.rmtree(self.folder)

    def _answer(self, name: str) -> str:
        """What the cluster wrote into a file of its folder, once it is there."""
        assert self._process
        path, deadline = self.folder / name, time.monotonic() + PATIENCE
        while not path.exists():
            late = time.monotonic() > deadline
            if late or self._process.poll() is not None:
                raise RuntimeError(f"the cluster does not answer; it said: {(self.folder / 'log').read_text()}")
            time.sleep(0.02)
        return path.read_text()


def processes_of(folder: Path) -> list[int]:
    """Those that began with the folder in their environment, and what they began."""
    mark = f"RAY_TMPDIR={folder}".encode()
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):  # it ended meanwhile, or is somebody else's
            if mark in path.read_bytes().split(b"\0"):
                found.append(int(path.parent.name))
    return found


def main(folder: Path) -> None:
    """Be the cluster until the one who started it ends it."""
    from ray.cluster_utils import Cluster

    cluster = Cluster(True, head_node_args={**NODE, "temp_dir": str(folder)}, shutdown_at_exit=False)
    second = cluster.add_node(**NODE, env_vars={on_nodes.DOOMED: "1"})
    _answer(folder / "address", cluster.address)
    for _ in sys.stdin:
        cluster.remove_node(second, allow_graceful=False)
        _answer(folder / "killed", "")


def _answer(path: Path, text: str) -> None:
    """Whole or not at all."""
    part = path.with_suffix(".part")
    part.write_text(text)
    part.rename(path)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
