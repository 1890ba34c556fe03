"""From a running training to a registry, without the training ever waiting for it."""

import logging
from collections.abc import Mapping
from pathlib import Path
from threading import Lock, Thread
from typing import Any

from models.feed.errors import FeedError
from models.feed.registry import KEEP, Registry

_log = logging.getLogger(__name__)

Snapshot = tuple[Path, Mapping[str, Any]]


class Publisher:
    """Publishes the newest network on a thread of its own, one at a time; one that waits gives way to a newer one.

    A registry that cannot be reached is one line in the log, and one when it is back; the next network is the next try.
    The thread ends when there is nothing to do, and the process waits for it: a last network is not lost.
    """

    def __init__(self, place: str | Path, keep: int = KEEP) -> None:
        """Raises FeedError for an address nothing here understands. Nothing is looked at yet."""
        self.registry = Registry(place)
        self._keep = keep
        self._order = Lock()
        self._waiting: Snapshot | None = None
        self._thread: Thread | None = None
        self._lost = False

    def publish(self, path: Path, facts: Mapping[str, Any]) -> None:
        """Have a checkpoint published, with its `kimg`, `metrics` and `note` where they are known. Returns at once."""
        with self._order:
            self._waiting = (path, dict(facts))
            if self._thread is None:
                self._thread = Thread(target=self._work, name="publish")
                self._thread.start()

    def wait(self, timeout: float | None = None) -> None:
        """Until all that was asked for is done or was refused, or `timeout` seconds are over."""
        thread = self._thread
        if thread is not None:
            thread.join(timeout)

    def _work(self) -> None:
        while (snapshot := self._next()) is not None:
            self._try(*snapshot)

    def _next(self) -> Snapshot | None:
        with self._order:
            snapshot, self._waiting = self._waiting, None
            if snapshot is None:
                self._thread = None
            return snapshot

    def _try(self, path: Path, facts: Mapping[str, Any]) -> None:
        try:
            entry = self.registry.add(path, facts, "training", self._keep)
        except FeedError as error:
            if not self._lost:
                self._lost = True
                _log.warning("%s was not published: %s; the training goes on", path.name, error)
            return
        if self._lost:
            self._lost = False
            _log.warning("publishing works again: %s is in %s", entry.name, self.registry.place)
