"""The generator in a process of its own: what a machine without CUDA uses.

In a thread, a convolution beside the display loop cost it frames of a second; in a nice process with passive OpenMP
threads, tens of milliseconds. The process is started afresh, not forked, and imports nothing of the display. Tried and
left: multiprocessing's spawn, which imports the main program, and with it the whole engine, into the child again.
"""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from engine.dream.activity import Activity, activity
from engine.dream.base import DreamFrame, Floats
from engine.dream.bending import UNBENT, Bending
from engine.dream.exchange import Exchange, new_memory
from engine.dream.worker import NICE_LOADING, Order

ROOT = Path(__file__).parents[2]
FEW_CORES = 4
MOST_THREADS = 8


def generator_threads(cores: int) -> int:
    """One where cores are scarce: the display loop needs the others. Half of them where they are not."""
    return 1 if cores <= FEW_CORES else min(cores // 2, MOST_THREADS)


class ProcessLife:
    """One worker process, from its start to its end."""

    def __init__(self, model: str | Path, max_fps: float, bending: Bending = UNBENT, nice: int = NICE_LOADING) -> None:
        """Start it, as nice as said while it loads. Raises OSError where the system refuses."""
        memory = new_memory()
        try:
            self._exchange = Exchange(memory)
            self._exchange.max_fps = max_fps
            order = Order(str(model), memory, os.getpid(), generator_threads(_cores()), bending, nice)
            self._process = _start(order)
        finally:
            os.close(memory)
        self._killed_because = ""

    @property
    def pid(self) -> int:
        """The worker's process id."""
        return self._process.pid

    @property
    def max_fps(self) -> float:
        return self._exchange.max_fps

    @max_fps.setter
    def max_fps(self, fps: float) -> None:
        self._exchange.max_fps = fps

    @property
    def rejected(self) -> int:
        return self._exchange.rejected

    def put(self, number: int, message: Floats) -> None:
        self._exchange.latents.put(message, number)

    def take(self, after: int) -> DreamFrame | None:
        message = self._exchange.frames.take(after)
        return message and DreamFrame(message.data, message.sequence, message.seconds, message.latent)

    def running(self) -> bool:
        return self._process.poll() is None

    def about(self) -> str:
        return self._exchange.about

    def activity(self) -> Activity | None:
        return activity(self._exchange.step, Path(f"/proc/{self.pid}/stat"))

    def reason(self) -> str:
        return self._killed_because or self._exchange.failure or _ending(self._process.returncode)

    def kill(self, reason: str) -> None:
        self._killed_because = reason
        self._process.kill()

    def close(self, timeout: float) -> None:
        self._process.kill()
        with suppress(subprocess.TimeoutExpired):  # stuck in the kernel: nothing more can be done to it
            self._process.wait(timeout)


def _start(order: Order) -> subprocess.Popen[bytes]:
    """A process group of its own keeps the terminal's Ctrl-C away while the interpreter is still starting."""
    paths = [str(ROOT), os.environ.get("PYTHONPATH", "")]
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
        "OMP_NUM_THREADS": str(order.threads),
        "OMP_WAIT_POLICY": "PASSIVE",
    }
    return subprocess.Popen(
        [sys.executable, "-P", *order.arguments()],
        pass_fds=(order.memory,),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        env=environment,
        process_group=0,
    )


def _cores() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _ending(code: int | None) -> str:
    """What an exit code tells."""
    if code is not None and code < 0:
        return f"the generator's process was killed by {signal.Signals(-code).name}"
    return f"the generator's process ended with code {code}"
