"""The generator's own process: `python -m engine.dream.worker ORDER`, started by process.py and by nobody else.

It renders whatever latent is newest and knows nothing else. It ends when the process that started it does. Ctrl-C and
SIGTERM go to whole groups of processes; this one leaves the decision to its parent.
"""

import json
import os
import signal
import sys
from contextlib import suppress
from dataclasses import asdict, dataclass

from pydantic import TypeAdapter

from engine.dream.base import Floats, Pixels
from engine.dream.bending import UNBENT, Bending
from engine.dream.exchange import Exchange
from engine.dream.loop import DRAWING, LOADING, dream, sentence

FAILED = 3
NICE_LOADING = 5  # behind the display, but back in seconds even beside one that leaves no core idle
NICE_DREAMING = 19
NICE_REHEARSING = NICE_DREAMING  # loading beside one that dreams for the wall: at 12 that one gave a frame a second


@dataclass(frozen=True, slots=True)
class Order:
    """What a worker is told at birth. `memory` is an open descriptor, `parent` a process id."""

    model: str
    memory: int
    parent: int
    threads: int
    bending: Bending = UNBENT
    nice: int = NICE_LOADING  # while it loads

    def arguments(self) -> list[str]:
        """For the command line of a Python interpreter."""
        return ["-m", "engine.dream.worker", json.dumps(asdict(self))]


class ProcessLink:
    """The worker's side of the exchange."""

    def __init__(self, exchange: Exchange, parent: int) -> None:
        self._exchange = exchange
        self._parent = parent
        self._published = 0

    def finished(self) -> bool:
        return os.getppid() != self._parent

    def interval(self) -> float:
        return 1.0 / self._exchange.max_fps

    def latent(self, after: int) -> tuple[int, Floats] | None:
        message = self._exchange.latents.take(after)
        return None if message is None else (message.sequence, message.data)

    def publish(self, pixels: Pixels, latent: int, seconds: float) -> None:
        self._published += 1
        self._exchange.frames.put(pixels, self._published, latent, seconds)

    def reject(self) -> None:
        self._exchange.rejected += 1


def work(order: Order, exchange: Exchange) -> None:
    """Load the network and dream until the parent is gone. Raises whatever goes wrong."""
    os.nice(order.nice)
    if order.nice == NICE_REHEARSING:
        _only_idle_cores()  # else it would take them from the one that dreams for the wall
    exchange.step = "importing its libraries"
    import torch  # here, so that niceness covers the import

    from engine.dream.synthesizer import Synthesizer

    torch.set_num_threads(order.threads)
    exchange.step = LOADING
    synthesizer = Synthesizer(order.model, bending=order.bending)
    os.nice(NICE_DREAMING - order.nice)
    _only_idle_cores()
    exchange.step = DRAWING
    exchange.about = f"CPU process, {synthesizer.describe()}, threads: {order.threads}"
    dream(synthesizer.render, ProcessLink(exchange, order.parent))


def _only_idle_cores() -> None:
    """Give a core away at once where the display wants it, with every thread there is: niceness alone lets a software
    renderer's threads wait up to a few milliseconds each time they wake, which is many times a frame.
    """
    if not hasattr(os, "SCHED_IDLE"):
        return
    for thread in os.listdir("/proc/self/task"):
        with suppress(OSError):  # it has ended, or some sandbox forbids it: nice goes as well
            os.sched_setscheduler(int(thread), os.SCHED_IDLE, os.sched_param(0))


def main() -> int:
    """Exit code 0 after the parent's end, FAILED with the reason in the exchange otherwise."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    order = TypeAdapter(Order).validate_json(sys.argv[1])
    exchange = Exchange(order.memory)
    os.close(order.memory)
    try:
        work(order, exchange)
    except Exception as error:  # noqa: BLE001 - whatever it is, the parent gets to know it
        exchange.failure = sentence(error)
        return FAILED
    return 0


if __name__ == "__main__":
    sys.exit(main())
