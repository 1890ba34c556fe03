"""One follower's view of a registry: what to show now, and what never to look at again."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from models.feed.cache import Cache
from models.feed.entries import Entry, Follow, ranking
from models.feed.errors import FeedError, RefusedError
from models.feed.registry import Registry

T = TypeVar("T")
Prepare = Callable[[Entry, Path], T]

_log = logging.getLogger(__name__)


class Feed:
    """Finds and fetches the network a registry wants shown. One thread at a time, but for `refuse`."""

    def __init__(self, registry: Registry, follow: Follow, cache: Cache) -> None:
        self.registry = registry
        self.follow = follow
        self._cache = cache
        self._refused: set[str] = set()

    def newest(self, on: Entry | None, prepare: Prepare[T]) -> tuple[Entry, T] | None:
        """The best network that can be used, and what `prepare` makes of its file; None where that one is `on` already.

        Whatever `prepare` raises is said once, and that file is not looked at again. Raises FeedError where the
        registry cannot be reached now, or is empty where it was not.
        """
        entries = self.registry.entries()
        if on is not None and not entries:
            raise FeedError(f"{self.registry.place}: nothing is there any more; see whether it is mounted")
        for entry in ranking(entries, self.follow):
            if entry.sha256 in self._refused:
                continue
            if on is not None and entry.sha256 == on.sha256:
                break
            made = self._try(entry, prepare)
            if made is not None:
                return entry, made
        if on is not None:
            self._cache.use(on)
        return None

    def remembered(self, prepare: Prepare[T]) -> tuple[Entry, T] | None:
        """What was shown last, if it is still here: for a start without the registry, or before it is mounted."""
        entry = self._cache.remembered(self.registry, self.follow)
        made = None if entry is None else self._try(entry, prepare)
        return None if entry is None or made is None else (entry, made)

    def remember(self, entry: Entry) -> None:
        """Note what is shown. Raises FeedError where the disk refuses."""
        self._cache.remember(self.registry, self.follow, entry)

    def refuse(self, entry: Entry, why: str) -> None:
        """Say once why a network is not shown; from now on it is not looked at. Any thread."""
        if entry.sha256 not in self._refused:
            self._refused.add(entry.sha256)
            _log.warning("the network %s of %s is not shown: %s", entry.name, self.registry.place, why)

    def _try(self, entry: Entry, prepare: Prepare[T]) -> T | None:
        try:
            return prepare(entry, self._cache.fetch(self.registry, entry))
        except RefusedError as error:
            self.refuse(entry, str(error))
        except FeedError:
            raise
        except Exception as error:  # noqa: BLE001 - a file may fail in any way, and none may stop a wall
            self.refuse(entry, f"{type(error).__name__}: {error}".splitlines()[0])
        return None
