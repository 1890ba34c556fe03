"""Batches made ready while the trainer is at work."""

from collections import deque
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from time import monotonic
from types import TracebackType
from typing import Protocol, Self

from torch import Tensor

from models.training.data.room import cores

AHEAD = 6  # batches, besides two for each core


class Batches(Protocol):
    """What gives pictures by their numbers, on any thread: an ImageSet."""

    def batch(self, indices: Sequence[int]) -> Tensor: ...


class Loader:
    """An iterator over the batches of a set, uint8 [n, 3, H, W], in the order of `indices`; close it at the end.

    `indices` is read up to `ahead` batches early, in the thread that takes the batches; at most so many are held.
    Each is decoded by one thread, on as many threads as there are cores; with `ahead` None all of them have work.
    `waited_s`: seconds for which whoever takes the batches had to wait, over all. What decoding raises comes where
    its batch would have.
    """

    def __init__(self, images: Batches, indices: Iterable[Sequence[int]], ahead: int | None = None) -> None:
        self.waited_s = 0.0
        self._images = images
        self._indices = iter(indices)
        self._ahead = AHEAD + 2 * cores() if ahead is None else ahead
        self._pool = ThreadPoolExecutor(min(self._ahead, cores()), "pictures")
        self._coming: deque[Future[Tensor]] = deque()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Tensor:
        self._order()
        if not self._coming:
            raise StopIteration
        began = monotonic()
        try:
            batch = self._coming.popleft().result()
        finally:
            self.waited_s += monotonic() - began
        self._order()  # in the place of the one that goes
        return batch

    def close(self) -> None:
        """End the threads; batches that nobody took are dropped."""
        self._pool.shutdown(cancel_futures=True)
        self._coming.clear()

    def _order(self) -> None:
        for indices in islice(self._indices, self._ahead - len(self._coming)):
            self._coming.append(self._pool.submit(self._images.batch, indices))
